"""The words of a model's captions, and the pictures that a search compares with."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from fetalclip_app import resources
from fetalclip_app.model import catalog
from training.calibrate import Seen
from training.captions import Circumstances, Phrases, age_caption, age_template, plane_caption
from training.language import BACKGROUND_FILE, FEWEST, MOST, chosen, machines, save_background, vocabulary
from training.manifest import Sample

SAMPLE = Sample("a.png", "fetal_planes", "1", "train", plane="brain", machine="Voluson E6")


def samples(count: int, **facts: object) -> list[Sample]:
    return [replace(SAMPLE, picture=f"{number}.png", **facts) for number in range(count)]  # type: ignore[arg-type]


def test_no_caption_that_a_training_may_draw_has_an_unknown_word() -> None:
    phrases, draw = Phrases.bundled(), Random(99)
    words = vocabulary(("brain", "femur"), ("Voluson E6",), phrases)

    captions = [plane_caption("femur", phrases, draw, Circumstances(0.4, "Voluson E6")) for _ in range(300)] + [
        age_caption(age_template(phrases, draw), 150, 0.4) for _ in range(300)
    ]

    assert not [caption for caption in captions if words.unlearned(caption)]
    assert words.unlearned("fetal heart chambers").unseen == ("heart", "chambers")


def test_the_bundled_list_is_what_the_captions_give() -> None:
    said = json.loads(resources.path("models/compact/vocabulary.json").read_text())
    scanners = ("Aloka", "Voluson E6", "Voluson S10")

    again = vocabulary(catalog.compact().trained_views, scanners, Phrases.bundled())

    assert set(said["words"]) - set(again.words) <= {"other"}
    assert set(again.words) <= set(said["words"])
    assert set(said["unseen"]) == set(again.unseen)


def test_scanners_of_training_pictures_alone_are_named() -> None:
    others = samples(1, split="test", machine="Aloka")

    assert machines([SAMPLE, *others]) == ("Voluson E6",)


def test_a_background_has_no_test_patient_no_changed_copy_and_validation_first() -> None:
    taught, held = samples(MOST, split="train"), samples(30, split="validation")
    hidden = [*samples(50, split="test"), *samples(50, augmented=True), *samples(FEWEST - 1, plane="cervix")]

    found = chosen([*taught, *held, *hidden])

    assert len(found) == MOST
    assert {one.split for one in found[:30]} == {"validation"}
    assert {one.plane for one in found} == {"brain"}
    assert not any(one.augmented for one in found)


def test_every_plane_counts_as_much_as_every_other(tmp_path: Path) -> None:
    row = np.array([0.6, 0.8], np.float32)
    seen = [Seen(sample, row, None) for sample in (*samples(3), *samples(1, plane="heart"))]

    facts = save_background(seen, tmp_path)

    with np.load(tmp_path / BACKGROUND_FILE) as parts:
        assert parts["weights"].tolist() == pytest.approx([1 / 6] * 3 + [1 / 2])
        assert parts["rows"].dtype == np.float16
    assert facts["planes"] == {"brain": 3, "heart": 1}
    assert facts["sources"] == ["fetal_planes (CC BY 4.0)"]


def test_no_pictures_are_no_background(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing to compare"):
        save_background([], tmp_path)

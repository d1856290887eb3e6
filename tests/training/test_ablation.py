"""The ablation: every variant differs in what it says, no test patient is seen, and the table can be read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from training import ablation, captions
from training.ablation import VARIANTS, Score, sides, table
from training.dataset import Stored
from training.manifest import Sample
from training.recipe import RunContext
from training.towers import TowerConfig, architecture
from training.truth import Labels


def _stored(group: str, split: str = "train", *, augmented: bool = False) -> Stored:
    sample = Sample(picture=f"{group}.png", source="fetal_planes", group=group, split=split, augmented=augmented)
    return Stored(sample, np.zeros((288, 288), np.uint8), 288)


def test_no_patient_is_trained_on_and_measured_on() -> None:
    shown, held = sides([_stored(f"p{number // 2}") for number in range(200)])

    assert not {item.sample.group for item in shown} & {item.sample.group for item in held}
    assert 0.2 < len(held) / 200 < 0.4


def test_changed_copies_are_measured_on_by_nobody() -> None:
    pictures = [_stored(f"p{number}", augmented=number % 2 == 0) for number in range(100)]

    assert not any(item.sample.augmented for item in sides(pictures)[1])


def test_a_test_patient_is_refused() -> None:
    with pytest.raises(ValueError, match="test patients"):
        sides([_stored("p1"), _stored("p2", "test")])


def test_each_variant_is_another_training() -> None:
    trainings = [(variant.change(ablation.base()), variant.taught) for variant in VARIANTS]

    assert all(one != other for number, one in enumerate(trainings) for other in trainings[:number])


def test_one_sentence_a_class_is_one_sentence() -> None:
    phrases, draw = captions.Phrases.bundled(varied=False), Random(1)

    assert len({captions.plane_caption("heart", phrases, draw) for _ in range(20)}) == 1
    assert len({captions.plane_caption("heart", captions.Phrases.bundled(), draw) for _ in range(20)}) > 5


def test_an_own_caption_alone_makes_those_of_the_class_wrong() -> None:
    nobody_told = np.zeros(2, np.bool_)
    both = Labels(np.array([3, 3]), np.array([3, 3]), np.array([0, 1]), nobody_told, nobody_told)

    assert both.truth()[0].tolist() == [[1, 1], [1, 1]]
    assert replace(both, own_alone=True).truth()[0].tolist() == [[1, 0], [0, 1]]
    assert replace(both, own_alone=True).truth()[1].all()


def test_another_input_size_is_for_towers_without_places() -> None:
    assert architecture(TowerConfig(image_size=96))["vision_cfg"]["image_size"] == 96
    with pytest.raises(ValueError, match="keeps its size"):
        architecture(TowerConfig(shape="fetalclip", image_size=96))


def test_the_table_gives_the_paired_difference() -> None:
    scores = [Score(variant.name, seed, 0.5, 0.1 * seed) for variant in VARIANTS for seed in (7, 8)]
    scores = [replace(score, planes_f1=0.6) if score.variant == "held" else score for score in scores]

    row = next(line for line in table(scores).splitlines() if line.startswith("| held"))

    assert "0.600 ± 0.000 | +0.100 ± 0.000 | 0.750 ± 0.071 | +0.000 ± 0.000" in row


def test_it_goes_on_where_it_was_stopped(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = (VARIANTS[0], VARIANTS[2], VARIANTS[4])
    monkeypatch.setattr(ablation, "VARIANTS", few)
    context = RunContext(data, tmp_path, smoke=True)
    first = ablation.run_all(context, [7], ablation.smoke())

    monkeypatch.setattr(ablation, "run_one", lambda *_: pytest.fail("it was finished"))
    assert ablation.run_all(context, [7], ablation.smoke()) == first
    assert [score.variant for score in first] == [variant.name for variant in few]
    with pytest.raises(ValueError, match="another configuration"):
        ablation.run_all(context, [7], ablation.base())

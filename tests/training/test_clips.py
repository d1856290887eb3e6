"""Labels of clips: what the two heads can learn, what they cannot, and the road from files to the table."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_models

from training.commands.catalog import find_recipe
from training.finetune import clip_heads, clips
from training.finetune.clip_heads import ATTENDED, CONCATENATED, KINDS, ClipFitConfig, LabelledClips, cross_validated
from training.recipe import RunContext

FIT = ClipFitConfig(repeats=1, epochs=30)


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_heads, "RESAMPLES", 60)


def _labelled(count: int = 60, frames: int = 4, width: int = 8) -> LabelledClips:
    """Clips of noise, two a patient; every second patient has the label."""
    rows = np.random.default_rng(3).normal(size=(count, frames, width)).astype(np.float32)
    labels = np.arange(count) // 2 % 2
    return LabelledClips(rows, labels, tuple(f"patient-{number // 2}" for number in range(count)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_planted_difference_is_found_and_shuffled_labels_are_not(kind: str) -> None:
    clips_ = _labelled()
    clips_.rows[clips_.labels == 1, :, 0] += 3.0
    shuffled = replace(clips_, labels=np.random.default_rng(1).permutation(clips_.labels))

    found, nothing = cross_validated(clips_, kind, FIT, seed=1), cross_validated(shuffled, kind, FIT, seed=1)

    assert found.mean > 0.95 and found.pooled > 0.95 and found.low > 0.85
    assert 0.3 < nothing.pooled < 0.7
    assert (found.clips, found.patients, found.positive) == (60, 30, 30)


def test_only_the_concatenation_sees_the_order_of_the_frames() -> None:
    ordered = _labelled()
    ordered.rows[:] *= 0.1
    for row, label in enumerate(ordered.labels):
        ordered.rows[row, 0 if label else -1, 0] += 3.0

    results = {kind: cross_validated(ordered, kind, FIT, seed=1).pooled for kind in KINDS}

    assert results[CONCATENATED] > 0.95
    assert results[ATTENDED] < 0.75


def test_a_patient_who_is_learned_by_heart_is_not_met_again() -> None:
    """Each patient has a mark of its own and a label by chance: folds by clip score 1, folds by patient nothing."""
    marks = np.random.default_rng(5).normal(0, 5, (30, 40)).repeat(2, axis=0)
    by_patient, by_clip = [], []
    for seed in range(4):
        coin = np.random.default_rng(seed).permutation(np.arange(30) % 2).repeat(2)
        noise = _labelled(width=40)
        marked = replace(noise, rows=(noise.rows * 0.1 + marks[:, None]).astype(np.float32), labels=coin)
        alone = replace(marked, groups=tuple(f"clip-{number}" for number in range(60)))
        by_patient.append(cross_validated(marked, CONCATENATED, FIT, seed=1).pooled)
        by_clip.append(cross_validated(alone, CONCATENATED, FIT, seed=1).pooled)

    assert np.mean(by_patient) < 0.65
    assert np.mean(by_clip) > 0.85


def test_a_label_with_fewer_patients_than_folds_is_refused() -> None:
    few = replace(_labelled(), labels=(np.arange(60) < 4).astype(int))

    with pytest.raises(ValueError, match="2 patients cannot make 5 folds"):
        cross_validated(few, CONCATENATED, FIT, seed=1)


def test_frames_are_taken_at_equal_distances() -> None:
    assert clips.taken(80, 4) == [10, 30, 50, 70]
    assert clips.taken(2, 4) == [0, 0, 1, 1]
    assert clips.taken(1, 3) == [0, 0, 0]


def test_the_planted_fault_of_generated_clips_shows_through_a_network_that_learned_nothing() -> None:
    config = replace(find_recipe("clip_label"), generated=40, frames=3, fit=FIT)

    made = clips.generated_clips(config, tiny_models.backbone(tiny_models.CONVNET))

    assert made.rows.shape == (40, 3, 16)
    assert np.linalg.norm(made.rows, axis=2) == pytest.approx(1.0)
    assert cross_validated(made, CONCATENATED, FIT, seed=1).pooled > 0.9


def _table(path: Path, rows: list[tuple[str, str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as table:
        csv.writer(table).writerows([("file", "group", "label"), *rows])


def test_clips_of_a_table_are_read_and_unreadable_ones_are_listed(data: Path) -> None:
    (data / "broken.avi").write_bytes(b"no clip")
    _table(data / "clips.csv", [("hc18/images/000_HC.png", "a", "1"), ("broken.avi", "b", "0")])

    labelled, lost = clips.read_clips(data, "clips.csv", 2, tiny_models.backbone(tiny_models.CONVNET))

    assert lost == ["broken.avi"]
    assert (labelled.groups, labelled.labels.tolist(), labelled.rows.shape) == (("a",), [1], (1, 2, 16))
    _table(data / "clips.csv", [("hc18/images/000_HC.png", "a", "yes")])
    with pytest.raises(ValueError, match=r"000_HC\.png is neither 0 nor 1"):
        clips.read_clips(data, "clips.csv", 2, tiny_models.backbone(tiny_models.CONVNET))


def test_the_recipe_says_that_its_clips_are_generated(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clips, "open_backbone", lambda _: tiny_models.backbone(tiny_models.CONVNET))

    find_recipe("clip_label").smoke().execute(RunContext(data, tmp_path / "run", smoke=True))

    told = json.loads((tmp_path / "run" / "results.json").read_text("utf-8"))
    assert told["clips"] == clips.GENERATED
    assert [head["kind"] for head in told["heads"]] == list(KINDS)
    assert clips.GENERATED in (tmp_path / "run" / "results.md").read_text("utf-8")

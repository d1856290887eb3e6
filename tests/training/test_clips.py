"""Labels of clips: what the two heads can learn, what they cannot, and the road from files to the table."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_models

from fetalclip_app.domain.clip_labels import Pooling, frames_taken
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.model import clip_labels
from training.commands.catalog import find_recipe
from training.finetune import clip_heads, clips
from training.finetune.clip_file import LabelFacts, Taught, calibration_of, write_label
from training.finetune.clip_heads import (
    ATTENDED,
    CONCATENATED,
    KINDS,
    ClipFitConfig,
    LabelledClips,
    cross_validated,
    fitted,
    held_out,
)
from training.finetune.labelled import clips_of_table
from training.recipe import RunContext

FIT = ClipFitConfig(repeats=1, epochs=30)


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
    assert frames_taken(80, 4) == [10, 30, 50, 70]
    assert frames_taken(2, 4) == [0, 0, 1, 1]
    assert frames_taken(1, 3) == [0, 0, 0]


def test_the_planted_fault_of_generated_clips_shows_through_a_network_that_learned_nothing() -> None:
    config = replace(find_recipe("clip_label"), generated=40, frames=3, fit=FIT)

    made = clips.generated_clips(config, tiny_models.backbone(tiny_models.CONVNET))

    assert made.rows.shape == (40, 3, 16)
    assert np.linalg.norm(made.rows, axis=2) == pytest.approx(1.0)
    assert cross_validated(made, CONCATENATED, FIT, seed=1).pooled > 0.9


def _read(data: Path) -> tuple[LabelledClips, list[str]]:
    return clips.read_clips(data, clips_of_table(data, "clips.csv"), 2, tiny_models.backbone(tiny_models.CONVNET))


def _table(path: Path, rows: list[tuple[str, str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as table:
        csv.writer(table).writerows([("file", "group", "label"), *rows])


def test_clips_of_a_table_are_read_and_unreadable_ones_are_listed(data: Path) -> None:
    (data / "broken.avi").write_bytes(b"no clip")
    _table(data / "clips.csv", [("hc18/images/000_HC.png", "a", "1"), ("broken.avi", "b", "0")])

    labelled, lost = _read(data)

    assert lost == ["broken.avi"]
    assert (labelled.groups, labelled.labels.tolist(), labelled.rows.shape) == (("a",), [1], (1, 2, 16))
    _table(data / "clips.csv", [("hc18/images/000_HC.png", "a", "yes")])
    with pytest.raises(ValueError, match=r"000_HC\.png is neither 0 nor 1"):
        _read(data)


def test_the_recipe_says_that_its_clips_are_generated(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clips, "open_backbone", lambda _: tiny_models.backbone(tiny_models.CONVNET))

    find_recipe("clip_label").smoke().execute(RunContext(data, tmp_path / "run", smoke=True))

    told = json.loads((tmp_path / "run" / "results.json").read_text("utf-8"))
    assert told["clips"] == clips.GENERATED
    assert [head["kind"] for head in told["heads"]] == list(KINDS)
    assert clips.GENERATED in (tmp_path / "run" / "results.md").read_text("utf-8")
    page = next((tmp_path / "run").glob("*_clip_*.json"))
    facts = json.loads(page.read_text("utf-8"))
    assert facts["generated"] and facts["label"] == clips.PLANTED and facts["frames"] == 2
    assert facts["training"] == {"clips": 8, "patients": 8, "positive": 4}


@pytest.mark.parametrize("kind", KINDS)
def test_the_saved_head_says_in_the_app_what_it_says_here(kind: str, tmp_path: Path) -> None:
    made = _labelled()
    made.rows[made.labels == 1, :, 0] += 1.0
    said = held_out(made, kind, FIT, seed=1)
    taught = Taught(made, said, clip_heads.measured(made, kind, said))
    page = write_label(taught, _facts(), FIT, 1, tmp_path)

    found = clip_labels.find_all(tmp_path, "ab" * 32, PreprocessSpec(), 8)

    (head,) = found.heads
    assert not found.troubles and page.stem == "compact_clip_chd"
    assert (head.facts.pooling, head.facts.frames, head.facts.clips) == (Pooling(kind), 4, 60)
    assert head.facts.auroc == taught.result.pooled and not head.facts.generated
    expected = fitted(made, kind, FIT, 1).logits(made.rows)
    np.testing.assert_allclose([head.logit(rows) for rows in made.rows], expected, atol=1e-4)
    shares = np.array([head.probability(rows) for rows in made.rows])
    assert shares[made.labels == 1].mean() > 0.6
    assert shares[made.labels == 0].mean() < 0.4


def test_clips_far_from_the_trainings_are_strange_and_hardly_any_of_its_own(tmp_path: Path) -> None:
    made = _labelled()
    said = held_out(made, CONCATENATED, FIT, seed=1)
    write_label(Taught(made, said, clip_heads.measured(made, CONCATENATED, said)), _facts(), FIT, 1, tmp_path)
    (head,) = clip_labels.find_all(tmp_path, "ab" * 32, PreprocessSpec(), 8).heads
    limit = head.facts.unlike_limit

    assert sum(head.strangeness(rows) > limit for rows in made.rows) <= 3
    assert head.strangeness(made.rows[0] + 5.0) > limit


def test_shares_are_as_frequent_as_the_label_is_though_the_loss_weighs_both_alike() -> None:
    rng = np.random.default_rng(2)
    labels = (np.arange(400) % 10 == 0).astype(int)
    balanced = np.where(labels, 1.0, -1.0) + rng.normal(0, 1.5, 400)

    told = calibration_of(balanced[None], labels)

    share = 1 / (1 + np.exp(-(balanced / told["temperature"] + told["offset"])))
    assert share.mean() == pytest.approx(0.1, abs=0.02)
    assert told["error"] < 0.06 and told["clips"] == 400


@pytest.mark.parametrize(
    "changes",
    [{"sha256": "0" * 64}, {"preprocessing": "other"}, {"frames": 5}, {"label": "Normal"}, {"pooling": "mean"}],
    ids=lambda changes: next(iter(changes)),
)
def test_a_damaged_label_is_told_and_never_used(changes: dict[str, object], tmp_path: Path) -> None:
    made = _labelled()
    said = held_out(made, CONCATENATED, FIT, seed=1)
    taught = Taught(made, said, clip_heads.measured(made, CONCATENATED, said))
    page = write_label(taught, _facts(), FIT, 1, tmp_path)
    page.write_text(json.dumps({**json.loads(page.read_text("utf-8")), **changes}), encoding="utf-8")

    found = clip_labels.find_all(tmp_path, "ab" * 32, PreprocessSpec(), 8)

    assert not found.heads and len(found.troubles) == 1
    assert not clip_labels.find_all(tmp_path, "cd" * 32, PreprocessSpec(), 8).troubles


def test_a_label_needs_a_name_that_judges_nobody_and_a_plane_that_exists() -> None:
    for changes in ({"label": "Normal heart"}, {"label": " "}, {"meaning": ""}, {"view": "toe"}):
        with pytest.raises(ValueError, match=r"say what is seen|needs a name|none of"):
            replace(_facts(), **changes)


def test_only_training_rows_of_a_table_with_a_split_are_seen(data: Path) -> None:
    with (data / "clips.csv").open("w", encoding="utf-8", newline="") as table:
        rows = [("hc18/images/000_HC.png", "a", "1", "train"), ("hc18/images/001_HC.png", "b", "0", "test")]
        csv.writer(table).writerows([("file", "group", "label", "split"), *rows])

    labelled, _ = _read(data)

    assert labelled.groups == ("a",)


def _facts() -> LabelFacts:
    return LabelFacts(
        label="CHD",
        meaning="the clip's patient was listed with a heart defect",
        view="heart",
        backbone="compact",
        backbone_sha256="ab" * 32,
        preprocessing=PreprocessSpec().fingerprint(),
        licence="Apache-2.0",
        data="clips.csv",
        data_licence="CC-BY-4.0",
        generated=False,
    )

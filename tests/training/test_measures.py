"""The numbers that are published: intervals, calibration, F1, the peer's planes, tables and bundles."""

from __future__ import annotations

import hashlib
import inspect
import json
import math
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from fakes import make_clip, make_reading
from sklearn.metrics import roc_auc_score

from fetalclip_app.domain.bootstrap import (
    RESAMPLES,
    f1_parts,
    interval,
    interval_of_auroc,
    interval_of_sums,
    macro_f1_of_sums,
    mean_of_sums,
)
from fetalclip_app.domain.views import PLANES
from training import calibrate, evaluate, export, sononet
from training.calibrate import Seen
from training.calibration_error import expected_error
from training.card import TABLE_BEGINS, TABLE_ENDS, with_table
from training.evaluate import Row
from training.evaluation.reads import Read
from training.evaluation.strangers import auroc_interval
from training.evaluation.view_rows import view_rows
from training.manifest import Sample
from training.quick_look import macro_f1


def test_an_interval_resamples_whole_patients() -> None:
    """Patients a (rows 0, 2) and b (row 1): each draw is aa, ab or bb and nothing between."""
    drawn: list[tuple[int, ...]] = []

    def mean(rows: np.ndarray) -> float:
        drawn.append(tuple(sorted(rows.tolist())))
        return float(np.array([0.0, 3.0, 0.0])[rows].mean())

    low, high = interval(["a", "b", "a"], mean, resamples=400)

    assert set(drawn) == {(0, 0, 2, 2), (0, 1, 2), (1, 1)}
    assert (low, high) == (0.0, 3.0)
    assert 140 < drawn.count((0, 1, 2)) < 260, "half of the draws, within five standard deviations"


def test_the_interval_of_a_single_patient_is_a_point() -> None:
    low, high = interval(["a"] * 3, lambda rows: float(rows.mean()), resamples=20)

    assert (low, high) == (1.0, 1.0)


def test_a_draw_without_an_answer_is_left_out_of_the_interval() -> None:
    low, high = interval(["a", "b"], lambda rows: math.nan if 1 not in rows else 2.0, resamples=50)

    assert (low, high) == (2.0, 2.0)


def test_intervals_of_sums_are_those_of_resampled_patients() -> None:
    """The same statistic by the plain loop and by counts: the ends agree within what two random streams differ."""
    rng = np.random.default_rng(3)
    groups = [f"p{number}" for number in rng.integers(0, 40, 200)]
    truth, said = rng.choice(["a", "b"], 200), rng.choice(["a", "b"], 200, p=[0.7, 0.3])

    fast = interval_of_sums(groups, f1_parts(truth, said, ("a", "b")), macro_f1_of_sums)
    slow = interval(groups, lambda rows: macro_f1(truth[rows], said[rows], ("a", "b")), resamples=1000)

    assert fast == pytest.approx(slow, abs=0.012)
    assert fast[0] < macro_f1(truth, said, ("a", "b")) < fast[1]


def test_pictures_of_one_patient_make_the_interval_by_patient_the_wider_one() -> None:
    values = np.repeat(np.random.default_rng(0).normal(0, 1, 20), 10)
    parts = np.stack([values, np.ones(200)], axis=1)
    patients = [str(number // 10) for number in range(200)]

    low, high = interval_of_sums(patients, parts, mean_of_sums)
    single = interval_of_sums([str(number) for number in range(200)], parts, mean_of_sums)

    assert high - low > 2 * (single[1] - single[0])


@pytest.mark.parametrize("questions", [1, 3])
def test_an_interval_of_auroc_is_that_of_drawing_patients_one_by_one(questions: int) -> None:
    rng = np.random.default_rng(4)
    groups = [f"p{number // 3}" for number in range(60)]
    truths = rng.integers(0, questions + 1, 60)[:, None] > np.arange(questions)
    scores = np.round(truths + rng.normal(size=(60, questions)), 1)

    def one_by_one(rows: np.ndarray) -> float:
        asked = [(truths[rows, k], scores[rows, k]) for k in range(questions)]
        values = [roc_auc_score(truth, score) for truth, score in asked if 0 < truth.sum() < len(rows)]
        return float(np.mean(values)) if values else math.nan

    assert interval_of_auroc(groups, truths, scores) == pytest.approx(interval(groups, one_by_one, 1000), abs=0.03)
    assert np.allclose(interval_of_auroc(["a"] * 60, truths, scores), one_by_one(np.arange(60))), "ties count half"


def test_every_interval_has_as_many_resamples() -> None:
    for function in (interval, interval_of_sums, interval_of_auroc, auroc_interval):
        assert inspect.signature(function).parameters["resamples"].default == RESAMPLES == 10_000


def test_nothing_has_no_interval() -> None:
    assert all(math.isnan(end) for end in interval_of_sums([], np.zeros((0, 2)), mean_of_sums))


def test_the_calibration_error_is_the_one_worked_out_by_hand() -> None:
    """Bin 0.9 to 1: 0.95 said, half right, half of the pictures. Bin 0.6: 0.65, right. Bin 0.5: 0.55, wrong."""
    best = np.array([0.95, 0.95, 0.65, 0.55], np.float32)
    truth = np.array([0, 1, 0, 1])

    error = expected_error(np.stack([best, 1 - best], axis=1), truth)

    assert error == pytest.approx(0.5 * 0.45 + 0.25 * 0.35 + 0.25 * 0.55, abs=1e-6)


def test_certainty_that_is_right_has_no_calibration_error() -> None:
    assert expected_error(np.eye(3, dtype=np.float32), np.arange(3)) == 0.0


def test_calibration_refuses_pictures_of_other_patients_than_validation() -> None:
    seen = Seen(Sample("a.png", "hc18", "g", "test"), np.zeros(4, np.float32), None)

    with pytest.raises(ValueError, match="validation patients alone"):
        calibrate.fit(None, [seen])  # type: ignore[arg-type]


def test_f1_counts_a_class_that_neither_occurs_nor_is_said_as_nothing() -> None:
    truth, said = ["a", "a", "b"], ["a", "b", "b"]

    assert macro_f1(truth, said, ("a", "b")) == pytest.approx(2 / 3)
    assert macro_f1(truth, said, ("a", "b", "absent")) == pytest.approx(4 / 9)


def test_the_peers_outputs_are_our_planes_or_background() -> None:
    said = sononet.planes_of(np.eye(len(sononet.OUTPUTS), dtype=np.float32))

    assert said[sononet.OUTPUTS.index("Background")] == "background"
    assert [said[sononet.OUTPUTS.index(name)] for name in ("3VV", "LVOT", "RVOT", "4CH")] == ["heart"] * 4
    assert set(said) == set(PLANES) - {"cervix"} | {"background"}


def test_the_peer_sees_no_difference_between_dim_and_bright() -> None:
    dim = np.random.default_rng(0).integers(20, 90, (90, 120, 1), dtype=np.uint8).repeat(3, axis=2)

    seen, brighter = sononet._prepared(dim), sononet._prepared(2 * dim)

    assert seen.shape == (288, 224)
    assert (float(seen.mean()), float(seen.std())) == pytest.approx((0.0, 255.0), abs=0.1)
    assert np.abs(seen - brighter).mean() < 6, "rounding to grey levels alone"


def _read(group: str, plane: str, *, said: str, hc_mm: float | None = None) -> Read:
    clip = make_clip(frames=1, pixel_mm=None if hc_mm is None else 0.5)
    source = "fetal_planes" if hc_mm is None else "hc18"
    brain_plane = "trans-thalamic" if plane == "brain" and hc_mm is None else None
    sample = Sample(f"{group}.png", source, group, "test", plane, brain_plane, hc_mm=hc_mm)
    return Read(sample, make_reading(clip, best=said), None)


def test_the_table_counts_what_is_wrong_and_what_is_not_answered() -> None:
    reads = [
        _read("p1", "brain", said="brain"),
        _read("p1", "femur", said="femur"),
        _read("p2", "femur", said="brain"),
        _read("h1", "brain", said="femur", hc_mm=170.0),
    ]

    rows = {row.measure: row for row in (*view_rows(reads), *evaluate.size_rows(reads))}

    femur = rows["F1 femur"]
    assert (femur.count, femur.groups, femur.abstained) == (3, 2, 0)
    assert femur.value == pytest.approx(2 / 3)
    assert femur.low <= femur.value <= femur.high
    assert rows["HC absolute error, mm"].abstained == 1, "a head that was taken for a femur is not measured"
    assert math.isnan(rows["HC absolute error, mm"].value)


ROW = Row("macro-F1", 12, 5, 0.91234, 0.8, 0.95, 2)


def test_a_table_takes_the_place_of_the_one_before_it() -> None:
    page = f"# Results\n\n{TABLE_BEGINS}\n{TABLE_ENDS}\n\nAnd what it means.\n"
    table = evaluate.as_markdown([ROW])

    once = with_table(page, table)
    twice = with_table(once, table)

    assert "| macro-F1 | 12 | 5 | 0.912 | 0.800 to 0.950 | 2 |" in once
    assert once == twice
    assert once.startswith("# Results\n") and once.endswith("\n\nAnd what it means.\n")


@pytest.mark.parametrize("page", ["# Results\n", f"{TABLE_BEGINS}\n", f"{TABLE_ENDS}\n"])
def test_a_page_without_both_marks_is_refused(page: str) -> None:
    with pytest.raises(ValueError):
        with_table(page, "| |\n")


def test_the_json_of_a_table_keeps_the_numbers_whole() -> None:
    said = json.loads(evaluate.as_json([ROW], {"split": "test"}))

    assert said["split"] == "test"
    assert said["rows"][0]["value"] == 0.91234
    assert said["rows"][0]["interval"] == [0.8, 0.95]


def test_exported_weights_are_halves_that_their_hash_vouches_for(tmp_path: Path) -> None:
    state = {"a": torch.linspace(0, 1, 6).reshape(2, 3).T, "steps": torch.tensor(3)}

    file = export.write_weights(state, tmp_path)

    content = (tmp_path / "model.safetensors").read_bytes()
    stored = safetensors.torch.load(content)
    assert file == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    assert torch.equal(stored["a"], state["a"].half())
    assert torch.equal(stored["steps"], state["steps"])


def test_weights_that_are_too_large_to_bundle_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="more than 100"):
        export.write_weights({"a": torch.zeros(64)}, tmp_path, 100)
    assert not list(tmp_path.iterdir())

"""Errors of measured lines: by the app's own answers, with what it declined counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import landmark_scans
import numpy as np
import pytest

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.reading import LineMeasurements, Measurement
from training import run
from training.evaluation import line_rows as rows_of
from training.evaluation.reads import Read
from training.landmarks import Marked
from training.manifest import Sample

UNSURE = Abstention(Reason.AMBIGUOUS, "line_ends")


def _marked(name: str, *lengths_px: float, structure: str = "abdomen", pixel_mm: float | None = 0.5) -> Marked:
    sample = Sample(picture=name, source="fetal_planes", group=name, split="test", plane="abdomen", pixel_mm=pixel_mm)
    ends = np.array([[[0.0, 10.0 * place], [length, 10.0 * place]] for place, length in enumerate(lengths_px)])
    return Marked(sample, structure, ends)


def _read(marked: Marked, **sizes_mm: float | Abstention) -> Read:
    told = tuple(Measurement(line, marked.structure, size, (), 0.0, 1.0, 0, "none") for line, size in sizes_mm.items())
    reading: Any = SimpleNamespace(answer=lambda *_: LineMeasurements(told))
    return Read(marked.sample, reading, None)


def _rows(pairs: list[tuple[Marked, Read]]) -> dict[str, Any]:
    return {row.measure: row for row in rows_of.line_rows([read for _, read in pairs], [marked for marked, _ in pairs])}


def test_errors_are_of_the_answered_and_the_declined_are_counted() -> None:
    first, second = _marked("a", 160, 180), _marked("b", 200, 200)  # 80 and 90 mm; 100 and 100 mm
    rows = _rows(
        [
            (first, _read(first, tad=78.0, apad=UNSURE, ac=UNSURE)),
            (second, _read(second, tad=104.0, apad=101.0, ac=322.0)),
        ]
    )

    assert rows["TAD absolute error, mm"].value == pytest.approx(3.0)
    assert rows["TAD signed error, mm"].value == pytest.approx(1.0)
    assert (rows["APAD absolute error, mm"].value, rows["APAD absolute error, mm"].abstained) == (1.0, 1)
    assert rows["AC absolute error, mm"].value == pytest.approx(322.0 - np.pi * 100, abs=1e-6)
    assert rows["TAD absolute error, mm"].groups == 2


def test_a_picture_that_is_marked_for_two_structures_counts_for_both() -> None:
    abdomen, femur = _marked("a", 160, 180), _marked("a", 60, structure="femur")
    read = _read(abdomen, tad=80.0, apad=90.0, fl=33.0)

    rows = {row.measure: row for row in rows_of.line_rows([read], [abdomen, femur])}

    assert (rows["TAD absolute error, mm"].value, rows["FL absolute error, mm"].value) == (0.0, 3.0)


def test_a_picture_that_could_not_be_read_shifts_no_truth() -> None:
    lost, kept = _marked("a", 160, 180), _marked("b", 200, 200)

    rows = {row.measure: row for row in rows_of.line_rows([_read(kept, tad=100.0)], [lost, kept])}

    assert (rows["TAD absolute error, mm"].value, rows["TAD absolute error, mm"].count) == (0.0, 1)


def test_what_has_no_scale_or_no_table_is_not_measured(data: Path) -> None:
    sees: Any = SimpleNamespace(instruments=SimpleNamespace(landmarker=object()))
    samples = run.all_samples(data)
    assert rows_of.marked_lines(sees, data, samples) == [], "no table"

    landmark_scans.write(data)
    marked = rows_of.marked_lines(sees, data, samples)
    assert marked and all(item.sample.pixel_mm == landmark_scans.PIXEL_MM for item in marked)

    labels = data / "fetal_planes" / "labels.csv"
    labels.write_text(labels.read_text("utf-8").replace(f",{landmark_scans.PIXEL_MM}", ","), encoding="utf-8")
    assert rows_of.marked_lines(sees, data, samples) == [], "no scale"


def test_marked_pictures_are_read_with_their_scale_and_others_as_they_are() -> None:
    marked, plain = _marked("a", 160, 180), Sample("p.png", "fetal_planes", "p", "test")

    told = rows_of.with_scales([replace(marked.sample, pixel_mm=None), plain], [marked])

    assert [sample.pixel_mm for sample in told] == [0.5, None]


def test_a_model_without_the_head_has_no_lines() -> None:
    blind: Any = SimpleNamespace(instruments=SimpleNamespace(landmarker=None))

    assert rows_of.marked_lines(blind, Path("nowhere"), []) == []

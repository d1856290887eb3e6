"""How far the app's lengths lie from the marked ones: BPD, OFD, the abdomen's diameters and AC, FL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from fetalclip_app.biometry.abdomen import abdominal_circumference
from fetalclip_app.domain.landmarks import ABDOMEN_LINES, LINES
from fetalclip_app.domain.reading import LineMeasurements
from fetalclip_app.inference.engine import Engine
from fetalclip_app.tasks.keys import MEASURES
from training.evaluate import Row, mean_row
from training.evaluation.reads import Read
from training.landmarks import Marked, has_landmarks, read_landmarks
from training.manifest import Sample

AC = "ac"

Truth = Mapping[tuple[str, str], Mapping[str, float]]
"""Sample's key and structure -> line -> its true length in mm."""


def marked_lines(engine: Engine, data: Path, samples: Sequence[Sample]) -> list[Marked]:
    """Return the plausible landmarks of known scale; none for a model without a head that finds lines."""
    if engine.instruments.landmarker is None or not has_landmarks(data, samples):
        return []
    return [item for item in read_landmarks(data, samples)[0] if item.sample.pixel_mm is not None]


def with_scales(samples: Sequence[Sample], marked: Sequence[Marked]) -> list[Sample]:
    """Return the samples, those of marked pictures with their scale: the app measures nothing without one."""
    scales = {item.sample.key: item.sample.pixel_mm for item in marked}
    return [replace(sample, pixel_mm=scales.get(sample.key, sample.pixel_mm)) for sample in samples]


def line_rows(reads: Sequence[Read], marked: Sequence[Marked]) -> list[Row]:
    """Return mean absolute error and mean signed error of each line, in mm: what the app declines is counted."""
    truth = {(item.sample.key, item.structure): _true_mm(item) for item in marked}
    rows: list[Row] = []
    for structure, lines in LINES.items():
        own = [read for read in reads if (read.sample.key, structure) in truth]
        for line in (*lines, AC) if structure == ABDOMEN_LINES else lines:
            off = partial(_off_mm, structure=structure, line=line, truth=truth)
            rows.append(mean_row(f"{line.upper()} absolute error, mm", own, partial(_size_of, off)))
            rows.append(mean_row(f"{line.upper()} signed error, mm", own, off))
    return [row for row in rows if row.count]


def _true_mm(marked: Marked) -> dict[str, float]:
    lengths = dict(zip(LINES[marked.structure], map(float, marked.lengths_mm), strict=True))
    if marked.structure == ABDOMEN_LINES:
        lengths[AC] = abdominal_circumference(*lengths.values())
    return lengths


def _off_mm(read: Read, structure: str, line: str, truth: Truth) -> float | None:
    """Return found minus true length; None where the app gave none."""
    answer = read.reading.answer(MEASURES, LineMeasurements)
    sizes = {one.name: one.size_mm for one in answer.measurements} if answer is not None else {}
    size = sizes.get(line)
    return size - truth[read.sample.key, structure][line] if isinstance(size, float) else None


def _size_of(off_mm: Callable[[Read], float | None], read: Read) -> float | None:
    off = off_mm(read)
    return None if off is None else abs(off)

"""How far measured lines lie from marked ones, by the app's own road."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.biometry.abdomen import abdominal_circumference
from fetalclip_app.domain.landmarks import ABDOMEN_LINES, LINES, Landmarker
from fetalclip_app.imaging.preprocess import Letterbox, PreprocessSpec, crop_of, prepare
from training.gates import GATE_SHARE
from training.landmarks import Marked
from training.pictures import clip_of

FOUND_SHARE = 0.25
"""A line's ends count as found where they lie, on average, within this share of its length. Chosen."""


@dataclass(frozen=True, eq=False, slots=True)
class Measured:
    """One picture, marked and measured.

    Attributes:
        spread: (lines,): as `LineEnds.spread`.
        truth_mm, found_mm: (lines,): lengths; NaN without a scale.
        ends_off: (lines,): mean distance of the end points from the marked ones, as a share of the line's length.
    """

    group: str
    structure: str
    spread: NDArray[np.float64]
    truth_mm: NDArray[np.float64]
    found_mm: NDArray[np.float64]
    ends_off: NDArray[np.float64]


def measure(finder: Landmarker, data: Path, marked: Sequence[Marked], spec: PreprocessSpec) -> list[Measured]:
    """Return every picture measured as the app would."""
    return [_measured(finder, data, item, spec) for item in marked]


def _measured(finder: Landmarker, data: Path, marked: Marked, spec: PreprocessSpec) -> Measured:
    clip = clip_of(data, replace(marked.sample, pixel_mm=None))
    crop = crop_of(clip)
    found = finder.find(prepare(clip.frame(0), spec, crop)[None], marked.structure)
    ends = Letterbox(crop, spec.size).to_frame(found.points[0])
    pixel_mm = np.nan if marked.sample.pixel_mm is None else marked.sample.pixel_mm
    straight = np.linalg.norm(ends - marked.ends, axis=-1).mean(axis=-1)
    crossed = np.linalg.norm(ends[:, ::-1] - marked.ends, axis=-1).mean(axis=-1)
    length = np.linalg.norm(marked.ends[:, 0] - marked.ends[:, 1], axis=-1)
    return Measured(
        marked.sample.group,
        marked.structure,
        found.spread[0].astype(np.float64),
        marked.lengths_mm,
        np.linalg.norm(ends[:, 0] - ends[:, 1], axis=-1) * pixel_mm,
        np.minimum(straight, crossed) / length,
    )


def spread_limits(measured: Sequence[Measured]) -> dict[str, float]:
    """Return structure -> the spread that all but `GATE_SHARE` of the pictures stay below on every line.

    A picture with a missed end has no say: its doubt is what the limit is for. Where all are missed nothing passes.
    """
    limits = {}
    for structure in LINES:
        own = [item for item in measured if item.structure == structure]
        worst = [item.spread.max() for item in own if item.ends_off.max() <= FOUND_SHARE]
        if worst:
            limits[structure] = round(float(np.quantile(worst, 1 - GATE_SHARE, method="higher")) + 0.0005, 4)
        elif own:
            limits[structure] = 0.0
    return limits


def given(measured: Sequence[Measured], limits: Mapping[str, float]) -> list[Measured]:
    """Return the pictures as the app would answer: a line beyond its structure's limit has no length, NaN."""

    def answered(item: Measured) -> Measured:
        beyond = ~(item.spread <= limits[item.structure])
        found_mm, ends_off = (np.where(beyond, np.nan, values) for values in (item.found_mm, item.ends_off))
        return replace(item, found_mm=found_mm, ends_off=ends_off)

    return [answered(item) for item in measured]


def declined(measured: Sequence[Measured], limits: Mapping[str, float]) -> dict[str, int]:
    """Return line -> pictures on which it lies beyond its structure's limit; AC where one of its diameters does."""
    counts: dict[str, int] = {}
    for structure, lines in LINES.items():
        own = [item.spread <= limits[structure] for item in measured if item.structure == structure]
        counts |= {line: sum(not kept[place] for kept in own) for place, line in enumerate(lines)}
        if structure == ABDOMEN_LINES:
            counts["ac"] = sum(not kept.all() for kept in own)
    return counts


def summary(measured: Sequence[Measured]) -> dict[str, dict[str, Any]]:
    """Return line -> pictures, mean absolute error and bias in mm, and the ends' distance; AC among the lines."""
    told: dict[str, dict[str, Any]] = {}
    for structure, lines in LINES.items():
        own = [item for item in measured if item.structure == structure]
        for place, line in enumerate(lines):
            pairs = np.array([(item.found_mm[place], item.truth_mm[place]) for item in own]).reshape(-1, 2)
            told[line] = {**_errors(pairs), "ends_off": _mean([item.ends_off[place] for item in own])}
        if structure == ABDOMEN_LINES:
            told["ac"] = _errors(
                np.array(
                    [(abdominal_circumference(*item.found_mm), abdominal_circumference(*item.truth_mm)) for item in own]
                ).reshape(-1, 2)
            )
    return told


def _errors(pairs: NDArray[np.float64]) -> dict[str, Any]:
    """Return the errors of (found, true) pairs in mm; those without a scale are left out."""
    known = pairs[np.isfinite(pairs).all(axis=1)]
    off = known[:, 0] - known[:, 1]
    worst = round(float(np.quantile(np.abs(off), 0.95)), 2) if len(off) else None
    return {"pictures": len(off), "error_mm": _mean(np.abs(off)), "bias_mm": _mean(off), "error_95_mm": worst}


def _mean(values: Sequence[float] | NDArray[np.float64]) -> float | None:
    known = [value for value in values if np.isfinite(value)]
    return round(float(np.mean(known)), 4) if known else None


def as_markdown(told: dict[str, dict[str, Any]]) -> str:
    """Return the table of `summary`."""
    rows = [
        "| line | pictures | mean absolute error mm | bias mm | 95 % below mm | ends off, share of line |",
        "|---|---|---|---|---|---|",
    ]
    for line, found in told.items():
        cells = [found["pictures"], found["error_mm"], found["bias_mm"], found["error_95_mm"], found.get("ends_off")]
        rows.append(f"| {line.upper()} | " + " | ".join("–" if cell is None else f"{cell:g}" for cell in cells) + " |")
    return "\n".join(rows)

"""From the ends that a landmark head finds to the lengths of one frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.biometry.abdomen import abdominal_circumference
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.landmarks import (
    ABDOMEN_LINES,
    FEMUR_LINES,
    HEAD_LINES,
    LINES,
    PLAUSIBLE_MM,
    Landmarker,
    LineEnds,
)
from fetalclip_app.domain.measuring import distance_mm
from fetalclip_app.domain.reading import Measurement
from fetalclip_app.domain.views import BRAIN
from fetalclip_app.imaging.preprocess import Letterbox
from fetalclip_app.tasks.base import Scan
from fetalclip_app.tasks.scale import spacing_of_points

VIEW_OF: dict[str, str] = {HEAD_LINES: BRAIN, ABDOMEN_LINES: "abdomen", FEMUR_LINES: "femur"}
"""Structure -> the view in which it is measured."""


def names_of(structure: str) -> tuple[str, ...]:
    """Return the names of a structure's lengths in the order of `lines_of`."""
    return ("ac", *LINES[structure]) if structure == ABDOMEN_LINES else LINES[structure]


def lines_of(
    scan: Scan, finder: Landmarker, structure: str, seen: LineEnds, place: int, *, frame_index: int
) -> list[Measurement]:
    """Return the lengths of a structure on one frame, its circumference first where it has one.

    Args:
        place: Of the frame among the pictures in which ``seen`` was found.
    """
    box, limit = Letterbox(scan.crop, scan.spec.size), finder.spread_limit(structure)
    lines = [
        _line(scan, name, box.to_frame(points), float(spread), limit)
        for name, points, spread in zip(LINES[structure], seen.points[place], seen.spread[place], strict=True)
    ]
    told = [
        Measurement(name, structure, size, ends, spread, limit, frame_index, finder.licence, finder.error(name))
        for name, size, ends, spread in lines
    ]
    if structure == ABDOMEN_LINES:
        transverse, antero_posterior = told
        size = _circumference(transverse.size_mm, antero_posterior.size_mm)
        spread = max(one.spread for one in told)
        told.insert(0, replace(transverse, name="ac", size_mm=size, ends=(), spread=spread, error=finder.error("ac")))
    return told


def _line(
    scan: Scan, name: str, ends: NDArray[np.float64], spread: float, limit: float
) -> tuple[str, float | Abstention, tuple[tuple[float, float], ...], float]:
    """Return a line's name, its length or why it has none, its ends in frame pixels, and their spread."""
    if not spread <= limit:  # a spread that is no number keeps no limit
        doubt = Abstention(Reason.AMBIGUOUS, "line_ends", {"spread": round(spread, 3), "spread_limit": limit})
        return name, doubt, (), spread
    points = tuple((float(x), float(y)) for x, y in ends)
    spacing = spacing_of_points(scan, points)
    if isinstance(spacing, Abstention):
        return name, spacing, points, spread
    return name, _plausible(name, distance_mm(spacing, *points)), points, spread


def _circumference(transverse: float | Abstention, antero_posterior: float | Abstention) -> float | Abstention:
    if isinstance(transverse, Abstention):
        return transverse
    if isinstance(antero_posterior, Abstention):
        return antero_posterior
    return _plausible("ac", abdominal_circumference(transverse, antero_posterior))


def _plausible(name: str, size_mm: float) -> float | Abstention:
    low, high = PLAUSIBLE_MM[name]
    if low <= size_mm <= high:
        return size_mm
    found: dict[str, str | int | float] = {"length_mm": round(size_mm, 1), "low_mm": low, "high_mm": high}
    return Abstention(Reason.OUT_OF_RANGE, "length", found)

"""How long the lines of a standard plane are: end points, lengths, and AC from two diameters."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.biometry.abdomen import abdominal_circumference
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.landmarks import ABDOMEN_LINES, FEMUR_LINES, HEAD_LINES, LINES, PLAUSIBLE_MM, Landmarker
from fetalclip_app.domain.measuring import distance_mm
from fetalclip_app.domain.reading import Finding, LineMeasurements, Measurement
from fetalclip_app.domain.views import BRAIN
from fetalclip_app.imaging.preprocess import Letterbox
from fetalclip_app.tasks.base import Instruments, Scan
from fetalclip_app.tasks.keys import MEASURES
from fetalclip_app.tasks.scale import spacing_of_points

VIEW_OF: dict[str, str] = {HEAD_LINES: BRAIN, ABDOMEN_LINES: "abdomen", FEMUR_LINES: "femur"}
"""Structure -> the view in which it is measured."""

CANDIDATES = 8
"""How many of a view's best frames are looked at; the one with the surest ends is measured."""


@dataclass(frozen=True, slots=True)
class MeasureTask:
    """Where do the lines of head, abdomen and femur end, and how long are they?"""

    key: str = MEASURES

    def answer(self, scan: Scan, instruments: Instruments) -> Finding:
        """Return the lengths of every plane that the clip shows."""
        finder = instruments.landmarker
        if finder is None:
            return Finding(self.key, Abstention(Reason.NOT_TRAINED, "no_measurement_head"))
        found: list[Measurement] = []
        for structure, view in VIEW_OF.items():
            frames = [int(index) for index in scan.frames_seen_as(view)[:CANDIDATES]]
            if frames:
                found += _measured(scan, finder, structure, frames)
        if not found:
            return Finding(self.key, Abstention(Reason.NOT_APPLICABLE, "no_measured_plane"))
        return Finding(self.key, LineMeasurements(tuple(found)), found[0].frame_index)


def _measured(scan: Scan, finder: Landmarker, structure: str, frames: list[int]) -> list[Measurement]:
    """Return the lines of a structure on the frame whose worst end is the surest."""
    seen = finder.find(scan.prepared(frames), structure)
    best = int(np.argmin(seen.spread.max(axis=1)))
    box, limit = Letterbox(scan.crop, scan.spec.size), finder.spread_limit(structure)
    lines = [
        _line(scan, name, box.to_frame(points), float(spread), limit)
        for name, points, spread in zip(LINES[structure], seen.points[best], seen.spread[best], strict=True)
    ]
    told = [
        Measurement(name, structure, size, ends, spread, limit, frames[best], finder.licence, finder.error(name))
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

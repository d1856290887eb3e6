"""How long the lines of a standard plane are: end points, lengths, and AC from two diameters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.landmarks import LINES, Landmarker, LineEnds
from fetalclip_app.domain.reading import Finding, LineMeasurements, Measurement
from fetalclip_app.tasks.base import Instruments, Scan
from fetalclip_app.tasks.keys import MEASURES
from fetalclip_app.tasks.lines import VIEW_OF, lines_of
from fetalclip_app.tasks.recalled import Shape, recalled

CANDIDATES = 8
"""How many of a view's best frames are looked at; the one with the surest ends is measured."""

_FORMAT = 1
"""Raise it when the way from pictures to line ends changes: what was kept before is then not found."""


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
    seen = _seen(scan, finder, structure, frames)
    best = int(np.argmin(seen.spread.max(axis=1)))
    return lines_of(scan, finder, structure, seen, best, frame_index=frames[best])


def _seen(scan: Scan, finder: Landmarker, structure: str, frames: list[int]) -> LineEnds:
    """Return the ends of a structure's lines on each frame."""

    def look() -> Mapping[str, NDArray[Any]]:
        ends = finder.find(scan.prepared(frames), structure)
        return {"points": ends.points, "spread": ends.spread}

    count, lines = len(frames), len(LINES[structure])
    shapes: dict[str, Shape] = {"points": (count, lines, 2, 2), "spread": (count, lines)}
    name = json.dumps([MEASURES, _FORMAT, finder.identity, structure, frames])
    found = recalled(scan.kept, name, shapes, look)
    return LineEnds(found["points"], found["spread"])

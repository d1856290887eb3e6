"""How long the lines of a standard plane are: end points, lengths, and AC from two diameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.landmarks import Landmarker
from fetalclip_app.domain.reading import Finding, LineMeasurements, Measurement
from fetalclip_app.tasks.base import Instruments, Scan
from fetalclip_app.tasks.keys import MEASURES
from fetalclip_app.tasks.lines import VIEW_OF, lines_of

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
    return lines_of(scan, finder, structure, seen, best, frame_index=frames[best])

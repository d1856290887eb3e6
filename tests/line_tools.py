"""A measurement head whose lines a test can foresee, and readings that hold lines."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from fakes import make_clip, make_reading
from numpy.typing import NDArray

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.landmarks import LineEnds, LineError
from fetalclip_app.domain.reading import Answer, ClipReading, Finding, LineMeasurements, Measurement

LICENCE = "CC-BY-NC-SA-4.0"

_CROSS = [((112.0, 60.0), (112.0, 160.0)), ((52.0, 112.0), (172.0, 112.0))]


@dataclass
class FakeLandmarker:
    """Finds the same lines in every picture; frame after frame takes the next of its spreads."""

    lines: dict[str, list[Any]] = field(
        default_factory=lambda: {"head": _CROSS, "abdomen": _CROSS, "femur": [((60.0, 112.0), (170.0, 90.0))]}
    )
    spreads: tuple[float, ...] = (0.02,)
    identity = ("compact_measurements", "ef" * 32)
    licence = LICENCE

    def spread_limit(self, structure: str) -> float:
        return 0.1

    def error(self, name: str) -> LineError | None:
        return LineError(7.88, -7.68, 11) if name == "ac" else None

    def find(self, batch: NDArray[np.float32], structure: str) -> LineEnds:
        points = np.array(self.lines[structure], np.float32)
        spread = np.resize(np.array(self.spreads, np.float32), len(batch))
        return LineEnds(np.repeat(points[None], len(batch), axis=0), np.repeat(spread[:, None], len(points), axis=1))


def measured_clip() -> ClipReading:
    """Return a reading of one frame without lines: whose crop is the whole picture."""
    return make_reading(make_clip(frames=1))


def some_lines(frame_index: int = 0) -> LineMeasurements:
    """Return AC with its diameters, one of which has an end that is not clear."""
    doubt = Abstention(Reason.AMBIGUOUS, "line_ends", {"spread": 0.2, "spread_limit": 0.1})
    transverse = Measurement("tad", "abdomen", 52.34, ((10.0, 40.0), (110.0, 45.0)), 0.02, 0.1, frame_index, LICENCE)
    return LineMeasurements(
        (
            replace(transverse, name="ac", size_mm=doubt, ends=(), spread=0.2),
            transverse,
            replace(transverse, name="apad", size_mm=doubt, ends=(), spread=0.2),
        )
    )


def with_lines(clip: Clip, answer: Answer | None = None, **reading: Any) -> ClipReading:
    """Return a reading of a model that has a measurement head."""
    made = make_reading(clip, **reading)
    finding = Finding("measurements", answer or some_lines(), 0)
    provenance = replace(
        made.provenance,
        heads={"measurements": FakeLandmarker.identity},
        head_licences={"measurements": LICENCE},
    )
    return replace(made, findings=(*made.findings, finding), provenance=provenance)

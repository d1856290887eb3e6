"""A head outline whose size a test chooses frame by frame, and readings that hold lengths over a whole clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from fakes import make_clip, make_reading
from numpy.typing import NDArray

from fetalclip_app.biometry.ellipse import filled_ellipse
from fetalclip_app.biometry.pooling import pool
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.clip import Clip, FramesInMemory
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.pooled import FramesUsed, PooledBy, PooledLength, WholeClip
from fetalclip_app.domain.reading import Answer, ClipReading, Finding

RATIO = 0.8


@dataclass
class SizedHead:
    """Outlines, picture after picture, a head of the next of these semi-axes (network pixels); 0 is no head."""

    semi_axes: Sequence[float]
    asked: int = 0
    batches: list[int] = field(default_factory=list)
    identity = ("compact_head_outline", "ab" * 32)

    def outline(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        first, self.asked = self.asked, self.asked + len(batch)
        self.batches.append(len(batch))
        return np.stack([self._map(self.semi_axes[first + place]) for place in range(len(batch))])

    @staticmethod
    def _map(semi_axis: float) -> NDArray[np.float32]:
        if semi_axis == 0:
            bar = np.zeros((224, 224), np.float32)
            bar[10:20, 10:200] = 1.0
            return bar
        return filled_ellipse(Ellipse(112, 112, semi_axis, RATIO * semi_axis, 10), 224, 224).astype(np.float32)


def held_still(frames: int) -> Clip:
    """Return a clip that shows one and the same picture all the time."""
    clip = make_clip(frames)
    picture = clip.frame(0).pixels
    return replace(clip, source=FramesInMemory([picture] * frames))


def some_lengths() -> WholeClip:
    """Return HC with an outlier, BPD without one, and a femur that too few frames show."""
    used = FramesUsed(shown=90, chosen=64, alike=20, refused={"outline": 37})
    near = {0: 174.0, 4: 175.0, 8: 175.5, 12: 176.0, 16: 176.4}
    circumference, marked = pool({**near, 20: 150.0, 24: 175.2}, 1.0)
    diameter, plain = pool({frame: value / 3.6 for frame, value in near.items()}, 0.4)
    few = Abstention(Reason.NOT_APPLICABLE, "few_repeats", {"count": 2, "needed": 3})
    femur = FramesUsed(shown=2)
    return WholeClip(
        (
            PooledLength("hc", PooledBy.OUTLINE, "head", circumference, marked, used),
            PooledLength("bpd", PooledBy.OUTLINE, "head", diameter, plain, used),
            PooledLength("fl", PooledBy.LANDMARKS, "femur", few, (), femur, "CC-BY-NC-SA-4.0"),
        )
    )


def with_whole_clip(clip: Clip, answer: Answer | None = None) -> ClipReading:
    """Return a reading that holds lengths over the whole clip."""
    made = make_reading(clip)
    return replace(made, findings=(*made.findings, Finding("whole_clip", answer or some_lengths())))

"""A length pooled over the frames of one clip: its median, how far repeats lie apart, and what lies too far off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.biometry import Beyond

NEEDED = 3
"""Fewer frames with a value than this are not pooled: of two values neither can be called the odd one (our choice)."""

OUTLIER_SCORE = 3.5
"""A value whose modified z-score is beyond this is an outlier (Iglewicz & Hoaglin 1993, How to Detect and Handle
Outliers, ASQC Basic References in Quality Control 16)."""


class PooledBy(StrEnum):
    """What gave the lengths."""

    OUTLINE = "outline"
    LANDMARKS = "landmarks"


@dataclass(frozen=True, slots=True)
class FrameValue:
    """A length on one frame.

    Attributes:
        beyond: On which side of the limits an outlier lies; None where it lies between them.
    """

    frame_index: int
    value_mm: float
    beyond: Beyond | None = None


@dataclass(frozen=True, slots=True)
class PooledSize:
    """What repeats of one length within one clip have in common.

    Attributes:
        median_mm: Of all repeats, outliers among them: it hardly heeds a few.
        spread_mm: 1.4826 times the median absolute deviation, which is the standard deviation of a bell-shaped spread.
            It is of repeats within one clip: an error that all frames share is not in it.
        low_mm, high_mm: Beyond these a value is an outlier.
    """

    median_mm: float
    spread_mm: float
    low_mm: float
    high_mm: float


@dataclass(frozen=True, slots=True)
class FramesUsed:
    """What became of the frames of a plane.

    Attributes:
        shown: Frames that clearly show the plane and are like the training pictures.
        chosen: So many of them were looked at, evenly over the clip; all, where they are not too many.
        alike: So many of those show the same picture as another one, and count once with it.
        refused: Detail of an abstention -> so many of the others have no value for that reason.
    """

    shown: int
    chosen: int = 0
    alike: int = 0
    refused: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PooledLength:
    """One length over a whole clip.

    Attributes:
        name: ``hc``, ``bpd`` or ``ofd`` of the outline, or a name of `domain.reading.Measurement`.
        structure: A key of `domain.landmarks.LINES`; the outline's is the head.
        size: The pooled length, or why there is none.
        values: The repeats in the order of the frames, whether or not they could be pooled.
        licence: Of the landmark head's own file; empty for the outline.
    """

    name: str
    by: PooledBy
    structure: str
    size: PooledSize | Abstention
    values: tuple[FrameValue, ...]
    frames: FramesUsed
    licence: str = ""

    @property
    def outliers(self) -> tuple[FrameValue, ...]:
        """The repeats that lie beyond the limits."""
        return tuple(value for value in self.values if value.beyond is not None)


@dataclass(frozen=True, slots=True)
class WholeClip:
    """What was measured on more than one frame of a clip.

    Attributes:
        lengths: In the order shown.
        outline_fits: Frame -> overlap of the head's mask and its ellipse, 0 where there is none: of every frame that
            was looked at for the outline.
    """

    lengths: tuple[PooledLength, ...]
    outline_fits: Mapping[int, float] = field(default_factory=dict)

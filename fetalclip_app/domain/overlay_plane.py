"""Graphics that a file keeps beside its pixels: one bit for each place, drawn over the picture, never part of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
"""bool, (H, W)."""


class PlaneKind(StrEnum):
    """What a plane marks (PS3.3 C.9.2, Overlay Type)."""

    GRAPHICS = "graphics"
    REGION = "region"


class PlaneMasks(Protocol):
    """The masks of a plane, one for each of its frames, made when they are asked for."""

    def __len__(self) -> int: ...

    def mask(self, index: int) -> Mask:
        """Return one mask of the plane's own size.

        Raises:
            UnreadableFile: The file has gone or changed.
        """
        ...


@dataclass(frozen=True, eq=False, slots=True)
class MasksInMemory:
    """Masks that are there already, each (H, W)."""

    masks: Sequence[Mask]

    def __len__(self) -> int:
        return len(self.masks)

    def mask(self, index: int) -> Mask:
        """Return mask ``index`` as it lies in memory."""
        return self.masks[index]


# eq=False: its masks do not compare to one bool.
@dataclass(frozen=True, eq=False, slots=True)
class OverlayPlane:
    """One overlay plane of a file.

    Attributes:
        group: 0x6000 to 0x601E: which of sixteen.
        label, description: As the file calls it; empty where it is silent.
        top, left: Frame pixels of the plane's first place; it may begin outside the frame.
        first_frame: The clip's frame, from 0, on which the plane's first mask lies.
        is_on_all: The plane has one mask for all frames.
    """

    group: int
    kind: PlaneKind
    label: str
    description: str
    top: int
    left: int
    first_frame: int
    is_on_all: bool
    masks: PlaneMasks

    def number_on(self, index: int) -> int | None:
        """Return which of the masks lies on a frame; None where none does."""
        number = 0 if self.is_on_all else index - self.first_frame
        return number if 0 <= number < len(self.masks) else None

    def on_frame(self, index: int, height: int, width: int) -> Mask | None:
        """Return what lies on a frame, (height, width) of the frame; None where nothing does."""
        number = self.number_on(index)
        if number is None:
            return None
        mask = self.masks.mask(number)
        whole = np.zeros((height, width), dtype=bool)
        above, before = max(-self.top, 0), max(-self.left, 0)
        top, left = max(self.top, 0), max(self.left, 0)
        seen = mask[above : above + max(height - top, 0), before : before + max(width - left, 0)]
        whole[top : top + seen.shape[0], left : left + seen.shape[1]] = seen
        return whole if whole.any() else None

"""Overlay planes of a DICOM file (groups 6000 to 601E; PS3.3 C.9.2, C.9.3): read, and kept beside the pixels.

A plane's bits are an element of their own or, as older writers have it, a bit of each pixel that the picture does not
use. Planes that contradict themselves (no size, too few bits) are left out: they are graphics, and no picture depends
on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

from fetalclip_app.domain.overlay_plane import Mask, OverlayPlane, PlaneKind
from fetalclip_app.imaging.dicom.pixels import DicomFrames
from fetalclip_app.imaging.guard import MAX_FRAMES, MAX_PIXELS

_GROUPS = range(0x6000, 0x6020, 2)
_ROWS, _COLUMNS, _COUNT, _DESCRIPTION, _TYPE, _ORIGIN = 0x0010, 0x0011, 0x0015, 0x0022, 0x0040, 0x0050
_FIRST_FRAME, _POSITION, _LABEL, _DATA = 0x0051, 0x0102, 0x1500, 0x3000

OVERLAY_TAGS: tuple[BaseTag, ...] = tuple(
    Tag(group, element)
    for group in _GROUPS
    for element in (_ROWS, _COLUMNS, _COUNT, _DESCRIPTION, _TYPE, _ORIGIN, _FIRST_FRAME, _POSITION, _LABEL, _DATA)
)
"""What has to be parsed of a header."""


@dataclass(frozen=True, eq=False, slots=True)
class PackedMasks:
    """Masks as overlay data hold them: eight places to a byte, the lowest bit first, frames without a gap."""

    data: bytes
    count: int
    height: int
    width: int

    def __len__(self) -> int:
        return self.count

    def mask(self, index: int) -> Mask:
        """Return one mask: bool, (H, W)."""
        places = self.height * self.width
        first, last = index * places, (index + 1) * places
        held = np.frombuffer(self.data, np.uint8, offset=first // 8, count=-(-last // 8) - first // 8)
        bits = np.unpackbits(held, bitorder="little")[first % 8 : first % 8 + places]
        return bits.astype(bool).reshape(self.height, self.width)


@dataclass(frozen=True, eq=False, slots=True)
class MasksInPixels:
    """A bit of each pixel."""

    frames: DicomFrames
    position: int

    def __len__(self) -> int:
        return len(self.frames)

    def mask(self, index: int) -> Mask:
        """Return one mask: bool, (H, W) of the frame.

        Raises:
            UnreadableFile: The file has gone or changed, or this frame is damaged.
        """
        words: NDArray[Any] = self.frames.words(index)
        return np.asarray(words >> self.position & 1, dtype=bool)


def overlays_of(dataset: Dataset, frames: DicomFrames | None, count: int) -> tuple[OverlayPlane, ...]:
    """Return the planes of a file.

    Args:
        frames: Its pictures, for planes that lie in their bits; None for a video.
        count: How many frames the clip has.
    """
    return tuple(_planes(dataset, frames, count))


def _planes(dataset: Dataset, frames: DicomFrames | None, count: int) -> Iterator[OverlayPlane]:
    for group in _GROUPS:
        if Tag(group, _ROWS) not in dataset and Tag(group, _DATA) not in dataset:
            continue
        try:
            plane = _plane(_Group(dataset, group), frames, count)
        except (ValueError, TypeError, LookupError, ArithmeticError):
            continue
        if plane is not None:
            yield plane


@dataclass(frozen=True, slots=True)
class _Group:
    """The elements of one group."""

    dataset: Dataset
    number: int

    def value(self, element: int) -> Any:
        tag = Tag(self.number, element)
        return self.dataset[tag].value if tag in self.dataset else None

    def whole(self, element: int, default: int) -> int:
        value = self.value(element)
        return default if value in (None, "") else int(value)

    def text(self, element: int) -> str:
        return str(self.value(element) or "").strip()


def _plane(group: _Group, frames: DicomFrames | None, count: int) -> OverlayPlane | None:
    masks = _masks(group, frames)
    if masks is None:
        return None
    top, left = (int(value) for value in (group.value(_ORIGIN) or (1, 1)))
    has_place = group.value(_FIRST_FRAME) not in (None, "")
    is_in_pixels = isinstance(masks, MasksInPixels)
    return OverlayPlane(
        group=group.number,
        kind=PlaneKind.REGION if group.text(_TYPE).upper() == "R" else PlaneKind.GRAPHICS,
        label=group.text(_LABEL),
        description=group.text(_DESCRIPTION),
        top=0 if is_in_pixels else top - 1,
        left=0 if is_in_pixels else left - 1,
        first_frame=0 if is_in_pixels else group.whole(_FIRST_FRAME, 1) - 1,
        is_on_all=count > 1 and len(masks) == 1 and not has_place,
        masks=masks,
    )


def _masks(group: _Group, frames: DicomFrames | None) -> PackedMasks | MasksInPixels | None:
    data = group.value(_DATA)
    if data:
        height, width, number = group.whole(_ROWS, 0), group.whole(_COLUMNS, 0), group.whole(_COUNT, 1)
        is_sensible = height > 0 and width > 0 and height * width <= MAX_PIXELS and 0 < number <= MAX_FRAMES
        is_there = len(data) * 8 >= height * width * number
        return PackedMasks(bytes(data), number, height, width) if is_sensible and is_there else None
    position = group.whole(_POSITION, -1)
    if frames is None or not frames.layout.has_spare_bit(position):
        return None
    return MasksInPixels(frames, position)

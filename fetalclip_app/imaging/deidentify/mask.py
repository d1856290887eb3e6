"""Which part of a scanner's screen stays visible, and who says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Clip, Pixels
from fetalclip_app.domain.spread import evenly
from fetalclip_app.imaging.fan import find_fan

Visible = NDArray[np.bool_]
"""(H, W): the pixels that stay."""

_RULER_SHARE = 0.015
"""Share of the picture's width by which a region is widened to both sides: some scanners draw the ruler's ticks just
outside of it. Nothing is added above and below, where the banner begins."""

_WHOLE_SHARE = 0.97
"""A region larger than this is the whole screen, and says nothing."""

_MISSED_SHARE = 0.1
"""A region of which less is shown is left out: the mask was drawn for another layout of the screen."""

_LOOKS = 5
"""Frames that the search for the fan looks at, together: a fan that is dark in one is lit in another."""


class MaskSource(StrEnum):
    """Who says which part is the scan."""

    REGIONS = "regions"
    FAN = "fan"
    REMEMBERED = "remembered"
    GIVEN = "given"


Outline = tuple[tuple[int, int], ...]
"""Corners (x, y) of a polygon."""


@dataclass(frozen=True, slots=True)
class Mask:
    """What stays visible of a picture of ``height`` x ``width`` pixels: all that is kept, less what is blanked.

    Attributes:
        keep: Rectangles that stay.
        outlines: Polygons that stay, where a rectangle would show too much.
        blank: Rectangles inside that are blanked all the same, such as a name beside the fan.
    """

    height: int
    width: int
    keep: tuple[Box, ...]
    source: MaskSource
    outlines: tuple[Outline, ...] = ()
    blank: tuple[Box, ...] = ()

    def visible(self) -> Visible:
        """Return the pixels that stay, (H, W)."""
        shown = np.zeros((self.height, self.width), np.uint8)
        for box in self.keep:
            shown[max(box.top, 0) : box.bottom, max(box.left, 0) : box.right] = 1
        if self.outlines:
            cv2.fillPoly(shown, [np.array(outline, np.int32) for outline in self.outlines], (1,))
        for box in self.blank:
            shown[max(box.top, 0) : box.bottom, max(box.left, 0) : box.right] = 0
        return shown.astype(np.bool_)

    @property
    def keeps_all(self) -> bool:
        """Whether next to nothing is blanked: such a mask says nothing of where the scan is."""
        return int(self.visible().sum()) >= _WHOLE_SHARE * self.height * self.width

    def without(self, boxes: Iterable[Box]) -> Mask:
        """Return this mask with more rectangles blanked."""
        return replace(self, blank=(*self.blank, *boxes))


def shown(pixels: Pixels, visible: Visible) -> Pixels:
    """Return a frame as it will look, RGB."""
    return np.where(visible[..., None], pixels, np.uint8(0))


def find_mask(clip: Clip, grid: tuple[int, int] = (1, 1)) -> Mask | None:
    """Return what the file's regions say is the scan, else what looks like it; None where neither can be told.

    Regions count where every one of them lies inside the picture: one that does not was written for another picture.

    Args:
        grid: Height and width of the blocks of a JPEG stream; the sides' margins end at a block's edge.
    """
    boxes = _regions(clip)
    if boxes:
        sides = tuple(_to_columns(box, grid[1], clip.width) for box in boxes)
        return Mask(clip.height, clip.width, sides, MaskSource.REGIONS)
    fan = find_fan(_brightest(clip))
    if fan.area >= _WHOLE_SHARE * clip.height * clip.width:
        return None
    return Mask(clip.height, clip.width, (_to_columns(fan, grid[1], clip.width),), MaskSource.FAN)


def grown(box: Box, margin: int, grid: tuple[int, int], size: tuple[int, int]) -> Box:
    """Return a box with a margin, out to the edges of the blocks that it touches, inside a picture of ``size``."""
    (block_height, block_width), (height, width) = grid, size
    return Box(
        max((box.left - margin) // block_width * block_width, 0),
        max((box.top - margin) // block_height * block_height, 0),
        min(-(-(box.right + margin) // block_width) * block_width, width),
        min(-(-(box.bottom + margin) // block_height) * block_height, height),
    )


def _to_columns(box: Box, block_width: int, width: int) -> Box:
    wide = grown(box, 0, (1, block_width), (box.bottom, width))
    return Box(wide.left, box.top, wide.right, box.bottom)


def misfit(mask: Mask, clip: Clip) -> str:
    """Return why a mask that was made elsewhere does not suit a clip: empty where it does."""
    if mask.keeps_all:
        return "it keeps the whole picture"
    if not _regions(clip) or clip.calibration is None:
        return ""
    visible = mask.visible()
    boxes = [region.box for region in clip.calibration.regions if region.is_usable]
    shares = (float(visible[box.top : box.bottom, box.left : box.right].mean()) for box in boxes)
    return "it leaves out a region of this file" if min(shares, default=1.0) < _MISSED_SHARE else ""


def _regions(clip: Clip) -> tuple[Box, ...]:
    regions = clip.calibration.regions if clip.calibration is not None else ()
    boxes = [region.box for region in regions]
    picture = Box(0, 0, clip.width, clip.height)
    if not boxes or any(box.overlap(picture) != box.area for box in boxes):
        return ()
    if not any(region.is_usable for region in regions) or max(box.area for box in boxes) >= _WHOLE_SHARE * picture.area:
        return ()
    extra = round(_RULER_SHARE * clip.width)
    return tuple(
        Box(max(box.left - extra, 0), box.top, min(box.right + extra, clip.width), box.bottom) for box in boxes
    )


def _brightest(clip: Clip) -> NDArray[np.uint8]:
    frames = [clip.frame(index).pixels for index in evenly(len(clip), _LOOKS)]
    return np.asarray(np.max(np.stack(frames), axis=0), dtype=np.uint8)

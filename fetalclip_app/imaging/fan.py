"""Finds the scan inside a scanner's screen."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Pixels

CROP_RULE = "fan-1"
"""Name of the rule in this file: part of the preprocessing's fingerprint. A changed rule gets a new name."""

_WORK_SIDE = 256
"""Longest side of the picture that the rule looks at, in pixels."""

_LIT = 3
"""Grey levels above the screen's background from which a pixel counts; faint far fields reach 5 to 10."""

_DARK_BACKGROUND = 40
"""The commonest grey level is a screen's background only where it is darker than this."""

_SOLID = 7
"""Text and rulers are thinner than this at `_WORK_SIDE`; tissue is not."""

_PART_SHARE = 0.04
"""A part of the scan, such as tissue beyond a shadow, covers at least this share of the largest part."""

_BANNER_ROW_SHARE = 0.85
"""A row of a banner is lit over this share of the width."""

_BANNER_HEIGHT_SHARE = 0.15
"""A banner is no higher than this share of the picture."""

_MARGIN = 3
"""What the search for solid parts takes off the rim, at `_WORK_SIDE`."""

_WHOLE_SHARE = 0.70
"""A picture with this much scan in it is left whole."""

_LEAST_SHARE = 0.05
"""A region smaller than this cannot be the scan."""

_SCREEN_SHARE = 0.90
"""A region this large says no more than the picture's own border."""


def find_fan(pixels: Pixels, within: Box | None = None) -> Box:
    """Return the part of a picture that shows the scan.

    A picture that is mostly scan, as data sets hold them, is returned whole; a whole scanner screen
    (banner, rulers, thumbnails) is cut to its scan, which must cover less than 70 % of the picture.

    Args:
        pixels: uint8, (H, W, 3).
        within: Where the file says that the scan lies: taken as it is, unless it is the whole screen or a speck.
    """
    height, width = pixels.shape[:2]
    whole = Box(0, 0, width, height)
    if within is not None and _LEAST_SHARE * whole.area <= within.area < _SCREEN_SHARE * whole.area:
        return within
    red, green, blue = (pixels[..., channel] for channel in range(3))
    scan = _solid_parts(np.maximum(np.maximum(red, green), blue))  # five times as fast as max(axis=2)
    return whole if scan is None or scan.area >= _WHOLE_SHARE * whole.area else scan


def _solid_parts(grey: NDArray[np.uint8]) -> Box | None:
    """Return the box around everything that is neither dark nor as thin as text or a ruler."""
    height, width = grey.shape
    scale = max(height, width) / _WORK_SIDE
    small_size = (max(round(width / scale), 1), max(round(height / scale), 1))
    small = cv2.resize(grey, small_size, interpolation=cv2.INTER_AREA)
    common = int(np.argmax(np.bincount(small.ravel(), minlength=256)))
    lit = (small > _LIT + (common if common < _DARK_BACKGROUND else 0)).astype(np.uint8)
    _clear_banner(lit)
    _clear_banner(lit[::-1])
    solid = cv2.morphologyEx(lit, cv2.MORPH_OPEN, np.ones((_SOLID, _SOLID), np.uint8))
    count, _labels, stats, _centres = cv2.connectedComponentsWithStats(solid, connectivity=4)
    if count < 2:
        return None
    parts = stats[1:]
    parts = parts[parts[:, cv2.CC_STAT_AREA] >= _PART_SHARE * parts[:, cv2.CC_STAT_AREA].max()]
    left, top = parts[:, cv2.CC_STAT_LEFT], parts[:, cv2.CC_STAT_TOP]
    right, bottom = left + parts[:, cv2.CC_STAT_WIDTH], top + parts[:, cv2.CC_STAT_HEIGHT]
    return Box(
        max(int((left.min() - _MARGIN) * scale), 0),
        max(int((top.min() - _MARGIN) * scale), 0),
        min(int(np.ceil((right.max() + _MARGIN) * scale)), width),
        min(int(np.ceil((bottom.max() + _MARGIN) * scale)), height),
    )


def _clear_banner(lit: NDArray[np.uint8]) -> None:
    """Darken the rows of a banner that starts at row 0, in place."""
    limit = int(len(lit) * _BANNER_HEIGHT_SHARE)
    full = lit[: limit + 1].mean(axis=1) >= _BANNER_ROW_SHARE
    if not full.any() or full.all():
        return
    end = int(np.flatnonzero(full).max()) + 1
    if end <= limit:
        lit[:end] = 0

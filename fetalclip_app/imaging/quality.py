"""What the pixels of one frame tell of its quality, before it is compared with the rest of its clip."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.domain.quality import GRID, LIT
from fetalclip_app.imaging.preprocess import inside

_WORK_SIDE = 256
"""Longest side of the picture that is looked at, in pixels: noise from pixel to pixel is averaged away."""

_RIM = 5
"""The fan's own edge is sharp in every frame: so many pixels along it do not count."""

_LEAST_PIXELS = 64
"""Below so many pixels there is nothing whose sharpness could be told."""


@dataclass(frozen=True, eq=False, slots=True)
class Look:
    """One frame's part of `domain.quality.ClipQuality`.

    Attributes:
        sharpness: 0 or more, in units of its own.
        grid: uint8, (GRID, GRID): mean grey levels.
    """

    sharpness: float
    grid: NDArray[np.uint8]


def look_at(pixels: Pixels, crop: Box) -> Look:
    """Return what the part of a frame that the network sees tells of its quality.

    Sharpness is the variance of the Laplacian inside the fan over the variance of the grey levels there: the measure
    LAPV of Pertuz et al. 2013 (doi:10.1016/j.patcog.2012.11.011, after Pech-Pacheco et al. 2000), made independent of
    the gain. Noise counts as sharpness, so it compares frames of one clip only.
    """
    return look_inside(inside(pixels, crop))


def look_inside(part: Pixels) -> Look:
    """As `look_at`, of what `preprocess.inside` returned: uint8, (H, W, 3), or (H, W) of three channels alike."""
    height, width = part.shape[:2]
    scale = min(1.0, _WORK_SIDE / max(width, height))
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    small = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    grey = small if small.ndim == 2 else np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
    grid = cv2.resize(grey, (GRID, GRID), interpolation=cv2.INTER_AREA)
    return Look(_sharpness(grey), np.asarray(grid, np.uint8))


def _sharpness(grey: NDArray[np.uint8]) -> float:
    fan = cv2.morphologyEx((grey >= LIT).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((_RIM, _RIM), np.uint8))
    fan = cv2.erode(fan, np.ones((_RIM, _RIM), np.uint8), borderValue=0)
    _mean, spread = cv2.meanStdDev(grey, mask=fan)
    if cv2.countNonZero(fan) < _LEAST_PIXELS or spread[0, 0] == 0:
        return 0.0
    _mean, edges = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_32F), mask=fan)
    return float((edges[0, 0] / spread[0, 0]) ** 2)

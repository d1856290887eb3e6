"""From a mask to an ellipse."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from fetalclip_app.biometry.ellipse_lengths import ellipse_of
from fetalclip_app.domain.overlay import Ellipse

MIN_POINTS = 20
"""Fewer contour points than this make no trustworthy ellipse."""


FINER = 4
"""The probability map is enlarged so many times before its edge is taken: the edge lies between pixels."""


def fit_ellipse(mask: NDArray[np.bool_]) -> Ellipse | None:
    """Return the ellipse through the outline of the mask's largest part, or None where there is none.

    Args:
        mask: bool, (H, W). The ellipse passes through the boundary between the pixels inside and outside.
    """
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    contour = max(contours, key=cv2.contourArea, default=None)
    if contour is None or len(contour) < MIN_POINTS:
        return None
    (cx, cy), axes, angle = cv2.fitEllipse(contour)
    # A contour runs through the centres of the outermost pixels: half a pixel inside the boundary.
    first, second = axes[0] / 2 + 0.5, axes[1] / 2 + 0.5
    return ellipse_of(cx, cy, first, second, angle)


def overlap_with(ellipse: Ellipse, mask: NDArray[np.bool_]) -> float:
    """Return intersection over union of the filled ellipse and the mask, 0 to 1."""
    filled = filled_ellipse(ellipse, *mask.shape)
    union = np.count_nonzero(filled | mask)
    return float(np.count_nonzero(filled & mask) / union) if union else 0.0


def filled_ellipse(ellipse: Ellipse, height: int, width: int) -> NDArray[np.bool_]:
    """Return bool (height, width): the pixels whose centres lie inside the ellipse."""
    filled = np.zeros((height, width), np.bool_)
    turn = math.radians(ellipse.angle_deg)
    half_wide = math.hypot(ellipse.a * math.cos(turn), ellipse.b * math.sin(turn))
    half_high = math.hypot(ellipse.a * math.sin(turn), ellipse.b * math.cos(turn))
    left, right = _pixels_between(ellipse.cx - half_wide, ellipse.cx + half_wide, width)
    top, bottom = _pixels_between(ellipse.cy - half_high, ellipse.cy + half_high, height)
    dx = np.arange(left, right)[None, :] - ellipse.cx
    dy = np.arange(top, bottom)[:, None] - ellipse.cy
    along = (dx * math.cos(turn) + dy * math.sin(turn)) / ellipse.a
    across = (dy * math.cos(turn) - dx * math.sin(turn)) / ellipse.b
    filled[top:bottom, left:right] = along**2 + across**2 <= 1.0
    return filled


def _pixels_between(first: float, last: float, count: int) -> tuple[int, int]:
    """Return the range of pixels, of ``count``, whose centres may lie between two places."""
    start = min(max(math.floor(first), 0), count)
    return start, min(max(math.ceil(last) + 1, start), count)


def outline_ellipse(values: NDArray[np.float32]) -> tuple[Ellipse, float] | None:
    """Return the ellipse of a probability map, in its pixels, and how well the map fills it (0 to 1).

    Args:
        values: float32, (S, S), probabilities.
    """
    side = len(values) * FINER
    mask = cv2.resize(values, (side, side), interpolation=cv2.INTER_LINEAR) > 0.5
    # A head that leaves the picture must not fit well: what its ellipse has outside counts against it.
    around = side // 4
    fine = fit_ellipse(np.pad(mask, around))
    if fine is None:
        return None
    fit = overlap_with(fine, np.pad(mask, around))
    centre = ((np.array([fine.cx, fine.cy]) - around + 0.5) / FINER) - 0.5
    coarse = Ellipse(float(centre[0]), float(centre[1]), fine.a / FINER, fine.b / FINER, fine.angle_deg)
    return coarse, fit

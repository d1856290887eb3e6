"""From an ellipse to a circumference and diameters. Imports no picture library: the window draws ellipses too."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fetalclip_app.domain.calibration import PixelSpacing
from fetalclip_app.domain.overlay import Ellipse


@dataclass(frozen=True, slots=True)
class EllipseLengths:
    """Lengths of an ellipse, in mm."""

    circumference_mm: float
    major_mm: float
    minor_mm: float


def circumference(a: float, b: float) -> float:
    """Return the circumference of an ellipse of semi-axes a and b, in their unit.

    Source: Ramanujan 1914, first approximation: pi [3 (a + b) - sqrt((3a + b)(a + 3b))].
    """
    return math.pi * (3 * (a + b) - math.sqrt((3 * a + b) * (a + 3 * b)))


def ellipse_of(cx: float, cy: float, first: float, second: float, angle_deg: float) -> Ellipse | None:
    """Return an ellipse with its axes in order; ``angle_deg`` belongs to the ``first`` semi-axis."""
    if not all(map(math.isfinite, (cx, cy, first, second, angle_deg))) or min(first, second) <= 0:
        return None
    if first < second:
        first, second, angle_deg = second, first, angle_deg + 90
    return Ellipse(cx, cy, first, second, (angle_deg + 90) % 180 - 90)


def lengths(ellipse: Ellipse, spacing: PixelSpacing) -> EllipseLengths:
    """Return the lengths of an ellipse drawn in frame pixels, in mm.

    Where the pixels are not square the ellipse is stretched first: its axes in mm are those of the
    stretched ellipse, not the stretched axes.
    """
    turn = math.radians(ellipse.angle_deg)
    basis = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    stretched = np.diag([spacing.column_mm, spacing.row_mm]) @ basis @ np.diag([ellipse.a, ellipse.b])
    major, minor = np.linalg.svd(stretched, compute_uv=False)
    return EllipseLengths(circumference(float(major), float(minor)), float(2 * major), float(2 * minor))

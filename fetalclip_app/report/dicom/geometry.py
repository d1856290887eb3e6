"""Shapes in DICOM's coordinates: the top left pixel's corner is 0\\0, and its centre 0.5\\0.5 (PS3.3 C.18.6)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.notes import Line
from fetalclip_app.domain.overlay import Ellipse

_CENTRE = 0.5


def corners(shape: Line | Ellipse) -> NDArray[np.float64]:
    """Return both ends of a line, or those of an ellipse's major and then minor axis: (N, 2), column and row."""
    if isinstance(shape, Line):
        return np.array([shape.first, shape.last], np.float64) + _CENTRE
    return np.concatenate([shape.major_axis(), shape.minor_axis()]) + _CENTRE


def outline(shape: Line | Ellipse, height: int, width: int, count: int = 72) -> NDArray[np.float64]:
    """Return the shape as a line from point to point, closed for an ellipse, without what lies outside the picture."""
    points = corners(shape) if isinstance(shape, Line) else shape.points(count) + _CENTRE
    if isinstance(shape, Ellipse):
        points = np.concatenate([points, points[:1]])
    limited: NDArray[np.float64] = np.clip(points, 0, [width, height])
    return limited


def is_inside(shape: Line | Ellipse, height: int, width: int) -> bool:
    """Whether every corner lies within the picture: what does not cannot be written as coordinates of it."""
    points = corners(shape)
    return bool((points >= 0).all() and (points <= [width, height]).all())

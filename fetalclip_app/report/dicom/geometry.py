"""Shapes in DICOM's coordinates: the top left pixel's corner is 0\\0, and its centre 0.5\\0.5 (PS3.3 C.18.6)."""

from __future__ import annotations

import math
from collections.abc import Sequence

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


def shape_of(kind: str, points: Sequence[tuple[float, float]]) -> Line | Ellipse | None:
    """Return the shape of which these are the `corners`; None where it is neither a line nor an ellipse."""
    places = np.asarray(points, np.float64) - _CENTRE
    if kind == "POLYLINE" and len(places) == 2:
        first, last = ((float(x), float(y)) for x, y in places)
        return Line(first, last)
    if kind != "ELLIPSE" or len(places) != 4:
        return None
    x, y = places.mean(axis=0)
    axes = sorted((places[0] - places[1], places[2] - places[3]), key=lambda axis: -np.hypot(*axis))
    major, minor = (float(np.hypot(*axis)) / 2 for axis in axes)
    angle = math.degrees(math.atan2(axes[0][1], axes[0][0]))
    return Ellipse(float(x), float(y), major, minor, (angle + 90) % 180 - 90) if minor > 0 else None


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

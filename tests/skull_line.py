"""Where the skull of a simulated head shows, measured in its picture."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.overlay import Ellipse
from training.section import HeadSpec, SimulatedPicture


def along(picture: SimulatedPicture, outside_mm: float, *, facing: bool = True) -> NDArray[np.float64]:
    """Return grey on the ring ``outside_mm`` beyond the ellipse; ``facing``: only where it lies across the beam."""
    e, off = picture.ellipse, outside_mm / picture.pixel_mm
    points = Ellipse(e.cx, e.cy, e.a + off, e.b + off, e.angle_deg).points(720)
    steps = np.roll(points, -1, axis=0) - points
    if facing:
        points = points[np.abs(steps[:, 1]) < 0.35 * np.abs(steps[:, 0])]
    grey = picture.pixels[..., 0].astype(np.float32)
    x, y = points.T.astype(np.float32)
    return np.asarray(cv2.remap(grey, x[None], y[None], cv2.INTER_LINEAR)[0], np.float64)


def flank(picture: SimulatedPicture) -> tuple[float, float]:
    """Return where the skull's mean line is brightest, and its outer half-maximum, in mm outside the ellipse."""
    rings = np.linspace(-4, 6, 201)
    grey = np.array([along(picture, float(ring)).mean() for ring in rings])
    peak = int(np.argmax(np.where(np.abs(rings + 1) < 2.5, grey, 0)))
    beyond = grey[peak : peak + 91]  # 4.5 mm
    half = (beyond[0] + beyond.min()) / 2
    return float(rings[peak]), float(rings[peak + int(np.argmax(beyond < half))])


def room_mm(spec: HeadSpec) -> float:
    """Return the least distance from the skull's outer edge to the rim of the fan; negative outside."""
    fan, (a_mm, b_mm) = spec.fan, spec.outer_axes_mm
    x, y = Ellipse(spec.x_mm, spec.y_mm + fan.radius_mm, a_mm, b_mm, spec.angle_deg).points(720).T
    radius = np.hypot(x, y)
    sides = radius * np.sin(fan.half_angle - np.abs(np.arctan2(x, y)))
    return float(min(sides.min(), radius.min() - fan.radius_mm, fan.radius_mm + fan.depth_mm - radius.max()))


def line_of(picture: SimulatedPicture) -> Ellipse:
    """Measure the drawn line without looking at the truth: fit the brightest points, where there is bone to see."""
    e = picture.ellipse
    rings = np.linspace(-4.5, 2, 105)
    rows = np.array([along(picture, float(ring), facing=False) for ring in rings])
    weight = np.maximum(rows - 0.6 * rows.max(axis=0), 0)
    offset = (weight * rings[:, None]).sum(axis=0) / weight.sum(axis=0) / picture.pixel_mm
    seen = rows.max(axis=0) > 150
    phase = np.linspace(0, 2 * math.pi, 720, endpoint=False)
    points = [Ellipse(e.cx, e.cy, e.a + o, e.b + o, e.angle_deg).at(p) for o, p in zip(offset, phase, strict=True)]
    (cx, cy), (first, second), angle = cv2.fitEllipse(np.array(points, np.float32)[seen])
    first, second, angle = (second, first, angle + 90) if second > first else (first, second, angle)
    return Ellipse(cx, cy, first / 2, second / 2, (angle + 90) % 180 - 90)

"""What is drawn over a frame, always in frame pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An ellipse in frame pixels; the centre of the top left pixel is (0, 0).

    Attributes:
        cx, cy: Centre.
        a, b: Semi-axes, a >= b > 0.
        angle_deg: From the x axis to the major axis, towards y (downwards), in [-90, 90).
    """

    cx: float
    cy: float
    a: float
    b: float
    angle_deg: float

    def __post_init__(self) -> None:
        if not (self.a >= self.b > 0):
            raise ValueError(f"semi-axes {self.a}, {self.b}")

    def points(self, count: int = 180) -> NDArray[np.float64]:
        """Return (count, 2) points (x, y) along the line, evenly spaced in phase."""
        phase = np.linspace(0.0, 2 * math.pi, count, endpoint=False)
        return self.at(phase)

    def at(self, phase: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the points (x, y) at ``phase`` radians; 0 and pi end the major axis."""
        turn = math.radians(self.angle_deg)
        along, across = self.a * np.cos(phase), self.b * np.sin(phase)
        x = self.cx + along * math.cos(turn) - across * math.sin(turn)
        y = self.cy + along * math.sin(turn) + across * math.cos(turn)
        return np.stack([x, y], axis=-1)

    def major_axis(self) -> NDArray[np.float64]:
        """Return the two ends (2, 2) of the major axis."""
        return self.at(np.array([0.0, math.pi]))

    def minor_axis(self) -> NDArray[np.float64]:
        """Return the two ends (2, 2) of the minor axis."""
        return self.at(np.array([math.pi / 2, 3 * math.pi / 2]))


# eq=False: two arrays do not compare to one bool.
@dataclass(frozen=True, eq=False, slots=True)
class Segmentation:
    """Which pixels of a frame belong to a structure.

    Attributes:
        structure: Key, such as ``head``.
        mask: bool, (H, W) of the frame.
    """

    structure: str
    mask: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Where:
    """What a heatmap explains.

    Attributes:
        task_key: ``views`` or ``brain_views``: whose classes share the softmax.
        view_key: The class.
        method: Name of the method, such as ``gradcam``.
    """

    frame_index: int
    task_key: str
    view_key: str
    method: str


OF_NO_VIEW = frozenset({"eigencam"})
"""Heatmap methods that show where the network looks, whatever view is asked for (Muhammad and Yeasin 2020)."""


@dataclass(frozen=True, eq=False, slots=True)
class Heatmap:
    """Where a view was seen: where, not why.

    Attributes:
        explains: Key of the view.
        method: Name of the method, such as ``gradcam``.
        values: float32, (H, W) of the frame, 0 to 1; 0 outside what the network saw.
    """

    explains: str
    method: str
    values: NDArray[np.float32]

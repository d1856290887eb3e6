"""How a convex probe paints: scatter on a polar grid, blurred by the beam, log-compressed, scan-converted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
"""float32, (rows, columns): depth by angle on the polar grid, or (H, W) of a picture."""

GRID_ROWS = 448
GRID_COLUMNS = 288
"""Samples of the polar grid along depth and across the sector."""

_TISSUE_GREY = 0.40
"""Share of the grey scale at which tissue of 0 dB lies at a gain of 0 dB."""


@dataclass(frozen=True, slots=True)
class Fan:
    """A convex sector; x runs to the right, y downwards from the middle of the probe's face, in mm.

    Attributes:
        radius_mm: Of the probe's face: the distance from the sector's apex to the first echo.
        half_angle_deg: Half of the sector's opening.
        depth_mm: From the face to the last echo.
    """

    radius_mm: float
    half_angle_deg: float
    depth_mm: float

    @property
    def half_angle(self) -> float:
        """Half of the opening in radians."""
        return math.radians(self.half_angle_deg)

    @property
    def row_mm(self) -> float:
        """Depth between two rows of the polar grid."""
        return self.depth_mm / (GRID_ROWS - 1)

    @property
    def half_width_mm(self) -> float:
        """Half of the sector's width at its widest."""
        return (self.radius_mm + self.depth_mm) * math.sin(self.half_angle)

    @property
    def top_mm(self) -> float:
        """The y of the sector's upper corners: above the face's middle, so negative."""
        return self.radius_mm * (math.cos(self.half_angle) - 1)


@dataclass(frozen=True, slots=True)
class View:
    """The window through which the picture shows the fan.

    Attributes:
        left_mm, top_mm: Where the centre of the top left pixel lies.
    """

    width: int
    height: int
    pixel_mm: float
    left_mm: float
    top_mm: float

    def to_pixels(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        """Return the pixel coordinates (x, y) of a point."""
        return (x_mm - self.left_mm) / self.pixel_mm, (y_mm - self.top_mm) / self.pixel_mm


@dataclass(frozen=True, slots=True)
class Scanner:
    """The settings that an operator turns, and the beam behind them.

    Attributes:
        gain_db: Added to everything.
        range_db: From black to white.
        axial_mm: Standard deviation of the pulse along the beam.
        lateral_deg: Standard deviation of the beam at its focus.
        focus_mm: Depth where the beam is narrowest.
        looks: Compounded pictures: 1 gives raw speckle, 3 a smooth modern picture.
        noise_db: The receiver's noise against tissue of 0 dB, at the deepest row.
        smooth: Smoothing after detection, about samples of the polar grid.
        sharpen: Strength of the scanner's edge enhancement, 0 to 1.
    """

    gain_db: float = 0.0
    range_db: float = 60.0
    axial_mm: float = 0.35
    lateral_deg: float = 0.35
    focus_mm: float = 70.0
    looks: int = 2
    noise_db: float = -32.0
    smooth: float = 1.2
    sharpen: float = 0.4


# eq=False: holds arrays.
@dataclass(frozen=True, eq=False, slots=True)
class Grid:
    """Where the samples of the polar grid lie.

    Attributes:
        depth: (rows, 1) mm below the probe's face.
        angle: (1, columns) radians from the middle line.
        x, y: (rows, columns) mm.
    """

    depth: Plane
    angle: Plane
    x: Plane
    y: Plane


def polar_grid(fan: Fan) -> Grid:
    """Return the samples of a fan."""
    depth = np.linspace(0, fan.depth_mm, GRID_ROWS, dtype=np.float32)[:, None]
    angle = np.linspace(-fan.half_angle, fan.half_angle, GRID_COLUMNS, dtype=np.float32)[None, :]
    radius = depth + np.float32(fan.radius_mm)
    return Grid(depth, angle, radius * np.sin(angle), radius * np.cos(angle) - np.float32(fan.radius_mm))


def envelope(diffuse: Plane, specular: Plane, scatter: tuple[Plane, Plane], fan: Fan, scanner: Scanner) -> Plane:
    """Return the amplitude of the echoes on the polar grid.

    Args:
        diffuse: Amplitude of tissue, whose many scatterers interfere at random.
        specular: Amplitude of smooth walls, whose echoes add up.
        scatter: Real and imaginary part of unit complex Gaussian scatterers.
    """
    real, imaginary = scatter
    mirror = specular * np.float32(0.5)
    loudness = diffuse + mirror
    beamed_real = _beam(loudness * real + specular * 0.8, fan, scanner)
    beamed_imaginary = _beam(loudness * imaginary, fan, scanner)
    return np.asarray(cv2.magnitude(beamed_real, beamed_imaginary), np.float32)


def _beam(field: Plane, fan: Fan, scanner: Scanner) -> Plane:
    """Blur by the point-spread function: a short pulse, and a beam that widens away from its focus."""
    axial = max(scanner.axial_mm / fan.row_mm, 0.3)
    column_deg = 2 * fan.half_angle_deg / (GRID_COLUMNS - 1)
    lateral = max(scanner.lateral_deg / column_deg, 0.4)
    narrow = cv2.GaussianBlur(field, (0, 0), sigmaX=lateral, sigmaY=axial)
    wide = cv2.GaussianBlur(narrow, (0, 0), sigmaX=lateral * 1.5, sigmaY=0.25)
    depth = np.linspace(0, fan.depth_mm, len(field), dtype=np.float32)[:, None]
    defocus = np.clip(np.abs(depth - scanner.focus_mm) / (0.8 * scanner.focus_mm), 0, 1).astype(np.float32)
    return np.asarray(narrow + defocus * (wide - narrow), np.float32)


def speckle_gain(fan: Fan, scanner: Scanner) -> float:
    """Return what white scatter must be multiplied by, so that it has unit power behind the beam."""
    axial = max(scanner.axial_mm / fan.row_mm, 0.3)
    lateral = max(scanner.lateral_deg / (2 * fan.half_angle_deg / (GRID_COLUMNS - 1)), 0.4)
    return math.sqrt(4 * math.pi * axial * lateral)


def log_compress(amplitude: Plane, scanner: Scanner) -> Plane:
    """Return grey, 0 to 1: decibels over the dynamic range, with the soft shoulder of a display curve."""
    decibels = np.log10(np.maximum(amplitude, 1e-6)) * 20 + scanner.gain_db
    grey = np.clip(decibels / scanner.range_db + _TISSUE_GREY, 0, 1.5)
    # White is approached, not hit: real bone is rarely saturated over its whole thickness.
    soft = np.where(grey > 0.85, 0.85 + 0.15 * np.tanh((grey - 0.85) / 0.15), grey)
    # Detection is followed by a little smoothing in every scanner.
    across, down = 0.9 * scanner.smooth, 0.7 * scanner.smooth
    return np.asarray(cv2.GaussianBlur(soft**1.35, (0, 0), sigmaX=across, sigmaY=down), np.float32)


def sharpen(grey: Plane, strength: float) -> Plane:
    """Return the picture with its edges enhanced along the beam, as scanners do."""
    if strength <= 0:
        return grey
    soft = cv2.GaussianBlur(grey, (0, 0), sigmaX=2.5, sigmaY=2.0)
    return np.asarray(np.clip(grey + strength * (grey - soft), 0, 1), np.float32)


def scan_convert(polar: Plane, fan: Fan, view: View) -> NDArray[np.uint8]:
    """Return the picture, uint8 (H, W): the polar grid seen through the view, black outside the fan."""
    x = (np.arange(view.width, dtype=np.float32) * view.pixel_mm + view.left_mm)[None, :]
    y = (np.arange(view.height, dtype=np.float32) * view.pixel_mm + (view.top_mm + fan.radius_mm))[:, None]
    x, y = np.broadcast_to(x, (view.height, view.width)), np.broadcast_to(y, (view.height, view.width))
    radius, angle = cv2.cartToPolar(np.ascontiguousarray(y), np.ascontiguousarray(x))
    angle = np.where(angle > math.pi, angle - 2 * math.pi, angle)
    rows = (radius - fan.radius_mm) / fan.row_mm
    columns = (angle + fan.half_angle) * ((GRID_COLUMNS - 1) / (2 * fan.half_angle))
    picture = cv2.remap(
        polar, columns.astype(np.float32), rows.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
    )
    return np.asarray(np.clip(picture * 255 + 0.5, 0, 255), np.uint8)

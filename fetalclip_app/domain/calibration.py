"""How many millimetres a pixel is, region by region, and who says so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

SQUARE_TOLERANCE = 0.01
"""Pixels whose sides differ by less than 1 % count as square."""


@dataclass(frozen=True, slots=True)
class PixelSpacing:
    """Size of one pixel.

    Raises:
        ValueError: Not finite or not positive.
    """

    row_mm: float
    column_mm: float

    def __post_init__(self) -> None:
        for value in (self.row_mm, self.column_mm):
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"a pixel of {value} mm")

    @classmethod
    def square(cls, pixel_mm: float) -> PixelSpacing:
        """Return the spacing of square pixels of ``pixel_mm``."""
        return cls(pixel_mm, pixel_mm)

    @property
    def is_square(self) -> bool:
        """Whether both sides agree within `SQUARE_TOLERANCE`."""
        return abs(self.row_mm - self.column_mm) <= SQUARE_TOLERANCE * max(self.row_mm, self.column_mm)

    def isotropic_mm(self) -> float:
        """Return the side of a square pixel.

        Raises:
            ValueError: The pixels are not square.
        """
        if not self.is_square:
            raise ValueError(f"pixels are {self.row_mm} x {self.column_mm} mm, not square")
        return (self.row_mm + self.column_mm) / 2


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of whole pixels: left and top inside, right and bottom outside."""

    left: int
    top: int
    right: int
    bottom: int

    def __post_init__(self) -> None:
        if self.right <= self.left or self.bottom <= self.top:
            raise ValueError(f"an empty box: {self.left}, {self.top}, {self.right}, {self.bottom}")

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def area(self) -> int:
        return self.width * self.height

    def contains(self, x: float, y: float) -> bool:
        """Whether the point (x, y), in pixels, lies inside."""
        return self.left <= x < self.right and self.top <= y < self.bottom

    def overlap(self, other: Box) -> int:
        """Return the number of pixels that both boxes cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0) * max(height, 0)


class CalibrationSource(StrEnum):
    """Who says how many millimetres a pixel is."""

    ULTRASOUND_REGION = "ultrasound_region"
    PIXEL_SPACING = "pixel_spacing"
    USER = "user"
    USER_OVERRIDE = "user_override"


class RegionKind(StrEnum):
    """What a region of the picture shows."""

    TISSUE = "tissue"
    OTHER = "other"


class Distrust(StrEnum):
    """Why a region's scale is not used."""

    OUTSIDE_PICTURE = "outside_picture"
    NOT_LENGTH = "not_length"
    NO_DELTA = "no_delta"


@dataclass(frozen=True, slots=True)
class Region:
    """One rectangle of the picture with its own scale.

    Attributes:
        spacing: None where the axes are no lengths, or the file gives none.
        distrust: Why ``spacing`` must not be used; None for a region that is used.
    """

    box: Box
    kind: RegionKind
    spacing: PixelSpacing | None
    distrust: Distrust | None = None

    @property
    def is_usable(self) -> bool:
        """Whether lengths in mm may be taken inside this region."""
        return self.kind is RegionKind.TISSUE and self.spacing is not None and self.distrust is None


@dataclass(frozen=True, slots=True)
class Calibration:
    """Every scale of a picture, and where it comes from.

    Attributes:
        overridden: What the file said, where the user states the scale: a trusted scale that the user overrode,
            or regions without one.
    """

    source: CalibrationSource
    regions: tuple[Region, ...]
    overridden: Calibration | None = None

    @property
    def is_usable(self) -> bool:
        """Whether any part of the picture has a trusted scale."""
        return any(region.is_usable for region in self.regions)

    def region_of(self, box: Box) -> Region | None:
        """Return the one usable region that holds most of ``box``.

        None where no usable region holds at least half of it, or where two that do differ in scale.
        """
        holding = [r for r in self.regions if r.is_usable and r.box.overlap(box) >= 0.5 * box.area]
        if not holding or len({r.spacing for r in holding}) > 1:
            return None
        return max(holding, key=lambda r: r.box.overlap(box))


def user_calibration(pixel_mm: float, height: int, width: int, *, overridden: Calibration | None = None) -> Calibration:
    """Return a scale for the whole picture as a person stated it, with what the file said."""
    whole = Region(Box(0, 0, width, height), RegionKind.TISSUE, PixelSpacing.square(pixel_mm))
    replaced = overridden is not None and overridden.is_usable
    source = CalibrationSource.USER_OVERRIDE if replaced else CalibrationSource.USER
    return Calibration(source, (whole,), overridden)

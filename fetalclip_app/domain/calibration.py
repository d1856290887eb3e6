"""How many millimetres a pixel is, region by region, and who says so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from fetalclip_app.domain.region_axes import RegionFacts

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
        """Whether the point (x, y) lies inside; whole numbers are the centres of pixels."""
        return self.left <= x + 0.5 < self.right and self.top <= y + 0.5 < self.bottom

    def overlap(self, other: Box) -> int:
        """Return the number of pixels that both boxes cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0) * max(height, 0)


class CalibrationSource(StrEnum):
    """Who says how many millimetres a pixel is."""

    NONE = "none"
    """Nobody; the file says something of pixels that is no length."""

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
    OTHER_PICTURE = "other_picture"
    """Another region of the same file lies outside the picture, so all were written for another one."""

    BESIDE_UNPLACED = "beside_unplaced"
    """Another region of the same file has no place, so it may have lain on top of this one."""

    NOT_LENGTH = "not_length"
    NO_DELTA = "no_delta"
    IMPLAUSIBLE = "implausible"


Point = tuple[float, float]
"""(x, y) in frame pixels."""


@dataclass(frozen=True, slots=True)
class Ruler:
    """A line of known length by which a person stated a scale."""

    first: Point
    last: Point
    length_mm: float


SAME_SCALE = 1e-6
"""Two scales that differ by less than this share are one: scanners write the same number in several precisions."""


@dataclass(frozen=True, slots=True)
class Region:
    """One rectangle of the picture with its own scale.

    Attributes:
        spacing: None where the axes are no lengths, or the file gives none.
        distrust: Why ``spacing`` must not be used; None for a region that is used.
        facts: What an ultrasound file says of the region; None for a scale of the whole picture.
        is_manual: A person stated ``spacing``.
        ruler: The line by which that was done; None where it was typed as a number, or is the file's own.
    """

    box: Box
    kind: RegionKind
    spacing: PixelSpacing | None
    distrust: Distrust | None = None
    facts: RegionFacts | None = None
    is_manual: bool = False
    ruler: Ruler | None = None

    @property
    def is_usable(self) -> bool:
        """Whether lengths in mm may be taken inside this region."""
        return self.kind is RegionKind.TISSUE and self.spacing is not None and self.distrust is None

    @property
    def is_placed(self) -> bool:
        """Whether the box is where the file means it to be."""
        return self.distrust not in (Distrust.OUTSIDE_PICTURE, Distrust.OTHER_PICTURE)

    @property
    def is_low_priority(self) -> bool:
        """Whether others may lie on top of this one where they meet; a whole picture lies beneath all."""
        return self.facts is None or self.facts.is_low_priority

    @property
    def depth_zero_px(self) -> float:
        """The row from which depth counts: where the file's vertical axis is zero, else the region's upper edge."""
        axis = self.facts.y if self.facts is not None else None
        if axis is None or axis.origin_px is None or axis.delta == 0:
            return self.box.top - 0.5
        zero = axis.origin_px - axis.origin_value / axis.delta
        return zero if self.box.contains(self.box.left, zero) else self.box.top - 0.5

    def has_scale_of(self, other: Region) -> bool:
        """Whether a length is the same in both, within `SAME_SCALE`."""
        if self.spacing is None or other.spacing is None or other.kind is not self.kind:
            return False
        pairs = ((self.spacing.row_mm, other.spacing.row_mm), (self.spacing.column_mm, other.spacing.column_mm))
        return all(math.isclose(first, second, rel_tol=SAME_SCALE) for first, second in pairs)


class Verdict(StrEnum):
    """What became of a statement about the scale."""

    USED = "used"
    REGIONS_FIRST = "regions_first"
    """Ultrasound regions say it better; for the eye only."""

    NOT_IN_BODY = "not_in_body"
    IMPLAUSIBLE = "implausible"
    UNREADABLE = "unreadable"
    RATIO_ONLY = "ratio_only"


@dataclass(frozen=True, slots=True)
class Statement:
    """What one attribute of a file, other than the regions, says of the size of a pixel.

    Attributes:
        name: The attribute's keyword in the standard.
        spacing: None where it is unreadable, or a ratio.
        ratio: Height to width of a pixel, where the attribute is a ratio.
    """

    name: str
    verdict: Verdict
    spacing: PixelSpacing | None = None
    ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    """Every scale of a picture, and where it comes from.

    Attributes:
        overridden: What the file said, where the user states the scale: a trusted scale that the user overrode,
            or regions without one.
        statements: What else the file says of the size of a pixel.
        unplaced: Regions that the file lists without corners that make a rectangle.
    """

    source: CalibrationSource
    regions: tuple[Region, ...]
    overridden: Calibration | None = None
    statements: tuple[Statement, ...] = ()
    unplaced: int = 0

    @property
    def is_usable(self) -> bool:
        """Whether any part of the picture has a trusted scale."""
        return any(region.is_usable for region in self.regions)

    @property
    def as_the_file_says(self) -> Calibration | None:
        """What the file itself says: this, or what a person's scale stands in place of."""
        by_hand = self.source in (CalibrationSource.USER, CalibrationSource.USER_OVERRIDE)
        return self.overridden if by_hand else self

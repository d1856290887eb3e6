"""Pictures with their scale: frames that decode on demand, and whom they belong to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""uint8, (H, W, 3), RGB."""

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
        overridden: What the file said, when the user overrode it.
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
    """Return a scale for the whole picture as a person stated it."""
    whole = Region(Box(0, 0, width, height), RegionKind.TISSUE, PixelSpacing.square(pixel_mm))
    source = CalibrationSource.USER if overridden is None else CalibrationSource.USER_OVERRIDE
    return Calibration(source, (whole,), overridden)


# eq=False: two arrays do not compare to one bool.
@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """One picture of a clip.

    Attributes:
        pixels: uint8, (H, W, 3), RGB, read-only.
        index: Position in its clip, from 0.
    """

    pixels: Pixels
    index: int = 0

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 3 or self.pixels.shape[2] != 3:
            raise ValueError(f"pixels must be uint8 (H, W, 3), got {self.pixels.dtype} {self.pixels.shape}")
        self.pixels.setflags(write=False)

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])


class FrameSource(Protocol):
    """Where a clip's pixels come from: a file, memory, or another process."""

    def __len__(self) -> int: ...

    def pixels(self, index: int) -> Pixels:
        """Decode one frame: uint8, (H, W, 3), RGB.

        Raises:
            UnreadableFile: This frame cannot be decoded.
            IndexError: No such frame.
        """
        ...


@dataclass(frozen=True, eq=False, slots=True)
class FramesInMemory:
    """Frames that are decoded already: (N, H, W, 3) uint8, or a sequence of (H, W, 3)."""

    frames: Sequence[Pixels] | Pixels

    def __len__(self) -> int:
        return len(self.frames)

    def pixels(self, index: int) -> Pixels:
        """Return frame ``index`` as it lies in memory."""
        return np.asarray(self.frames[index])


class RateSource(StrEnum):
    """Who says how fast a cine plays."""

    FRAME_TIME = "frame_time"
    FRAME_TIME_VECTOR = "frame_time_vector"
    CINE_RATE = "cine_rate"
    RECOMMENDED_RATE = "recommended_rate"
    CONTAINER = "container"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class FrameRate:
    """Frames per second, and who says so."""

    hz: float
    source: RateSource


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom and what a clip belongs to. Empty strings where the file is silent.

    Attributes:
        study_date: As DICOM writes it, YYYYMMDD.
        is_simulated: The picture was made by a program.
        is_lossy: The pixels were compressed with loss.
    """

    patient_id: str = ""
    patient_name: str = ""
    study_uid: str = ""
    study_date: str = ""
    study_description: str = ""
    series_uid: str = ""
    instance_uid: str = ""
    manufacturer: str = ""
    device_model: str = ""
    transfer_syntax: str = ""
    is_simulated: bool = False
    is_lossy: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Clip:
    """A still picture or a cine loop; its frames decode when they are asked for.

    Attributes:
        path: The file it was read from.
        key: 16 hex digits of the SHA-256 of the file's content: the name of this clip in caches and logs.
        height, width: Pixels of every frame.
        rate: None for a single picture.
        missing_frames: Frames that the file promises and does not hold whole; say so wherever the clip is shown.
    """

    path: Path
    key: str
    source: FrameSource
    height: int
    width: int
    calibration: Calibration | None = None
    rate: FrameRate | None = None
    origin: Origin = field(default_factory=Origin)
    missing_frames: int = 0

    def __len__(self) -> int:
        return len(self.source)

    def frame(self, index: int) -> Frame:
        """Decode one frame.

        Raises:
            UnreadableFile: This frame cannot be decoded.
            IndexError: No such frame.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        return Frame(self.source.pixels(index), index)

    @property
    def is_calibrated(self) -> bool:
        """Whether any part of the picture has a trusted scale."""
        return self.calibration is not None and self.calibration.is_usable

    def with_pixel_mm(self, pixel_mm: float, *, override: bool = False) -> Clip:
        """Return this clip with the scale that a person states.

        The file's own scale wins unless ``override`` is given, which the calibration then records.
        """
        if self.is_calibrated and not override:
            return self
        stated = user_calibration(
            pixel_mm, self.height, self.width, overridden=self.calibration if self.is_calibrated else None
        )
        return replace(self, calibration=stated)

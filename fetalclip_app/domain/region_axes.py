"""What a region of an ultrasound picture shows, and what its two axes count.

Codes and definitions: DICOM PS3.3 C.8.5.5.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class SpatialFormat(IntEnum):
    """How a region is laid out (C.8.5.5.1.1)."""

    NONE = 0
    TWO_DIMENSIONAL = 1
    M_MODE = 2
    SPECTRAL = 3
    WAVEFORM = 4
    GRAPHICS = 5


class DataType(IntEnum):
    """What a region's data are (C.8.5.5.1.2)."""

    NONE = 0
    TISSUE = 1
    COLOUR_FLOW = 2
    PW_SPECTRAL_DOPPLER = 3
    CW_SPECTRAL_DOPPLER = 4
    DOPPLER_MEAN_TRACE = 5
    DOPPLER_MODE_TRACE = 6
    DOPPLER_MAX_TRACE = 7
    VOLUME_TRACE = 8
    D_VOLUME_TRACE = 9
    ECG_TRACE = 10
    PULSE_TRACE = 11
    PHONOCARDIOGRAM_TRACE = 12
    GRAY_BAR = 13
    COLOUR_BAR = 14
    INTEGRATED_BACKSCATTER = 15
    AREA_TRACE = 16
    D_AREA_TRACE = 17
    OTHER_PHYSIOLOGICAL = 18


class Unit(IntEnum):
    """What an axis counts (C.8.5.5.1.15)."""

    NONE = 0
    PERCENT = 1
    DECIBEL = 2
    CENTIMETRE = 3
    SECOND = 4
    HERTZ = 5
    DECIBEL_PER_SECOND = 6
    CENTIMETRE_PER_SECOND = 7
    SQUARE_CENTIMETRE = 8
    SQUARE_CENTIMETRE_PER_SECOND = 9
    CUBIC_CENTIMETRE = 10
    CUBIC_CENTIMETRE_PER_SECOND = 11
    DEGREE = 12


LENGTH_FREE = frozenset(Unit) - {Unit.NONE, Unit.CENTIMETRE, Unit.SQUARE_CENTIMETRE}
"""Units whose differences can be told outside of a 2-D picture: time, velocity, frequency and the like."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One direction of a region.

    Attributes:
        unit: None for a code that the standard does not know.
        delta: Units for each pixel to the right, or down; negative where the axis points the other way. Finite.
        origin_px: The column or row of the *picture* that has ``origin_value``; None where the file states no
            reference pixel (it states it relative to the region's corner: C.8.5.5.1.16).
    """

    unit: Unit | None
    delta: float
    origin_px: float | None = None
    origin_value: float = 0.0

    def value_at(self, place_px: float) -> float | None:
        """Return the physical value at a column or row of the picture, in ``unit``; None without a reference pixel."""
        return None if self.origin_px is None else self.origin_value + (place_px - self.origin_px) * self.delta

    def change(self, first_px: float, last_px: float) -> float:
        """Return the physical distance between two columns or rows, in ``unit``: never negative."""
        return abs((last_px - first_px) * self.delta)


@dataclass(frozen=True, slots=True)
class RegionFacts:
    """What a file says of a region beside its box and scale.

    Attributes:
        spatial_format, data_type: None for a code that the standard does not know.
        is_low_priority: Bit 0 of the region flags: where regions meet, one of high priority lies on top.
        is_scale_protected: Bit 1: the region must not be scaled with the picture.
        counts_frequency: Bit 2: a Doppler axis counts frequency and not velocity.
        x, y: None where the file states no unit or no delta for a direction.
    """

    spatial_format: SpatialFormat | None
    data_type: DataType | None
    is_low_priority: bool = False
    is_scale_protected: bool = False
    counts_frequency: bool = False
    x: Axis | None = None
    y: Axis | None = None

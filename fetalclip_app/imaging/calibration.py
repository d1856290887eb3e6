"""Ultrasound regions -> millimetres, region by region.

The rules, all from DICOM PS3.3 C.8.5.5 (US Region Calibration):

- *Every* item of SequenceOfUltrasoundRegions becomes a `Region`; nothing is chosen here.
- ``TISSUE`` is spatial format 1 (2D) with data type 1 (tissue) or 2 (colour flow): colour is painted over the same
  2D geometry, so lengths in it are lengths in the body. M-mode, spectra, waveforms and bars are ``OTHER``.
- A scale counts where both units are cm (code 3) and both deltas are finite and not zero. x and y stay apart. Deltas
  may be negative (an axis that points left or up); the size of a pixel is their absolute value.
- Region corners are *inclusive*: the pixel at (max x1, max y1) still belongs to the region, so a box ends at
  max + 1. (The corners 84..595, 31..414 of a real scanner make the 512 x 384 picture that it scans only so.)
- Vendors write a maximum that equals the picture's width or height; one pixel of overhang is clipped. A region that
  lies further outside belongs to another picture (a cine that was scaled down after the region was written): its
  scale is not trusted, and its box is kept as the file states it.

Without regions, PixelSpacing (PS3.3 10.7) counts for the whole picture: it is the distance in the patient.
ImagerPixelSpacing is the distance on a detector and NominalScannedPixelSpacing the distance on a scanned film; neither
is one in the body, and ultrasound has no rule that turns them into one. They are shown, and not trusted. Where regions
are present but unusable, PixelSpacing is not asked: it was written by whoever wrote them. There is no default.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from pydicom.dataset import Dataset

from fetalclip_app.domain.calibration import (
    Box,
    Calibration,
    CalibrationSource,
    Distrust,
    PixelSpacing,
    Region,
    RegionKind,
)

_CENTIMETRES = 3
"""PhysicalUnits code of PS3.3 C.8.5.5.1.15."""

_MM_PER_CM = 10.0
_TWO_DIMENSIONAL = 1
_TISSUE_TYPES = (1, 2)
_OVERHANG = 1
"""Pixels by which a region may reach out of the picture and still be its own."""

_CORNERS = ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1")
_FILM_SPACINGS = ("NominalScannedPixelSpacing", "ImagerPixelSpacing")


def calibration_of(dataset: Dataset, height: int, width: int) -> Calibration | None:
    """Return every scale that a DICOM header states for a picture of ``height`` x ``width`` pixels.

    None where the header states none. Regions whose corners are missing or cross over cannot be placed and are
    left out.
    """
    regions = tuple(_regions(dataset, height, width))
    if regions:
        return Calibration(CalibrationSource.ULTRASOUND_REGION, regions)
    whole = _whole_picture(dataset, Box(0, 0, width, height))
    return None if whole is None else Calibration(CalibrationSource.PIXEL_SPACING, (whole,))


def number_of(dataset: Dataset, keyword: str) -> float | None:
    """Return the first value of an element as a finite number; None where it is absent, empty or no number."""
    return next(iter(numbers_of(dataset, keyword)), None)


def numbers_of(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """Return all values of an element as finite numbers; empty where any of them is none."""
    try:
        value: Any = dataset.get(keyword)
        values = value if isinstance(value, Iterable) and not isinstance(value, (str, bytes)) else [value]
        found = tuple(float(each) for each in values if each not in (None, ""))
    except (TypeError, ValueError, ArithmeticError):
        return ()
    return found if all(math.isfinite(each) for each in found) else ()


def _regions(dataset: Dataset, height: int, width: int) -> Iterable[Region]:
    items: Any = dataset.get("SequenceOfUltrasoundRegions")
    for item in items if isinstance(items, Iterable) and not isinstance(items, (str, bytes)) else ():
        region = _region(item, height, width)
        if region is not None:
            yield region


def _region(item: Dataset, height: int, width: int) -> Region | None:
    corners = [number_of(item, keyword) for keyword in _CORNERS]
    left, top, right, bottom = (None if corner is None else int(corner) for corner in corners)
    if left is None or top is None or right is None or bottom is None or right < left or bottom < top:
        return None
    box = Box(left, top, right + 1, bottom + 1)
    spacing, distrust = _scale(item)
    if _is_outside(box, height, width):
        return Region(box, _kind(item), spacing, Distrust.OUTSIDE_PICTURE)
    clipped = Box(max(box.left, 0), max(box.top, 0), min(box.right, width), min(box.bottom, height))
    return Region(clipped, _kind(item), spacing, distrust)


def _is_outside(box: Box, height: int, width: int) -> bool:
    """Whether a region reaches out by more than the tolerated pixel, or lies outside altogether."""
    reaches = max(-box.left, -box.top, box.right - width, box.bottom - height) > _OVERHANG
    return reaches or box.overlap(Box(0, 0, width, height)) == 0


def _kind(item: Dataset) -> RegionKind:
    flat = number_of(item, "RegionSpatialFormat") == _TWO_DIMENSIONAL
    body = number_of(item, "RegionDataType") in _TISSUE_TYPES
    return RegionKind.TISSUE if flat and body else RegionKind.OTHER


def _scale(item: Dataset) -> tuple[PixelSpacing | None, Distrust | None]:
    units = [number_of(item, f"PhysicalUnits{axis}Direction") for axis in "XY"]
    if units != [_CENTIMETRES, _CENTIMETRES]:
        return None, Distrust.NOT_LENGTH
    return _spacing(number_of(item, "PhysicalDeltaY"), number_of(item, "PhysicalDeltaX"), _MM_PER_CM)


def _spacing(
    row: float | None, column: float | None, mm_per_unit: float
) -> tuple[PixelSpacing | None, Distrust | None]:
    row_mm, column_mm = abs(row or 0.0) * mm_per_unit, abs(column or 0.0) * mm_per_unit
    if not (0 < row_mm < math.inf and 0 < column_mm < math.inf):
        return None, Distrust.NO_DELTA
    return PixelSpacing(row_mm, column_mm), None


def _whole_picture(dataset: Dataset, box: Box) -> Region | None:
    """Return the scale that PixelSpacing or its relatives (row first, PS3.3 10.7.1.3) give the whole picture."""
    if dataset.get("PixelSpacing"):
        spacing, distrust = _pair(dataset, "PixelSpacing")
        return Region(box, RegionKind.TISSUE, spacing, distrust)
    for keyword in _FILM_SPACINGS:
        if dataset.get(keyword):
            return Region(box, RegionKind.TISSUE, _pair(dataset, keyword)[0], Distrust.NOT_LENGTH)
    return None


def _pair(dataset: Dataset, keyword: str) -> tuple[PixelSpacing | None, Distrust | None]:
    values = numbers_of(dataset, keyword)
    return _spacing(values[0], values[1], 1.0) if len(values) == 2 else (None, Distrust.NO_DELTA)

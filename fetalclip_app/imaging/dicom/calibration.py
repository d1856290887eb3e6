"""Ultrasound regions -> millimetres, region by region.

The rules, all from DICOM PS3.3 C.8.5.5 (US Region Calibration):

- *Every* item of SequenceOfUltrasoundRegions becomes a `Region`; nothing is chosen here.
- ``TISSUE`` is spatial format 1 (2D) with data type 1 (tissue) or 2 (colour flow): colour is painted over the same
  2D geometry, so lengths in it are lengths in the body. M-mode, spectra, waveforms and bars are ``OTHER``; what their
  axes count is kept beside the box (`RegionFacts`).
- A scale counts where both units are cm (code 3) and both deltas are finite and not zero. x and y stay apart. Deltas
  may be negative (an axis that points left or up); the size of a pixel is their absolute value. A size that no
  picture of a body has is not trusted.
- Elements are read as the kind of value that the standard gives them, and count only where they have one value. A
  sequence of regions that cannot be read is not the same as none: then nothing is trusted.
- Region corners are *inclusive*: the pixel at (max x1, max y1) still belongs to the region, so a box ends at
  max + 1. (The corners 84..595, 31..414 of a real scanner make the 512 x 384 picture that it scans only so.)
- Vendors write a maximum that equals the picture's width or height; one pixel of overhang is clipped. A region that
  lies further outside belongs to another picture (a cine that was scaled down after the region was written): its
  scale is not trusted, and its box is kept as the file states it. Then the file's other regions were written for that
  other picture as well: one that happens to fit into this one is not trusted either.
- Regions whose corners are missing or cross over cannot be placed; they are counted, and since they may have lain
  anywhere, on top of the others too, none of the others is trusted.

Without regions, PixelSpacing (PS3.3 10.7) counts for the whole picture: it is the distance in the patient.
ImagerPixelSpacing is the distance on a detector and NominalScannedPixelSpacing the distance on a scanned film; neither
is one in the body, and ultrasound has no rule that turns them into one. PixelAspectRatio is no length. They are shown,
and not trusted. Where regions are present but unusable, PixelSpacing is not asked: it was written by whoever wrote
them. There is no default.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import IntEnum
from typing import TypeVar

from pydicom.dataset import Dataset

from fetalclip_app.domain.calibration import (
    Box,
    Calibration,
    CalibrationSource,
    Distrust,
    PixelSpacing,
    Region,
    RegionKind,
    Statement,
    Verdict,
)
from fetalclip_app.domain.region_axes import Axis, DataType, RegionFacts, SpatialFormat, Unit
from fetalclip_app.imaging.dicom.element_numbers import numbers_of, single_number_of
from fetalclip_app.imaging.dicom.kinds_of_value import is_whole, set_right

_MM_PER_CM = 10.0
_TISSUE_TYPES = (DataType.TISSUE, DataType.COLOUR_FLOW)
_MOST_REGIONS = 1000
"""Scanners write one to four. A sequence of a hundred thousand items is damage, and takes long."""

_OVERHANG = 1
"""Pixels by which a region may reach out of the picture and still be its own."""

_PLAUSIBLE_MM = (0.001, 10.0)
"""Side of a pixel. Our choice, wide on both sides: catheters of 60 MHz have some 5 micrometres a pixel, and a thumbnail
of a deep abdomen, 64 lines high, some 5 mm. What lies outside is damage, or a unit that was mistaken."""

_CORNERS = ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1")
_FILM_SPACINGS = ("NominalScannedPixelSpacing", "ImagerPixelSpacing")
_REGIONS = "SequenceOfUltrasoundRegions"
_GROUP = 0x0018
_DISTRUST_OF = {
    Verdict.UNREADABLE: Distrust.NO_DELTA,
    Verdict.IMPLAUSIBLE: Distrust.IMPLAUSIBLE,
    Verdict.NOT_IN_BODY: Distrust.NOT_LENGTH,
}
_BESIDE_REGIONS = ("PixelSpacing", *_FILM_SPACINGS, "PixelAspectRatio")
_OF_A_REGION = (
    *(*_CORNERS, "RegionSpatialFormat", "RegionDataType", "RegionFlags"),
    *(f"{name}{axis}" for name in ("PhysicalDelta", "ReferencePixelPhysicalValue") for axis in "XY"),
    *(f"PhysicalUnits{axis}Direction" for axis in "XY"),
    *(f"ReferencePixel{axis}0" for axis in "XY"),
)

Code = TypeVar("Code", bound=IntEnum)


def calibration_of(dataset: Dataset, height: int, width: int) -> Calibration | None:
    """Return every scale that a DICOM header states for a picture of ``height`` x ``width`` pixels.

    None where the header states none.
    """
    set_right(dataset, (_REGIONS, *_BESIDE_REGIONS))
    items = _items(dataset)
    if items is None:
        return Calibration(CalibrationSource.ULTRASOUND_REGION, (), unplaced=1)
    placed = [region for region in (_region(item, height, width) for item in items) if region is not None]
    statements = tuple(_statements(dataset, has_regions=bool(items)))
    if items:
        unplaced = len(items) - len(placed)
        regions = tuple(_beside_the_lost(placed) if unplaced else _of_this_picture(placed))
        return Calibration(CalibrationSource.ULTRASOUND_REGION, regions, statements=statements, unplaced=unplaced)
    whole = _whole_picture(statements, Box(0, 0, width, height))
    if whole is None:
        return Calibration(CalibrationSource.NONE, (), statements=statements) if statements else None
    return Calibration(CalibrationSource.PIXEL_SPACING, (whole,), statements=statements)


def _items(dataset: Dataset) -> list[Dataset] | None:
    """Return the items of the sequence of regions; none where there is no sequence, None where it is unreadable."""
    if _REGIONS not in dataset:
        return []
    try:
        items = dataset[_REGIONS].value
    except (LookupError, ValueError, TypeError, NotImplementedError, EOFError, OSError):
        return None
    if not isinstance(items, Sequence) or isinstance(items, (str, bytes)):
        return None if items else []
    if len(items) > _MOST_REGIONS:
        return None
    for item in items:
        if not _is_of_one_piece(item):
            return None
        set_right(item, _OF_A_REGION)
    return list(items)


def _is_of_one_piece(item: Dataset) -> bool:
    """Whether an item holds what a region can: group 0018 (PS3.3 C.8.5.5), and private elements with their creator.

    A length that lies lets an item swallow the next one or break off, and the bytes between become elements of
    any tag, or one that is shorter than it says; the region that is lost so may have lain on top of the others.
    """
    tags = list(item.keys())
    creators = {tag.group for tag in tags if tag.is_private_creator}
    known = all(tag.group == _GROUP or tag.group in creators for tag in tags)
    return bool(tags) and known and all(is_whole(item, tag) for tag in tags)


def _of_this_picture(regions: Sequence[Region]) -> Iterable[Region]:
    """Trust none of the regions where one of them shows that they were written for another picture."""
    is_stale = any(region.distrust is Distrust.OUTSIDE_PICTURE for region in regions)
    for region in regions:
        fits = region.distrust is not Distrust.OUTSIDE_PICTURE
        yield replace(region, distrust=Distrust.OTHER_PICTURE) if is_stale and fits else region


def _beside_the_lost(regions: Sequence[Region]) -> Iterable[Region]:
    """Trust none of the regions where another one, which may have lain on top of them, cannot be placed."""
    for region in regions:
        yield replace(region, distrust=region.distrust or Distrust.BESIDE_UNPLACED)


def _region(item: Dataset, height: int, width: int) -> Region | None:
    corners = [single_number_of(item, keyword) for keyword in _CORNERS]
    left, top, right, bottom = (None if corner is None else int(corner) for corner in corners)
    if left is None or top is None or right is None or bottom is None or right < left or bottom < top:
        return None
    box = Box(left, top, right + 1, bottom + 1)
    facts = _facts(item, box)
    spacing, distrust = _scale(item)
    if _is_outside(box, height, width):
        return Region(box, _kind(facts), spacing, Distrust.OUTSIDE_PICTURE, facts)
    clipped = Box(max(box.left, 0), max(box.top, 0), min(box.right, width), min(box.bottom, height))
    return Region(clipped, _kind(facts), spacing, distrust, facts)


def _is_outside(box: Box, height: int, width: int) -> bool:
    """Whether a region reaches out by more than the tolerated pixel, or lies outside altogether."""
    reaches = max(-box.left, -box.top, box.right - width, box.bottom - height) > _OVERHANG
    return reaches or box.overlap(Box(0, 0, width, height)) == 0


def _kind(facts: RegionFacts) -> RegionKind:
    is_flat = facts.spatial_format is SpatialFormat.TWO_DIMENSIONAL
    return RegionKind.TISSUE if is_flat and facts.data_type in _TISSUE_TYPES else RegionKind.OTHER


def _facts(item: Dataset, box: Box) -> RegionFacts:
    flags = int(single_number_of(item, "RegionFlags") or 0)
    return RegionFacts(
        spatial_format=_code(item, "RegionSpatialFormat", SpatialFormat),
        data_type=_code(item, "RegionDataType", DataType),
        is_low_priority=bool(flags & 1),
        is_scale_protected=bool(flags & 2),
        counts_frequency=bool(flags & 4),
        x=_axis(item, "X", box.left),
        y=_axis(item, "Y", box.top),
    )


def _code(item: Dataset, keyword: str, codes: type[Code]) -> Code | None:
    value = single_number_of(item, keyword)
    return codes(int(value)) if value is not None and value in list(codes) else None


def _axis(item: Dataset, name: str, corner: int) -> Axis | None:
    """Return one direction of a region; the file counts its reference pixel from the region's corner."""
    delta = single_number_of(item, f"PhysicalDelta{name}")
    if delta is None or single_number_of(item, f"PhysicalUnits{name}Direction") is None:
        return None
    unit = _code(item, f"PhysicalUnits{name}Direction", Unit)
    reference = single_number_of(item, f"ReferencePixel{name}0")
    value = single_number_of(item, f"ReferencePixelPhysicalValue{name}")
    if reference is None or value is None:
        return Axis(unit, delta)
    return Axis(unit, delta, corner + reference, value)


def _scale(item: Dataset) -> tuple[PixelSpacing | None, Distrust | None]:
    units = [single_number_of(item, f"PhysicalUnits{axis}Direction") for axis in "XY"]
    if units != [Unit.CENTIMETRE, Unit.CENTIMETRE]:
        return None, Distrust.NOT_LENGTH
    return _spacing(single_number_of(item, "PhysicalDeltaY"), single_number_of(item, "PhysicalDeltaX"), _MM_PER_CM)


def _spacing(
    row: float | None, column: float | None, mm_per_unit: float
) -> tuple[PixelSpacing | None, Distrust | None]:
    row_mm, column_mm = abs(row or 0.0) * mm_per_unit, abs(column or 0.0) * mm_per_unit
    if not (0 < row_mm < math.inf and 0 < column_mm < math.inf):
        return None, Distrust.NO_DELTA
    if not all(_PLAUSIBLE_MM[0] <= side <= _PLAUSIBLE_MM[1] for side in (row_mm, column_mm)):
        return None, Distrust.IMPLAUSIBLE
    return PixelSpacing(row_mm, column_mm), None


def _statements(dataset: Dataset, *, has_regions: bool) -> Iterable[Statement]:
    """Yield what the attributes beside the regions say, in the order of their rank (row first, PS3.3 10.7.1.3)."""
    for keyword in ("PixelSpacing", *_FILM_SPACINGS):
        if dataset.get(keyword):
            values = numbers_of(dataset, keyword)
            spacing, distrust = _spacing(values[0], values[1], 1.0) if len(values) == 2 else (None, Distrust.NO_DELTA)
            yield Statement(keyword, _verdict(keyword, distrust, has_regions=has_regions), spacing)
    ratio = numbers_of(dataset, "PixelAspectRatio")
    if len(ratio) == 2 and min(ratio) > 0:
        yield Statement("PixelAspectRatio", Verdict.RATIO_ONLY, ratio=ratio[0] / ratio[1])


def _verdict(keyword: str, distrust: Distrust | None, *, has_regions: bool) -> Verdict:
    if distrust is not None:
        return Verdict.IMPLAUSIBLE if distrust is Distrust.IMPLAUSIBLE else Verdict.UNREADABLE
    if keyword in _FILM_SPACINGS:
        return Verdict.NOT_IN_BODY
    return Verdict.REGIONS_FIRST if has_regions else Verdict.USED


def _whole_picture(statements: Sequence[Statement], box: Box) -> Region | None:
    """Return the scale of the whole picture by the first statement that is one of length."""
    first = next((one for one in statements if one.verdict is not Verdict.RATIO_ONLY), None)
    if first is None:
        return None
    return Region(box, RegionKind.TISSUE, first.spacing, _DISTRUST_OF.get(first.verdict))

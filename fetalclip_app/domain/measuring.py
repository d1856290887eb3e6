"""How far apart two points of a picture are: in mm inside one 2-D tissue region, in what the axes count elsewhere.

The rules, from DICOM PS3.3 C.8.5.5 (US Region Calibration):

- Both points must lie in one region that shows tissue in two dimensions and has a trusted scale. The distance is
  that of the two steps, each times its own delta: the axes of a region need not have the same scale.
- Where regions meet, one of high priority lies on top of those of low priority (bit 0 of the flags). A point that
  another region covers as well can be measured only where that one has the same scale, or lies beneath.
- A bar or graphics that says of both axes that they count nothing says nothing of scale; it only hides what it lies on
  top of. Any other region without units may hide another picture, and contests.
- Between points of a spectrum, an M-mode or a trace the steps are told in what its axes count: seconds, cm/s.
  The depth of an M-mode is no length between two places of the body, so it is not told in mm.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from fetalclip_app.domain.calibration import Box, Calibration, PixelSpacing, Point, Region, RegionKind
from fetalclip_app.domain.region_axes import LENGTH_FREE, DataType, SpatialFormat, Unit

BORDER_SHARE = 0.05
"""A box may be covered by another region up to this share: a bar, or the edge of a trace. Our choice."""

_FURNITURE_FORMATS = (SpatialFormat.NONE, SpatialFormat.GRAPHICS)
_FURNITURE_DATA = (DataType.NONE, DataType.GRAY_BAR, DataType.COLOUR_BAR)


class Refusal(StrEnum):
    """Why a distance has no millimetres."""

    NO_SCALE = "no_scale"
    OUTSIDE_REGIONS = "outside_regions"
    ACROSS_REGIONS = "across_regions"
    OVERLAP = "overlapping_regions"
    NOT_TISSUE = "not_tissue"
    UNTRUSTED = "untrusted_region"


@dataclass(frozen=True, slots=True)
class Change:
    """How far two points lie apart along one axis of a spectrum, an M-mode or a trace."""

    unit: Unit
    amount: float


@dataclass(frozen=True, slots=True)
class Measured:
    """The distance of two points.

    Attributes:
        length_mm: None with a ``refusal``.
        changes: Along x, then along y, where an axis of the region counts something other than a length.
    """

    length_px: float
    length_mm: float | None = None
    refusal: Refusal | None = None
    changes: tuple[Change, ...] = ()


def measure(calibration: Calibration | None, first: Point, last: Point) -> Measured:
    """Return how far apart two points (x, y), in frame pixels, are."""
    length_px = math.dist(first, last)
    region = region_of_points(calibration, (first, last))
    if isinstance(region, Refusal):
        other = _other_region(calibration, (first, last)) if region is Refusal.NOT_TISSUE else None
        return Measured(length_px, refusal=region, changes=_changes(other, first, last) if other is not None else ())
    assert region.spacing is not None
    return Measured(length_px, distance_mm(region.spacing, first, last))


def distance_mm(spacing: PixelSpacing, first: Point, last: Point) -> float:
    """Return the distance of two points by one scale."""
    return math.hypot((last[0] - first[0]) * spacing.column_mm, (last[1] - first[1]) * spacing.row_mm)


def region_of_points(calibration: Calibration | None, points: Sequence[Point]) -> Region | Refusal:
    """Return the one region whose scale holds for all these points, or why there is none.

    No point at all lies in no region.
    """
    if not points:
        return Refusal.OUTSIDE_REGIONS
    if calibration is None or not calibration.regions:
        return Refusal.NO_SCALE
    holding = [region for region in calibration.regions if all(_holds(region, point) for point in points)]
    usable = [region for region in holding if region.is_usable]
    if not usable:
        return _why_none(calibration, holding, points)
    touching = [other for other in calibration.regions if any(_holds(other, point) for point in points)]
    free = [region for region in usable if not rivals(touching, region)]
    return max(free, key=lambda region: region.box.area) if free else Refusal.OVERLAP


def region_of_box(calibration: Calibration | None, box: Box) -> Region | None:
    """Return the region whose scale holds for what a box of the picture shows, or None.

    It holds at least half of the box, and no region that says otherwise covers more of it than a border does.
    """
    regions = calibration.regions if calibration is not None else ()
    holding = [region for region in regions if region.is_usable and region.box.overlap(box) >= 0.5 * box.area]
    for region in sorted(holding, key=lambda region: region.box.overlap(box), reverse=True):
        if all(other.box.overlap(box) <= BORDER_SHARE * box.area for other in rivals(regions, region)):
            return region
    return None


def rivals(regions: Sequence[Region], region: Region) -> tuple[Region, ...]:
    """Return those of the regions that say otherwise than ``region`` where they cover it."""
    return tuple(other for other in regions if other is not region and contests(other, region))


def inside(points: Sequence[Point], height: int, width: int) -> tuple[Point, ...]:
    """Return those of an outline's points that lie on the picture: an outline may leave it."""
    whole = Box(0, 0, width, height)
    return tuple(point for point in points if whole.contains(*point))


def _holds(region: Region, point: Point) -> bool:
    return region.box.contains(*point)


def contests(other: Region, region: Region) -> bool:
    """Whether, where both lie, the other region takes the scale from this one."""
    if not other.is_placed or (other.is_usable and other.has_scale_of(region)):
        return False
    if other.is_low_priority != region.is_low_priority:
        return region.is_low_priority
    return not _counts_nothing(other)


def _counts_nothing(region: Region) -> bool:
    """Whether this is a bar or graphics, and says itself that its axes count nothing."""
    facts = region.facts
    if facts is None or facts.x is None or facts.y is None or region.kind is RegionKind.TISSUE:
        return False
    is_furniture = facts.spatial_format in _FURNITURE_FORMATS or facts.data_type in _FURNITURE_DATA
    return is_furniture and facts.x.unit is Unit.NONE and facts.y.unit is Unit.NONE


def _why_none(calibration: Calibration, holding: Sequence[Region], points: Sequence[Point]) -> Refusal:
    if any(region.kind is RegionKind.TISSUE for region in holding):
        return Refusal.UNTRUSTED
    if holding:
        return Refusal.NOT_TISSUE
    if not calibration.is_usable:
        return Refusal.UNTRUSTED if any(r.kind is RegionKind.TISSUE for r in calibration.regions) else Refusal.NO_SCALE
    placed = [any(_holds(region, point) for region in calibration.regions) for point in points]
    return Refusal.ACROSS_REGIONS if all(placed) else Refusal.OUTSIDE_REGIONS


def _other_region(calibration: Calibration | None, points: Sequence[Point]) -> Region | None:
    """Return the one region that is no tissue, has trusted axes and holds all points; None where several do."""
    regions = calibration.regions if calibration is not None else ()
    holding = [r for r in regions if r.facts is not None and r.is_placed and all(_holds(r, point) for point in points)]
    on_top = [region for region in holding if not region.is_low_priority] or holding
    return on_top[0] if len(on_top) == 1 else None


def _changes(region: Region, first: Point, last: Point) -> tuple[Change, ...]:
    if region.facts is None:
        return ()
    found = []
    for axis, start, end in ((region.facts.x, first[0], last[0]), (region.facts.y, first[1], last[1])):
        if axis is not None and axis.unit is not None and axis.unit in LENGTH_FREE:
            found.append(Change(axis.unit, axis.change(start, end)))
    return tuple(found)

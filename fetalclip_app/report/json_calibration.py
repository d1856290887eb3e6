"""The scale of a picture as the JSON document has it."""

from __future__ import annotations

from typing import Any

from fetalclip_app.domain.calibration import Box, Calibration, Region, Ruler, Statement
from fetalclip_app.domain.region_axes import Axis, RegionFacts
from fetalclip_app.report.json_values import number


def calibration(found: Calibration | None) -> dict[str, Any] | None:
    """Return every region with its axes, what else the file says, and how a person stated a scale."""
    if found is None:
        return None
    table: dict[str, Any] = {
        "source": str(found.source),
        "trusted": found.is_usable,
        "regions": [_region(region) for region in found.regions],
        "unplaced_regions": found.unplaced,
        "statements": [_statement(one) for one in found.statements],
    }
    if found.overridden is not None:
        table["overridden"] = calibration(found.overridden)
    return table


def _region(region: Region) -> dict[str, Any]:
    spacing = region.spacing
    return {
        **box(region.box),
        "kind": str(region.kind),
        "row_mm": None if spacing is None else number(spacing.row_mm),
        "column_mm": None if spacing is None else number(spacing.column_mm),
        "trusted": region.is_usable,
        "distrust": None if region.distrust is None else str(region.distrust),
        "by_hand": region.is_manual,
        **({} if region.ruler is None else {"ruler": _ruler(region.ruler)}),
        **({} if region.facts is None else _facts(region.facts)),
    }


def _facts(facts: RegionFacts) -> dict[str, Any]:
    return {
        "spatial_format": None if facts.spatial_format is None else facts.spatial_format.name.lower(),
        "data_type": None if facts.data_type is None else facts.data_type.name.lower(),
        "low_priority": facts.is_low_priority,
        "scale_protected": facts.is_scale_protected,
        "counts_frequency": facts.counts_frequency,
        "x": None if facts.x is None else _axis(facts.x),
        "y": None if facts.y is None else _axis(facts.y),
    }


def _axis(axis: Axis) -> dict[str, Any]:
    return {
        "unit": None if axis.unit is None else axis.unit.name.lower(),
        "per_pixel": number(axis.delta),
        "reference_pixel": None if axis.origin_px is None else number(axis.origin_px),
        "reference_value": None if axis.origin_px is None else number(axis.origin_value),
    }


def _statement(one: Statement) -> dict[str, Any]:
    return {
        "attribute": one.name,
        "verdict": str(one.verdict),
        "row_mm": None if one.spacing is None else number(one.spacing.row_mm),
        "column_mm": None if one.spacing is None else number(one.spacing.column_mm),
        "ratio": None if one.ratio is None else number(one.ratio),
    }


def _ruler(line: Ruler) -> dict[str, Any]:
    ends = [[number(x), number(y)] for x, y in (line.first, line.last)]
    return {"first": ends[0], "last": ends[1], "length_mm": number(line.length_mm)}


def box(place: Box) -> dict[str, int]:
    """Return the corners of a box: left and top inside, right and bottom outside."""
    return {"left": place.left, "top": place.top, "right": place.right, "bottom": place.bottom}

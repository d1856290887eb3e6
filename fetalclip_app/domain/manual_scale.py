"""A scale that a person states: for the whole picture, or for the region of it in which the ruler was laid.

What the file says of *places* is kept: a spectrum beside the picture stays a spectrum, and a stated scale is one of the
2-D picture only. Where the file's regions lie outside the picture they are of another picture, and count for nothing.
"""

from __future__ import annotations

import math
from dataclasses import replace

from fetalclip_app.domain.calibration import (
    Box,
    Calibration,
    CalibrationSource,
    PixelSpacing,
    Region,
    RegionKind,
    Ruler,
)
from fetalclip_app.domain.measuring import Refusal


def stated_calibration(pixel_mm: float, height: int, width: int, *, said: Calibration | None = None) -> Calibration:
    """Return a scale of square pixels for the whole picture.

    Args:
        said: What the file says.
    """
    whole = Region(Box(0, 0, width, height), RegionKind.TISSUE, PixelSpacing.square(pixel_mm), is_manual=True)
    return _by_hand((whole, *_beside(said)), said)


def ruled_calibration(
    ruler: Ruler, height: int, width: int, *, said: Calibration | None = None
) -> Calibration | Refusal:
    """Return the scale that a line of known length gives, or why it gives none.

    The line may lie beside the picture, along the scanner's own ruler, where the file knows no more than one tissue
    region. The proportions of a pixel are the file's where it states them, else a pixel counts as square.

    Args:
        said: What the file says.

    Raises:
        ValueError: The line has no length.
    """
    if not (ruler.length_mm > 0 and math.isfinite(ruler.length_mm)) or ruler.first == ruler.last:
        raise ValueError("a ruler without a length")
    region = _ruled_region(ruler, said)
    if isinstance(region, Refusal):
        return region
    ratio = _proportion(said, region)
    width_mm = ruler.length_mm / math.hypot(ruler.last[0] - ruler.first[0], (ruler.last[1] - ruler.first[1]) * ratio)
    spacing = PixelSpacing(row_mm=width_mm * ratio, column_mm=width_mm)
    if region is None or said is None:
        made = Region(Box(0, 0, width, height), RegionKind.TISSUE, spacing, is_manual=True)
        return _by_hand((made, *_beside(said)), said, ruler)
    made = replace(region, spacing=spacing, distrust=None, is_manual=True)
    return _by_hand((made, *(other for other in said.regions if other is not region)), said, ruler)


def _beside(said: Calibration | None) -> tuple[Region, ...]:
    """Return the spectra, traces and bars that a picture has beside or over its tissue."""
    regions = said.regions if said is not None else ()
    return tuple(region for region in regions if region.kind is RegionKind.OTHER and region.is_placed)


def _by_hand(regions: tuple[Region, ...], said: Calibration | None, ruler: Ruler | None = None) -> Calibration:
    replaced = said is not None and said.is_usable
    source = CalibrationSource.USER_OVERRIDE if replaced else CalibrationSource.USER
    return Calibration(source, regions, overridden=said, ruler=ruler)


def _ruled_region(ruler: Ruler, said: Calibration | None) -> Region | Refusal | None:
    """Return the tissue region that a ruler is for; None for the whole picture."""
    regions = [region for region in said.regions if region.facts is not None and region.is_placed] if said else []
    tissue = [region for region in regions if region.kind is RegionKind.TISSUE]
    ends = (ruler.first, ruler.last)
    around = [region for region in tissue if all(region.box.contains(*end) for end in ends)]
    if around:
        return min(around, key=lambda region: region.box.area)
    touched = [region for region in regions if any(region.box.contains(*end) for end in ends)]
    if any(region.kind is RegionKind.OTHER for region in touched):
        return Refusal.NOT_TISSUE
    if len(tissue) > 1:
        return Refusal.ACROSS_REGIONS if touched else Refusal.OUTSIDE_REGIONS
    return tissue[0] if tissue else None


def _proportion(said: Calibration | None, region: Region | None) -> float:
    """Return the height of a pixel by its width."""
    if region is not None and region.spacing is not None:
        return region.spacing.row_mm / region.spacing.column_mm
    ratios = [one.ratio for one in said.statements if one.ratio] if said is not None else []
    return ratios[0] if ratios else 1.0

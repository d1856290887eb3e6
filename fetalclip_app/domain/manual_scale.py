"""A scale that a person states: a number for all of the picture, or a ruler for the region in which it was laid.

What the file says of *places* is kept: a spectrum beside the picture stays a spectrum, two pictures side by side stay
two, and a stated scale is one of 2-D pictures only. Where the file's regions lie outside the picture they are of
another picture, and count for nothing.
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
from fetalclip_app.domain.measuring import Refusal, contests


def stated_calibration(pixel_mm: float, height: int, width: int, *, now: Calibration | None = None) -> Calibration:
    """Return a scale of square pixels for every 2-D picture that the file places, or for the whole picture.

    Args:
        now: The calibration that it replaces.
    """
    said = now.as_the_file_says if now is not None else None
    spacing = PixelSpacing.square(pixel_mm)
    tissue = _placed_tissue(said)
    regions = [replace(region, spacing=spacing, distrust=None, is_manual=True) for region in tissue]
    whole = Region(Box(0, 0, width, height), RegionKind.TISSUE, spacing, is_manual=True)
    return _by_hand((*(regions or [whole]), *_beside(said)), said)


def ruled_calibration(
    ruler: Ruler, height: int, width: int, *, now: Calibration | None = None
) -> Calibration | Refusal:
    """Return the scale that a line of known length gives, or why it gives none.

    It holds for the region in which the line lies, and for regions that have the scale of that one now, such as the
    colour box over it; what a ruler stated of another region before stays. The line may lie beside the picture, along
    the scanner's own ruler, where the file knows no more than one scale. The proportions of a pixel are the file's
    where it states them, else a pixel counts as square.

    Args:
        now: The calibration that it changes.

    Raises:
        ValueError: The line has no length.
    """
    if not (ruler.length_mm > 0 and math.isfinite(ruler.length_mm)) or ruler.first == ruler.last:
        raise ValueError("a ruler without a length")
    said = now.as_the_file_says if now is not None else None
    base = now if now is not None and _placed_tissue(now) else said
    region = _ruled_region(ruler, base)
    if isinstance(region, Refusal):
        return region
    ratio = _proportion(said, region)
    width_mm = ruler.length_mm / math.hypot(ruler.last[0] - ruler.first[0], (ruler.last[1] - ruler.first[1]) * ratio)
    spacing = PixelSpacing(row_mm=width_mm * ratio, column_mm=width_mm)
    if region is None or base is None:
        made = Region(Box(0, 0, width, height), RegionKind.TISSUE, spacing, is_manual=True, ruler=ruler)
        return _by_hand((made, *_beside(said)), said)
    return _by_hand(
        tuple(
            replace(each, spacing=spacing, distrust=None, is_manual=True, ruler=ruler)
            if each is region or (each.is_placed and each.has_scale_of(region))
            else each
            for each in base.regions
        ),
        said,
    )


def _placed_tissue(calibration: Calibration | None) -> list[Region]:
    """Return the 2-D pictures that a file places."""
    regions = calibration.regions if calibration is not None else ()
    return [r for r in regions if r.kind is RegionKind.TISSUE and r.facts is not None and r.is_placed]


def _beside(said: Calibration | None) -> tuple[Region, ...]:
    """Return the spectra, traces and bars that a picture has beside or over its tissue."""
    regions = said.regions if said is not None else ()
    return tuple(region for region in regions if region.kind is RegionKind.OTHER and region.is_placed)


def _by_hand(regions: tuple[Region, ...], said: Calibration | None) -> Calibration:
    replaced = said is not None and said.is_usable
    source = CalibrationSource.USER_OVERRIDE if replaced else CalibrationSource.USER
    return Calibration(source, regions, overridden=said)


def _ruled_region(ruler: Ruler, base: Calibration | None) -> Region | Refusal | None:
    """Return the tissue region that a ruler is for; None for the whole picture."""
    tissue, ends = _placed_tissue(base), (ruler.first, ruler.last)
    touched = [region for region in _beside(base) if any(region.box.contains(*end) for end in ends)]
    around = [region for region in tissue if all(region.box.contains(*end) for end in ends)]
    chosen = min(around, key=lambda region: region.box.area, default=None)
    if any(chosen is None or contests(region, chosen) for region in touched):
        return Refusal.NOT_TISSUE
    if chosen is not None:
        return chosen
    partly = any(region.box.contains(*end) for region in tissue for end in ends)
    if len(tissue) > 1 and not all(region.has_scale_of(tissue[0]) for region in tissue):
        return Refusal.ACROSS_REGIONS if partly else Refusal.OUTSIDE_REGIONS
    return tissue[0] if tissue else None


def _proportion(said: Calibration | None, region: Region | None) -> float:
    """Return the height of a pixel by its width, as the file has it."""
    if region is not None and region.spacing is not None:
        return region.spacing.row_mm / region.spacing.column_mm
    for one in said.statements if said is not None else ():
        if one.spacing is not None:
            return one.spacing.row_mm / one.spacing.column_mm
        if one.ratio is not None:
            return one.ratio
    return 1.0

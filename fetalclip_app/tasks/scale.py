"""The one scale that holds for what a task measured, or why none does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.calibration import PixelSpacing, Point, Region
from fetalclip_app.domain.measuring import Refusal, inside, region_of_points, rivals
from fetalclip_app.imaging.preprocess import Letterbox, crop_spacing
from fetalclip_app.tasks.base import Scan


def spacing_of_points(scan: Scan, points: Sequence[Point]) -> PixelSpacing | Abstention:
    """Return the scale of the one 2-D tissue region that holds all points, (x, y) in frame pixels."""
    return _spacing(region_of_points(scan.clip.calibration, points))


def spacing_of_outline(scan: Scan, points: Sequence[Point]) -> PixelSpacing | Abstention:
    """Return the same for an outline; one that leaves the picture is judged by the rest of it."""
    return spacing_of_points(scan, inside(points, scan.clip.height, scan.clip.width))


def spacing_of_mask(scan: Scan, mask: NDArray[np.bool_]) -> PixelSpacing | Abstention:
    """Return the scale of the one 2-D tissue region that holds all of a mask, (height, width)."""
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return Abstention(Reason.NOT_CALIBRATED, str(Refusal.OUTSIDE_REGIONS))
    corners = [(float(x), float(y)) for x in (columns.min(), columns.max()) for y in (rows.min(), rows.max())]
    calibration = scan.clip.calibration
    region = region_of_points(calibration, corners)
    if isinstance(region, Region) and calibration is not None:
        boxes = (other.box for other in rivals(calibration.regions, region))
        if any(mask[box.top : box.bottom, box.left : box.right].any() for box in boxes):
            return Abstention(Reason.NOT_CALIBRATED, str(Refusal.OVERLAP))
    return _spacing(region)


def spacing_of_crop(scan: Scan) -> PixelSpacing | Abstention:
    """Return the scale of what the network sees."""
    spacing = crop_spacing(scan.clip.calibration, scan.crop)
    if spacing is not None:
        return spacing
    return why_no_scale(scan) or Abstention(Reason.NOT_CALIBRATED, "several_scales")


def why_no_scale(scan: Scan) -> Abstention | None:
    """Return why no part of the picture has a scale; None where some part has."""
    calibration = scan.clip.calibration
    if calibration is None or not calibration.regions:
        return Abstention(Reason.NOT_CALIBRATED, str(Refusal.NO_SCALE))
    return None if calibration.is_usable else Abstention(Reason.NOT_CALIBRATED, str(Refusal.UNTRUSTED))


def network_pixel_mm(scan: Scan) -> float:
    """Return the size of a pixel of what the network sees, the largest of the picture's scales holding.

    Raises:
        ValueError: No part of the picture has a scale.
    """
    regions = scan.clip.calibration.regions if scan.clip.calibration is not None else ()
    scales = [region.spacing for region in regions if region.is_usable and region.spacing is not None]
    largest = max(max(spacing.row_mm, spacing.column_mm) for spacing in scales)
    return largest * Letterbox(scan.crop, scan.spec.size).scale


def _spacing(found: Region | Refusal) -> PixelSpacing | Abstention:
    if isinstance(found, Refusal):
        return Abstention(Reason.NOT_CALIBRATED, str(found))
    assert found.spacing is not None
    return found.spacing

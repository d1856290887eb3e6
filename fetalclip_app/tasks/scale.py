"""The one scale that holds for what a task measured, or why none does."""

from __future__ import annotations

from collections.abc import Sequence

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.calibration import PixelSpacing, Point
from fetalclip_app.domain.measuring import Refusal, inside, region_of_points
from fetalclip_app.imaging.preprocess import crop_spacing
from fetalclip_app.tasks.base import Scan


def spacing_of_points(scan: Scan, points: Sequence[Point]) -> PixelSpacing | Abstention:
    """Return the scale of the 2-D tissue region that holds all points which lie on the picture.

    Args:
        points: (x, y) in frame pixels. An outline that leaves the picture is judged by the rest of it.
    """
    found = region_of_points(scan.clip.calibration, inside(points, scan.clip.height, scan.clip.width))
    if isinstance(found, Refusal):
        return Abstention(Reason.NOT_CALIBRATED, str(found))
    assert found.spacing is not None
    return found.spacing


def spacing_of_crop(scan: Scan) -> PixelSpacing | Abstention:
    """Return the scale of what the network sees."""
    calibration = scan.clip.calibration
    spacing = crop_spacing(calibration, scan.crop)
    if spacing is not None:
        return spacing
    if calibration is None or not calibration.regions:
        return Abstention(Reason.NOT_CALIBRATED, str(Refusal.NO_SCALE))
    detail = "several_scales" if calibration.is_usable else str(Refusal.UNTRUSTED)
    return Abstention(Reason.NOT_CALIBRATED, detail)

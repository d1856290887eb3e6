"""The shape of a video's pixels: known to the scale and its ruler, while pictures are shown as they are stored."""

from __future__ import annotations

from typing import Any

from fetalclip_app.domain.calibration import SQUARE_TOLERANCE, Calibration, CalibrationSource, Statement, Verdict


def pixel_ratio_of(stream: Any) -> float:
    """Return height to width of a pixel, as the container or else the stream says, which state width to height; or 1.

    It is of the picture as stored, before it is turned.
    """
    aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
    return float(1 / aspect) if aspect and aspect > 0 else 1.0


def proportions(ratio: float) -> Calibration | None:
    """Return what a video says of the shape of a pixel; None where it is a square.

    Args:
        ratio: Height to width of a pixel as shown.
    """
    if abs(ratio - 1) <= SQUARE_TOLERANCE * max(ratio, 1):
        return None
    said = Statement("SampleAspectRatio", Verdict.RATIO_ONLY, ratio=ratio)
    return Calibration(CalibrationSource.NONE, (), statements=(said,))

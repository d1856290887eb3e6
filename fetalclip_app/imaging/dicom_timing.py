"""When each frame of a DICOM cine was taken: the rate, and who says so.

FrameTime, FrameTimeVector, CineRate, RecommendedDisplayFrameRate, in that order; a value that is no sensible rate is
passed over. A multi-frame file without any is played at 30 a second, and marked ASSUMED.
"""

from __future__ import annotations

from pydicom.dataset import Dataset

from fetalclip_app.domain.clip import FrameRate, RateSource
from fetalclip_app.imaging.calibration import number_of, numbers_of

ASSUMED_RATE_HZ = 30.0
"""For a cine whose file states no rate."""

_SENSIBLE_RATES_HZ = (0.1, 5000.0)


def rate_of(dataset: Dataset) -> FrameRate:
    """Return frames per second; times in the file are in milliseconds (PS3.3 C.7.6.5)."""
    increments = numbers_of(dataset, "FrameTimeVector")[1:]  # the first is the time before the first frame: 0
    mean = sum(increments) / len(increments) if increments else None
    stated = (
        (_per_second(number_of(dataset, "FrameTime")), RateSource.FRAME_TIME),
        (_per_second(mean), RateSource.FRAME_TIME_VECTOR),
        (number_of(dataset, "CineRate"), RateSource.CINE_RATE),
        (number_of(dataset, "RecommendedDisplayFrameRate"), RateSource.RECOMMENDED_RATE),
    )
    slowest, fastest = _SENSIBLE_RATES_HZ
    for hz, source in stated:
        if hz is not None and slowest <= hz <= fastest:
            return FrameRate(hz, source)
    return FrameRate(ASSUMED_RATE_HZ, RateSource.ASSUMED)


def _per_second(milliseconds: float | None) -> float | None:
    return 1000.0 / milliseconds if milliseconds else None

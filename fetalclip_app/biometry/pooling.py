"""From repeats of one length to a value that a few wrong ones hardly move, and which of them are too far off."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fetalclip_app.domain.biometry import Beyond
from fetalclip_app.domain.pooled import OUTLIER_SCORE, FrameValue, PooledSize

SCALE = 1.4826
"""Median absolute deviation -> standard deviation, where values spread like a bell (Hampel 1974, JASA 69:383)."""


def pool(values_mm: Mapping[int, float], resolution_mm: float) -> tuple[PooledSize, tuple[FrameValue, ...]]:
    """Return the pooled length of frame -> length, and each value with its side if it is an outlier.

    The modified z-score 0.6745 (x - median) / MAD of Iglewicz & Hoaglin is the distance from the median in spreads.
    Frames may agree better than a picture can tell lengths apart: a value nearer to the median than
    ``resolution_mm`` is no outlier, whatever its score.

    Raises:
        ValueError: No value, or one that is not finite.
    """
    values = np.array(list(values_mm.values()), np.float64)
    if not len(values) or not np.isfinite(values).all():
        raise ValueError(f"{values_mm} cannot be pooled")
    median = float(np.median(values))
    spread = SCALE * float(np.median(np.abs(values - median)))
    reach = max(OUTLIER_SCORE * spread, resolution_mm)
    size = PooledSize(median, spread, median - reach, median + reach)
    return size, tuple(FrameValue(index, value, _side(value, size)) for index, value in sorted(values_mm.items()))


def _side(value: float, size: PooledSize) -> Beyond | None:
    if value < size.low_mm:
        return Beyond.BELOW
    return Beyond.ABOVE if value > size.high_mm else None

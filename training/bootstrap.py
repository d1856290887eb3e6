"""Intervals by resampling whole patients."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
SEED = 42


def interval(
    groups: Sequence[str], statistic: Callable[[NDArray[np.intp]], float], resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Return the 2.5 and 97.5 percentiles of a statistic over resampled groups.

    Args:
        groups: Patient or exam of each row.
        statistic: Gets row numbers, with repeats, and returns a number; NaN results are left out.
    """
    names, place = np.unique(np.array(groups), return_inverse=True)
    rows_of = [np.flatnonzero(place == number) for number in range(len(names))]
    rng = np.random.default_rng(SEED)
    values = []
    for _ in range(resamples):
        drawn = rng.integers(0, len(names), len(names))
        values.append(statistic(np.concatenate([rows_of[number] for number in drawn])))
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)

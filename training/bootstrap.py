"""Intervals by resampling whole patients."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
PUBLISHED_RESAMPLES = 10_000
"""How often FetalCLIP resampled for its zero-shot F1."""

SEED = 42
AT_ONCE = 500
"""Resamples drawn together: a table of as many rows as groups stays small."""

Floats = NDArray[np.float64]


def interval(
    groups: Sequence[str], statistic: Callable[[NDArray[np.intp]], float], resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Return the 2.5 and 97.5 percentiles of any statistic over resampled groups.

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


def interval_of_sums(
    groups: Sequence[str], parts: Floats, rate: Callable[[Floats], Floats], resamples: int = PUBLISHED_RESAMPLES
) -> tuple[float, float]:
    """Return the same percentiles for a statistic that depends on sums over rows alone.

    A draw of groups is a row of multinomial counts, so that no loop touches a picture.

    Args:
        groups: Patient or exam of each row; the rows' own numbers for an interval by picture.
        parts: (rows, K), what each row adds to the K sums.
        rate: From sums (resamples, K) to values (resamples,); NaN values are left out.
    """
    if not len(groups):
        return float("nan"), float("nan")
    names, place = np.unique(np.array(groups), return_inverse=True)
    by_group = np.zeros((len(names), parts.shape[1]))
    np.add.at(by_group, place, parts)
    values = np.concatenate([rate(counts @ by_group) for counts in draws(len(names), resamples)])
    if np.isnan(values).all():
        return float("nan"), float("nan")
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def draws(groups: int, resamples: int, seed: int = SEED) -> list[Floats]:
    """Return how often each group was drawn: tables of at most `AT_ONCE` rows, together (resamples, groups)."""
    rng = np.random.default_rng(seed)
    even = np.full(groups, 1 / groups)
    sizes = [min(AT_ONCE, resamples - start) for start in range(0, resamples, AT_ONCE)]
    return [rng.multinomial(groups, even, size).astype(float) for size in sizes]


def f1_parts(truth: Sequence[str], said: Sequence[str], classes: Sequence[str]) -> Floats:
    """Return what each row adds to hits, truths and sayings of each class: (rows, 3 x classes)."""
    true, told, names = (np.array(list(texts), str) for texts in (truth, said, classes))
    is_true, is_told = true[:, None] == names, told[:, None] == names
    parts = np.stack([is_true & is_told, is_true, is_told], axis=2)
    return parts.reshape(len(true), 3 * len(names)).astype(float)


def macro_f1_of_sums(sums: Floats) -> Floats:
    """Return macro-F1 from sums of `f1_parts`; a class that neither occurs nor is said counts 0."""
    hits, true, told = np.moveaxis(sums.reshape(len(sums), -1, 3), 2, 0)
    total = true + told
    scores: Floats = np.divide(2 * hits, total, out=np.zeros_like(hits), where=total > 0).mean(axis=1)
    return scores


def mean_of_sums(sums: Floats) -> Floats:
    """Return the mean from sums of (value, 1); NaN where nothing was drawn."""
    mean: Floats = np.divide(sums[:, 0], sums[:, 1], out=np.full(len(sums), np.nan), where=sums[:, 1] > 0)
    return mean

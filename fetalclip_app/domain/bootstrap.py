"""Intervals by resampling whole patients."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
"""Of every interval: how often FetalCLIP resampled for its zero-shot F1."""

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
    groups: Sequence[str], parts: Floats, rate: Callable[[Floats], Floats], resamples: int = RESAMPLES
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


def interval_of_auroc(
    groups: Sequence[str], truths: NDArray[np.bool_], scores: Floats, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Return the same percentiles for the AUROC, or for the mean over several questions of those that can be asked.

    A draw's AUROC is a sum over pairs of drawn groups: no loop touches a row.

    Args:
        groups: Patient of each row.
        truths: (rows, questions).
        scores: (rows, questions); a tie counts half.
    """
    names, place = np.unique(np.array(groups), return_inverse=True)
    wins, pairs = zip(
        *(_group_wins(place, len(names), *asked) for asked in zip(truths.T, scores.T, strict=True)), strict=True
    )
    values = []
    for counts in draws(len(names), resamples):
        won, met = (np.stack([((counts @ m) * counts).sum(axis=1) for m in tables]) for tables in (wins, pairs))
        asked = met > 0
        shares = np.divide(won, met, out=np.zeros_like(won), where=asked).sum(axis=0)
        values.append(np.divide(shares, asked.sum(axis=0), out=np.full(len(counts), np.nan), where=asked.any(axis=0)))
    joined = np.concatenate(values)
    if np.isnan(joined).all():
        return float("nan"), float("nan")
    low, high = np.nanpercentile(joined, [2.5, 97.5])
    return float(low), float(high)


def _group_wins(place: NDArray[np.intp], count: int, truth: NDArray[np.bool_], scores: Floats) -> tuple[Floats, Floats]:
    """Return how often a true row of one group beats a false row of another, and how often they meet."""
    wins, pairs = np.zeros((count, count)), np.zeros((count, count))
    ranked = np.sort(scores[~truth])
    order = np.argsort(scores[~truth], kind="stable")
    # Row n: how many of the n lowest false rows are of each group.
    below = np.zeros((len(ranked) + 1, count))
    below[1:] = np.cumsum(np.eye(count)[place[~truth][order]], axis=0)
    for group, score in zip(place[truth], scores[truth], strict=True):
        lower, upper = np.searchsorted(ranked, score, "left"), np.searchsorted(ranked, score, "right")
        wins[group] += (below[lower] + below[upper]) / 2
        pairs[group] += below[-1]
    return wins, pairs


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

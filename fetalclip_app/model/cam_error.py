"""By how much a Score-CAM may be wrong where its scores are: what decides whether a lower precision will do."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

CERTAINTY = 4.5
"""Standard deviations of a place's error that must stay within the tolerance. We chose it."""

SAMPLES = {16: 1.694, 32: 1.407}
"""Channels that are asked in both precisions, and what their standard deviation is multiplied by for its upper 99 %
limit: the root of (n - 1) over the 1 % quantile of chi-square with n - 1 degrees of freedom."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LogOddsError:
    """By how much a quick pass misses the log-odds of a class's probability.

    The log-odds and not the probability: a network's error hardly hangs on the picture, and what it does to the
    probability is a quarter of it in the middle and nothing at both ends. So a sample of channels that say nothing
    speaks for those that do.

    It does hang on the rivals: where the class is weighed against another one, what the network misses of that one
    counts. So a sample is asked for its margins over every other class, and what it missed is weighed anew by the
    rivals of each channel.

    Attributes:
        common: What passes have in common: one number, or errors independent of each other, (errors, channels).
        own: Standard deviation of what each pass adds: one number, or one for each channel, (channels,).
    """

    common: float | Array
    own: float | Array

    @classmethod
    def of(cls, quick: NDArray[np.float32], exact: NDArray[np.float32], channels: NDArray[np.float32]) -> LogOddsError:
        """Return the limits, sure to 99 %, that a sample sets to both.

        A mean's limit is its size and two standard deviations of it; the root of two makes that of their squares' sum.

        Args:
            quick: Margins in the lower precision, (n, other classes), n being a key of `SAMPLES`.
            exact: The same in full precision.
            channels: Margins of the channels that the sample is to speak for, (channels, other classes).
        """
        missed, count = (quick.astype(np.float64) - exact) @ rivals(channels).T, len(quick)
        mean = missed.mean(axis=0)
        spread = SAMPLES[count] * (missed - mean) / np.sqrt(count - 1)
        common = np.sqrt(2) * np.concatenate([mean[None], 2 / np.sqrt(count) * spread])
        return cls(common, np.linalg.norm(spread, axis=0))


def rivals(margins: NDArray[np.float32]) -> Array:
    """Return how much of each log-odds' change is that of each margin: shares (channels, other classes)."""
    powers = np.exp(margins.min(axis=1, keepdims=True) - margins.astype(np.float64))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def log_odds(margins: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the log-odds of a class's probability, (channels,), whose logit is that far above each other's."""
    return np.asarray(-np.logaddexp.reduce(-margins.astype(np.float64), axis=1), np.float32)


def probabilities(log_odds: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probabilities of these log-odds."""
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-log_odds.astype(np.float64))), np.float32)


def slopes(scores: NDArray[np.float32]) -> Array:
    """Return by how much each probability changes for a small change of its log-odds: p (1 - p)."""
    exact = scores.astype(np.float64)
    return np.asarray(exact * (1 - exact))


def softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return weights that add up to one."""
    powers = np.exp(scores.astype(np.float32) - scores.max())
    return np.asarray(powers / powers.sum(), np.float32)


def expected_change(
    scores: NDArray[np.float32], maps: NDArray[np.float32], error: LogOddsError, size: tuple[int, int]
) -> float:
    """Return by how much a place of the map, 0 to 1, may be wrong: zero where it is blank for sure, or infinite.

    Place p's sum is s(p) = sum of w(c) a(c, p) over the channels c, with w the softmax of the scores. Where a score is
    wrong by e(c), s(p) is wrong by the sum of w(c) e(c) (a(c, p) - s(p)) to first order. What each e(c) has of its own
    is independent of the others, and what they have in common adds some more: together a covariance between
    all places. What were common to the scores would drop out.

    The package lifts sums below zero to zero, resizes them linearly to T, and shows m = (T - low) / (high - low), low
    and high being T's lowest and highest value. (It scales before it resizes, too; as the weights of a resized place
    add up to one, that changes nothing, and its epsilons of 1e-7 are of no account.) So, to first order, m is wrong by

        (dT(x) - (1 - m) dT(lowest) - m dT(highest)) / (high - low),

    which for a resized place is the mean of its neighbours' errors by the same weights: the worst of the places that
    were summed is worse than any that is shown. A place below zero adds no error. To that come two allowances, and
    from the height is taken what it may lose:

    - crossing: a sum nearer to zero than its error may come to lie on the other side;
    - tying: another place, nearly as high as the highest (or as low as the lowest), may take its part.

    "May" is `CERTAINTY` standard deviations each time. Where all sums lie further than that below zero the map is
    blank for sure, and no error changes it; where they do not, but none is above zero, anything may appear.

    Args:
        scores: The class's probability behind each mask, (channels,).
        maps: Activations, (channels, rows, columns).
        error: Of the scores.
        size: Height and width that the map is shown in.
    """
    weights, flat = softmax(scores).astype(np.float64), maps.reshape(len(maps), -1).astype(np.float64)
    summed = weights @ flat
    wrong = (weights * slopes(scores))[:, None] * (flat - summed)
    common = np.atleast_2d(error.common * np.ones(len(wrong)))
    wrong = np.concatenate([np.reshape(error.own, (-1, 1)) * wrong, common @ wrong])
    crossing = float(max((CERTAINTY * np.linalg.norm(wrong, axis=0) - np.abs(summed)).max(), 0.0))
    lifted = np.maximum(summed, 0)
    if not lifted.any():
        return 0.0 if crossing == 0 else float("inf")
    wrong[:, summed <= 0] = 0
    shown = _Shown.of(lifted, maps.shape[1:], size)
    return shown.change(wrong.T @ wrong, crossing)


@dataclass(frozen=True, eq=False, slots=True)
class _Shown:
    """A map before it is scaled.

    Attributes:
        places: The lifted sums, (P,).
        rows: What of each row of places a row of the picture is made of, (height, rows).
        columns: The same of columns, (width, columns).
        picture: The sums resized, (height, width).
    """

    places: Array
    rows: Array
    columns: Array
    picture: Array

    @classmethod
    def of(cls, places: Array, grid: tuple[int, ...], size: tuple[int, int]) -> _Shown:
        """Return the sums of places (P,) that lie in a grid, resized as the package does."""
        rows, columns = (_resizing(n, side) for n, side in zip(grid, size, strict=True))
        return cls(places, rows, columns, rows @ places.reshape(grid) @ columns.T)

    def change(self, covariance: Array, crossing: float) -> float:
        """Return by how much the scaled map may be wrong, or infinity where its height may be nothing."""
        low, high = float(self.picture.min()), float(self.picture.max())
        lowest, highest = self._made_of(np.array([self.picture.argmin(), self.picture.argmax()]))
        height = high - low - float(_reach(covariance, highest - lowest)[0]) - crossing
        if height <= 0:
            return float("inf")
        share = ((self.places - low) / (high - low))[:, None]
        direct = _reach(covariance, np.eye(len(self.places)) - (1 - share) * lowest - share * highest).max()
        tying = self._tying(covariance, highest, high - self.picture, crossing)
        if low > 0:
            tying = max(tying, self._tying(covariance, lowest, self.picture - low, crossing))
        return float((direct + crossing + tying) / height)

    def _tying(self, covariance: Array, best: Array, behind: Array, crossing: float) -> float:
        """Return by how much a place may come before the best one, given how far all places are behind it."""
        nearest = 2 * CERTAINTY * np.sqrt(np.diagonal(covariance).max()) + crossing
        near = np.flatnonzero(behind <= nearest)
        ahead = _reach(covariance, self._made_of(near) - best) + crossing - behind.reshape(-1)[near]
        return max(float(ahead.max()), 0.0)

    def _made_of(self, pixels: NDArray[np.intp]) -> Array:
        """Return what of each place these places of the picture are made of, (N, P)."""
        y, x = np.unravel_index(pixels, self.picture.shape)
        return np.asarray((self.rows[y][:, :, None] * self.columns[x][:, None, :]).reshape(len(pixels), -1))


def _resizing(places: int, side: int) -> Array:
    """Return what of each place a resized one is made of, (side, places)."""
    return np.asarray(cv2.resize(np.eye(places), (places, side)), np.float64)


def _reach(covariance: Array, mixtures: Array) -> Array:
    """Return how far each of the mixtures (N, P) of places may be wrong, (N,)."""
    mixtures = np.atleast_2d(mixtures)
    return np.asarray(CERTAINTY * np.sqrt(np.maximum((mixtures @ covariance * mixtures).sum(axis=1), 0)))

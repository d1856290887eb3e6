"""Expected calibration error: the mean gap between confidence and accuracy over bins of equal width."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.bootstrap import Floats

BINS = 10


def error_parts(sure: NDArray[np.floating[Any]], right: NDArray[np.bool_]) -> Floats:
    """Return what each answer adds to count, confidence and hits of its bin: (answers, 3 x BINS).

    Args:
        sure: (answers,), confidence, 0 to 1.
        right: (answers,), whether the answer was right.
    """
    parts = np.zeros((len(sure), BINS, 3))
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    parts[np.arange(len(sure)), place] = np.stack([np.ones(len(sure)), sure, right], axis=1)
    return parts.reshape(len(sure), 3 * BINS)


def by_bin(sums: Floats) -> tuple[Floats, Floats, Floats]:
    """Return count, confidence and hits from sums of `error_parts`, (rows, BINS) each."""
    count, sure, right = np.moveaxis(sums.reshape(len(sums), BINS, 3), 2, 0)
    return count, sure, right


def error_of_sums(sums: Floats) -> Floats:
    """Return the error from sums of `error_parts`, (rows,)."""
    count, sure, right = by_bin(sums)
    error: Floats = np.abs(sure - right).sum(axis=1) / count.sum(axis=1)
    return error


def expected_error(probabilities: NDArray[np.float32], truth: NDArray[np.intp]) -> float:
    """Return the error of the best classes.

    Args:
        probabilities: (N, classes).
        truth: (N,), class indices.
    """
    parts = error_parts(probabilities.max(axis=1), probabilities.argmax(axis=1) == truth)
    return float(error_of_sums(parts.sum(axis=0, keepdims=True))[0])

"""From scores to shares of one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the softmax of the last axis."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: NDArray[np.float32] = (raised / raised.sum(axis=-1, keepdims=True)).astype(np.float32)
    return shares


def shares_of(
    similarity: NDArray[np.float32], scale: float, frequencies: Sequence[float] | None
) -> NDArray[np.float32]:
    """Return how probable each class is, (..., classes): by similarity, and by how often it occurs where that is known.

    Args:
        similarity: Cosines, (..., classes).
        scale: Between them and logits.
        frequencies: Of each class, above 0; their logarithm is added to the logits (Menon 2021, logit adjustment).
    """
    logits = (scale * similarity).astype(np.float32)
    return softmax(logits if frequencies is None else logits + np.log(np.array(frequencies, np.float32)))

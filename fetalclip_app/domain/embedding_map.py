"""Frames as points of a plane: the two directions in which the embeddings of a study differ most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_POINTS = 3
"""Two points lie on a line, whatever they are."""

_NO_VARIANCE = 1e-9
"""Mean squared distance from the middle below which unit rows are one and the same, but for rounding."""


# eq=False: holds arrays.
@dataclass(frozen=True, eq=False, slots=True)
class EmbeddingMap:
    """Where each frame lies.

    Attributes:
        points: float32, (N, 2): along the first and the second principal component, one scale for both.
        shares: Of the variance of all rows, what the first and what the second component hold, 0 to 1.
        clip_of, frame_of: intp, (N,): position of a point's clip among those given, and its frame in that.
    """

    points: NDArray[np.float32]
    shares: tuple[float, float]
    clip_of: NDArray[np.intp]
    frame_of: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.points)


def embedding_map(clips: Sequence[NDArray[np.float32]]) -> EmbeddingMap | None:
    """Return the map of some clips by principal component analysis; None where there is nothing to tell apart.

    The same rows give the same map: no start is random, and each component points to where its largest part is
    positive. The components are eigenvectors of the rows' covariance, which are the right singular vectors of the
    centred rows.

    Args:
        clips: Of each clip its rows (frames, D), all by one model and preprocessing.
    """
    counts = [len(clip) for clip in clips]
    if sum(counts) < LEAST_POINTS:
        return None
    rows = np.concatenate(clips)
    centred = rows - rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    covariance = (centred.T @ centred).astype(np.float64) / len(rows)
    total = float(np.trace(covariance))
    if total < _NO_VARIANCE:
        return None
    values, vectors = np.linalg.eigh(covariance)
    axes = vectors[:, ::-1][:, :2]
    largest = axes[np.abs(axes).argmax(axis=0), [0, 1]]
    axes = axes * np.where(largest < 0, -1.0, 1.0)
    first, second = (float(max(value, 0.0)) / total for value in values[::-1][:2])
    return EmbeddingMap(
        (centred @ axes.astype(np.float32)).astype(np.float32),
        (first, second),
        np.repeat(np.arange(len(clips)), counts),
        np.concatenate([np.arange(count) for count in counts]),
    )

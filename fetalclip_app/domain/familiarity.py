"""How like its training a picture is, by the density of its texture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Textures = NDArray[np.float32]
"""float32, (N, T): mean and spread of each channel of a network's early feature maps."""


# eq=False: two arrays do not compare to one bool.
@dataclass(frozen=True, eq=False, slots=True)
class Familiarity:
    """A Gaussian fitted on training pictures' textures, and how far from it a picture may lie.

    The space in which pictures meet sentences puts what it does not know beside what it knows; early feature maps
    do not (mean and covariance as in Lee et al. 2018, arXiv:1807.03888; measured in docs/results.md).

    Attributes:
        mean: float32, (T,).
        whitening: float32, (T, T): makes the training's textures uncorrelated, with a variance of one.
        limit: Largest strangeness of a picture like the training's.

    Raises:
        ValueError: The shapes do not fit, or a number is not finite.
    """

    mean: NDArray[np.float32]
    whitening: NDArray[np.float32]
    limit: float

    def __post_init__(self) -> None:
        size = self.mean.shape[0] if self.mean.ndim == 1 else -1
        if self.whitening.shape != (size, size):
            raise ValueError(f"a mean {self.mean.shape} and a whitening {self.whitening.shape} do not fit")
        if not all(np.isfinite(part).all() for part in (self.mean, self.whitening, np.array(self.limit))):
            raise ValueError("a number is not finite")

    def strangeness(self, textures: Textures) -> NDArray[np.float32]:
        """Return float32, (N,): mean squared distance along the axes, about 1 for pictures like the training's."""
        distances: NDArray[np.float32] = np.square((textures - self.mean) @ self.whitening).mean(axis=1)
        return distances

    def strangers(self, textures: Textures) -> frozenset[int]:
        """Return the rows beyond the limit; what cannot be computed is strange."""
        return frozenset(np.flatnonzero(~(self.strangeness(textures) <= self.limit)).tolist())

"""The guard against pictures unlike the training's: a Gaussian over textures, its limit from validation patients."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from fetalclip_app.domain.familiarity import Familiarity, Textures

FILE = "familiarity.safetensors"

SHRINKAGE = 0.1
"""Share of a round Gaussian in the covariance; 0.02 gave the same answers."""

REFUSED_SHARE = 0.02
"""This share of the validation pictures is called unlike the training: twice that of the other limits, since what
passes this one is measured: at one in a hundred an almost empty fan got a femur length."""

MOST_PICTURES = 1000
"""Textures have 128 numbers: more training pictures move their covariance little."""


def chosen(count: int, seed: int = 0) -> NDArray[np.intp]:
    """Return which of ``count`` training pictures the Gaussian is fitted on, in their order."""
    order = np.random.default_rng(seed).permutation(count)
    return np.sort(order[:MOST_PICTURES])


def fit(taught: Textures, held: Textures, shrinkage: float = SHRINKAGE) -> Familiarity:
    """Return the Gaussian of training pictures, with the limit that all but a share of the validation pictures keep.

    Args:
        taught: float32, (N, T), of training pictures.
        held: float32, (M, T), of validation pictures.

    Raises:
        ValueError: Fewer than two training pictures, or no validation picture.
    """
    if len(taught) < 2 or not len(held):
        raise ValueError("a guard needs training and validation pictures")
    spread = taught.std(axis=0, dtype=np.float64) + 1e-6
    even = (taught - taught.mean(axis=0, dtype=np.float64)) / spread
    covariance = (1 - shrinkage) * np.cov(even.T) + shrinkage * np.eye(len(spread))
    values, axes = np.linalg.eigh(covariance)
    whitening = (axes / np.sqrt(values)) / spread[:, None]
    plain = Familiarity(taught.mean(axis=0), whitening.astype(np.float32), 0.0)
    limit = float(np.quantile(plain.strangeness(held), 1 - REFUSED_SHARE))
    return Familiarity(plain.mean, plain.whitening, round(limit, 4))


def save(familiarity: Familiarity, folder: Path, pictures: Sequence[int]) -> dict[str, Any]:
    """Write the Gaussian beside the weights and return what the manifest says of it.

    Args:
        pictures: How many training and validation pictures it was fitted on.
    """
    content = safetensors.numpy.save({"mean": familiarity.mean, "whitening": familiarity.whitening})
    (folder / FILE).write_bytes(content)
    return {
        "file": FILE,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "limit": familiarity.limit,
        "share": REFUSED_SHARE,
        "training_pictures": pictures[0],
        "pictures": pictures[1],
    }

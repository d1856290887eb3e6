"""The network as everything above it sees it: NumPy in, NumPy out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.reading import ModelIdentity

Batch = NDArray[np.float32]
"""float32, (N, 3, S, S): what `prepare` returns, stacked."""

Embeddings = NDArray[np.float32]
"""float32, (N, D), rows of length one."""


class Backbone(Protocol):
    """Two towers that share one space."""

    @property
    def identity(self) -> ModelIdentity:
        """Which weights these are."""
        ...

    @property
    def logit_scale(self) -> float:
        """The factor (not its logarithm) between cosine similarity and logits."""
        ...

    @property
    def device(self) -> str:
        """Where it runs and how, such as ``cpu fp32``."""
        ...

    def encode_frames(self, batch: Batch) -> Embeddings:
        """Return one unit row for each picture."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """Return one unit row for each text."""
        ...


class Outliner(Protocol):
    """A mask head: which pixels belong to the fetal head."""

    def outline(self, batch: Batch) -> NDArray[np.float32]:
        """Return probabilities, float32, (N, S, S), in network pixels."""
        ...


class Explainer(Protocol):
    """Shows where in a picture a class was seen."""

    def heatmap(self, picture: NDArray[np.float32], texts: Embeddings, target: int, method: str) -> NDArray[np.float32]:
        """Return float32, (S, S), 0 to 1.

        Args:
            picture: float32, (3, S, S).
            texts: One unit row for each class; the map explains the softmax over them.
            target: Row of the class to explain.
            method: One of the methods that the model offers: ``gradcam``, ``scorecam``, ``eigencam``.
        """
        ...

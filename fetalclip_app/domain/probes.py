"""Probes: trained layers that name views without prompts, and which of the two names them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class NamedBy(StrEnum):
    """What gives a picture's view its name."""

    PROMPTS = "prompts"
    PROBE = "probe"


@dataclass(frozen=True, slots=True)
class ProbeFacts:
    """What is told of a probe.

    Attributes:
        task: Key of the task whose question it answers: ``views`` or ``brain_views``.
        sha256: Of the layer's own file.
        classes: In the order of every probability array.
        temperature: Fitted on validation patients; None where none was, and the shares are uncalibrated.
        calibration_error: Expected calibration error that remained there, 0 to 1.
        calibration_pictures: On how many pictures that error was found.
    """

    task: str
    name: str
    sha256: str
    licence: str
    classes: tuple[str, ...]
    temperature: float | None = None
    calibration_error: float | None = None
    calibration_pictures: int | None = None


class ViewProbe(Protocol):
    """One linear layer on unit rows, trained for one very set of weights."""

    @property
    def facts(self) -> ProbeFacts:
        """What is told of it."""
        ...

    @property
    def layer(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Weight, (classes, D), and bias, (classes,), of its calibrated logits."""
        ...

    def probabilities(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32, (frames, classes), rows of sum one, for unit rows (frames, D)."""
        ...

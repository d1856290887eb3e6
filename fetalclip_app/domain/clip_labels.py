"""Yes-or-no labels of whole clips or single pictures, and the heads that give them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.abstention import Abstention

FORBIDDEN = ("normal", "diagnos", "healthy")
"""No label is called so: the program judges nobody's health."""


EncodePictures = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Prepared pictures, float32 (N, 3, S, S), to unit rows, float32 (N, D)."""


class Pooling(StrEnum):
    """How the frames of a clip become one answer."""

    CONCATENATED = "concatenated"
    ATTENDED = "attended"


@dataclass(frozen=True, slots=True)
class ClipLabelFacts:
    """What is told of a clip label's head.

    Attributes:
        name: Of its file.
        sha256: Of its own weights.
        label: Short, such as ``CHD``.
        meaning: What yes means, in a sentence.
        frames: It looks at so many, at equal distances.
        view: Plane that its clips show; empty where it was trained on clips of any.
        clips, patients, positive: What it was trained on; with ``is_of_pictures`` the first counts pictures.
        auroc, low, high: By cross-validation over those patients, or of other patients where it is of pictures, with
            its 95 % interval by patient.
        generated: Trained on generated clips, or on pictures changed on purpose: it says nothing about patients.
        unlike_limit: A clip whose `strangeness` is greater is unlike the training's.
        is_of_pictures: A label of single pictures: a still gets it too, a clip that of the middle of its familiar
            frames.

    Raises:
        ValueError: The label or its meaning judges somebody's health.
    """

    name: str
    sha256: str
    licence: str
    label: str
    meaning: str
    frames: int
    pooling: Pooling
    view: str
    clips: int
    patients: int
    positive: int
    auroc: float
    low: float
    high: float
    generated: bool
    unlike_limit: float
    is_of_pictures: bool = False

    def __post_init__(self) -> None:
        refuse_judgement(self.label, self.meaning)
        if not self.label or self.frames < 1:
            raise ValueError(f"a label {self.label!r} of {self.frames} frames")
        if self.is_of_pictures and self.frames != 1:
            raise ValueError(f"a label of single pictures that looks at {self.frames}")


class ClipLabeller(Protocol):
    """A head on the unit rows of a clip's frames, trained for one very set of weights."""

    @property
    def facts(self) -> ClipLabelFacts:
        """What is told of it."""
        ...

    @property
    def encode(self) -> EncodePictures | None:
        """Makes its rows, where it does not read those that the program has anyway."""
        ...

    def probability(self, rows: NDArray[np.float32]) -> float:
        """Return how probable a yes is, 0 to 1, for unit rows (frames, D) in the order of time."""
        ...

    def strangeness(self, rows: NDArray[np.float32]) -> float:
        """Return how far the clip lies from those of the training: 1 is an ordinary distance."""
        ...


@dataclass(frozen=True, slots=True)
class ClipLabel:
    """One label's answer for a clip.

    Attributes:
        probability: Of a yes, or why there is none.
        frame_index: The frame that a label of pictures looked at, from 0; None where it is of the clip, or at none.
    """

    head: ClipLabelFacts
    probability: float | Abstention
    frame_index: int | None = None


@dataclass(frozen=True, slots=True)
class ClipLabels:
    """Every label that a model was asked for in a clip."""

    labels: tuple[ClipLabel, ...]


def frames_taken(count: int, wanted: int) -> list[int]:
    """Return ``wanted`` frames of ``count`` at equal distances; a shorter clip repeats some."""
    return [int(step) for step in np.floor((np.arange(wanted) + 0.5) * count / wanted)]


def refuse_judgement(*texts: str) -> None:
    """Refuse words that judge somebody's health.

    Raises:
        ValueError: One of the texts does.
    """
    for text in texts:
        for word in FORBIDDEN:
            if word in text.lower():
                raise ValueError(f"{text!r}: say what is seen, and not {word!r}")

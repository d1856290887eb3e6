"""The network as everything above it sees it: NumPy in, NumPy out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.age import LimitGround
from fetalclip_app.domain.familiarity import Familiarity, Textures
from fetalclip_app.domain.reading import ModelIdentity
from fetalclip_app.progress import Report, silent

Batch = NDArray[np.float32]
"""float32, (N, 3, S, S): what `prepare` returns, stacked."""

Embeddings = NDArray[np.float32]
"""float32, (N, D), rows of length one."""

_ROUNDING = 1e-3
"""How far written shares may be from a sum of 1."""


@dataclass(frozen=True, slots=True)
class ViewCalibration:
    """The part of a calibration that belongs to one set of classes. None: was not fitted.

    Attributes:
        scale: Factor between cosine similarity and logits that calibrates percentages.
        error: Expected calibration error that remained, 0 to 1.
        pictures: On how many pictures that error was found.
        lead: A class is clear where it leads the second by this much, 0 to 1.
        frequencies: How often each class occurs in the training, in the order of the set, above 0 and of sum 1: the
            similarity to prompts that were learned by contrast knows nothing of it (Menon 2021, logit adjustment).
    """

    scale: float | None = None
    error: float | None = None
    pictures: int | None = None
    lead: float | None = None
    frequencies: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        shares = self.frequencies
        if shares is not None and not (all(share > 0 for share in shares) and abs(sum(shares) - 1) < _ROUNDING):
            raise ValueError(f"frequencies {shares} are not above 0 and of sum 1")


@dataclass(frozen=True, slots=True)
class ModelCalibration:
    """What was fitted on validation patients and belongs to one weight file. None: was not fitted.

    Attributes:
        views, brain_views: Of the planes, and of the brain's sub-planes.
        familiarity: Which pictures are like the training's, by their texture.
        familiar_similarity: Where there is no ``familiarity``: a picture whose best similarity to the trained views
            lies below is unlike the training's.
        spread_limit_days: Ages whose best candidates spread over more days are not given.
        spread_limit_ground: What that limit rests on, where there is one.
        age_error_days: This share (``age_error_level``) of the reference ages lay within so many days.
        age_reference: What the ages were compared with.
        learned_from_head_size: The training's ages came from head circumferences.
        outline_fit_limit: Outlines that resemble an ellipse less (intersection over union) are not measured.
    """

    views: ViewCalibration = ViewCalibration()
    brain_views: ViewCalibration = ViewCalibration()
    familiarity: Familiarity | None = None
    familiar_similarity: float | None = None
    spread_limit_days: int | None = None
    spread_limit_ground: LimitGround = LimitGround.VALIDATION
    age_error_days: float | None = None
    age_error_level: float = 0.9
    age_reference: str = ""
    learned_from_head_size: bool = False
    outline_fit_limit: float = 0.9


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

    @property
    def frames_at_once(self) -> int:
        """How many pictures it is best given at a time."""
        ...

    def encode_frames(self, batch: Batch) -> Embeddings:
        """Return one unit row for each picture."""
        ...

    def encode_with_texture(self, batch: Batch) -> tuple[Embeddings, Textures]:
        """Return one unit row and one texture for each picture, in one pass."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """Return one unit row for each text."""
        ...


class Outliner(Protocol):
    """A mask head: which pixels belong to the fetal head."""

    @property
    def identity(self) -> tuple[str, str]:
        """Name and SHA-256 of the head's own weights."""
        ...

    def outline(self, batch: Batch) -> NDArray[np.float32]:
        """Return probabilities, float32, (N, S, S), in network pixels."""
        ...


class Explainer(Protocol):
    """Shows where in a picture a class was seen."""

    def heatmap(
        self,
        picture: NDArray[np.float32],
        texts: Embeddings,
        target: int,
        method: str,
        *,
        bias: NDArray[np.float32] | None = None,
        step: Report = silent,
    ) -> NDArray[np.float32]:
        """Return float32, (S, S), 0 to 1.

        Args:
            picture: float32, (3, S, S).
            texts: One row for each class, of length one where they are texts; the map explains the softmax over them.
            bias: Added to the logits of a probe, (classes,).
            target: Row of the class to explain.
            method: One of the methods that the model offers: ``gradcam``, ``fasterscorecam``, ``scorecam``,
                ``eigencam``.
            step: Called with (passes done, passes) before each pass of a method that makes many; what it raises ends
                the work.
        """
        ...

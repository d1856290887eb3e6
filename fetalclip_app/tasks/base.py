"""What every task is given, and what it promises."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.backbone import Embeddings, ModelCalibration, Outliner
from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.clip_labels import ClipLabeller
from fetalclip_app.domain.familiarity import Textures
from fetalclip_app.domain.landmarks import Landmarker
from fetalclip_app.domain.reading import Finding, ModelIdentity
from fetalclip_app.domain.structures import Segmenter
from fetalclip_app.domain.views import BRAIN, ViewPrediction
from fetalclip_app.domain.vocabulary import Vocabulary
from fetalclip_app.tasks.keys import VIEWS

if TYPE_CHECKING:
    from fetalclip_app.imaging.preprocess import PreprocessSpec

EncodeTexts = Callable[[Sequence[str]], Embeddings]
"""Texts to unit rows; encoded once per weights, cached."""


@dataclass(frozen=True, eq=False, slots=True)
class Instruments:
    """The parts of a model that tasks use.

    Attributes:
        logit_scale: Of the weights themselves.
        outliner: None where the model has no head outline.
        landmarker: None where the model has no measurement head.
        segmenter: None where the model has no masks of several structures.
        labellers: One for each label of whole clips that the model has a head for.
        vocabulary: The words that the model learned; None where nobody lists them.
    """

    identity: ModelIdentity
    logit_scale: float
    calibration: ModelCalibration
    encode_texts: EncodeTexts
    outliner: Outliner | None = None
    landmarker: Landmarker | None = None
    segmenter: Segmenter | None = None
    labellers: tuple[ClipLabeller, ...] = ()
    vocabulary: Vocabulary | None = None


class Kept(Protocol):
    """What was found in a clip by the same weights before, without any scale; it may have forgotten."""

    def find(self, name: str) -> Mapping[str, NDArray[Any]] | None:
        """Return the arrays that were kept under a name, or None."""
        ...

    def put(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep arrays under a name, which says all that they depend on besides clip, preprocessing and weights."""
        ...


class _Forgetful:
    def find(self, name: str) -> None:
        return

    def put(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        return


def _go_on(share: float) -> None:
    """Nobody asks the reading to stop."""


@dataclass(frozen=True, eq=False, slots=True)
class Scan:
    """A clip as the tasks see it.

    Attributes:
        embeddings: float32, (frames, D), unit rows, in the order of the frames.
        found: What the tasks before this one found.
        textures: float32, (frames, T); None where the model has no `Familiarity` that asks for them.
        between_pictures: To be called again and again by a task that looks at many pictures, with the share of them
            that it has done; raises `Cancelled` where the reading is to stop.
        kept: What was found in this clip before.
    """

    clip: Clip
    crop: Box
    spec: PreprocessSpec
    embeddings: Embeddings
    found: tuple[Finding, ...] = ()
    textures: Textures | None = None
    between_pictures: Callable[[float], None] = _go_on
    kept: Kept = field(default_factory=_Forgetful)

    def prepared(self, frames: Sequence[int]) -> NDArray[np.float32]:
        """Return the network's input for these frames: float32, (N, 3, S, S).

        Raises:
            UnreadableFile: A frame cannot be decoded.
        """
        from fetalclip_app.imaging.preprocess import prepare  # noqa: PLC0415 - the window knows tasks, and no codec

        return np.stack([prepare(self.clip.frame(index), self.spec, self.crop) for index in frames])

    def finding(self, task_key: str) -> Finding | None:
        """Return an earlier task's finding, or None."""
        return next((finding for finding in self.found if finding.task_key == task_key), None)

    def frames_seen_as(self, view: str) -> NDArray[np.intp]:
        """Return the frames whose view is ``view``, best first; none where the whole clip is no fetal ultrasound."""
        views = self._views()
        if views is None or view not in views.keys or views.is_foreign:
            return np.empty(0, np.intp)
        return views.frames_of(view)

    def why_no_brain(self) -> Abstention:
        """Return the reason why no frame can be measured as a brain."""
        views = self._views()
        if views is not None and BRAIN not in views.keys:
            return Abstention(Reason.NOT_APPLICABLE, "no_brain_class")
        if views is not None and views.abstained is not None and (views.is_foreign or views.best == BRAIN):
            return views.abstained
        return Abstention(Reason.NOT_APPLICABLE, "no_brain_frame")

    def _views(self) -> ViewPrediction | None:
        finding = self.finding(VIEWS)
        return finding.answer if finding is not None and isinstance(finding.answer, ViewPrediction) else None


class Task(Protocol):
    """One question about a clip."""

    @property
    def key(self) -> str:
        """Name of the task in findings and outputs."""
        ...

    def answer(self, scan: Scan, instruments: Instruments) -> Finding:
        """Return the answer, or the abstention with its reason."""
        ...

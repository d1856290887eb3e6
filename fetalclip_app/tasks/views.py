"""Which standard view a clip shows, by the similarity of its frames to prompts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.backbone import Embeddings
from fetalclip_app.domain.reading import Finding
from fetalclip_app.domain.views import BRAIN, CLEAR_LEAD, ViewPrediction, ViewSet
from fetalclip_app.tasks.base import BRAIN_VIEWS, VIEWS, EncodeTexts, Instruments, Scan


@dataclass(frozen=True, slots=True)
class ViewTask:
    """Which of the planes?"""

    view_set: ViewSet
    key: str = VIEWS

    def answer(self, scan: Scan, instruments: Instruments) -> Finding:
        """Return the view of every frame and of the whole clip."""
        calibration = instruments.calibration
        fitted = _Fitted(
            calibration.view_scale, calibration.view_error, calibration.view_pictures, calibration.familiar_similarity
        )
        prediction = _predict(scan.embeddings, self.view_set, instruments, fitted)
        return Finding(self.key, prediction)


@dataclass(frozen=True, slots=True)
class BrainViewTask:
    """Which of the brain's sub-planes, in the frames that show a brain?"""

    view_set: ViewSet
    key: str = BRAIN_VIEWS

    def answer(self, scan: Scan, instruments: Instruments) -> Finding:
        """Return the sub-plane of every brain frame, or why there is none."""
        frames = scan.frames_seen_as(BRAIN)
        if not len(frames):
            return Finding(self.key, scan.why_no_brain())
        calibration = instruments.calibration
        fitted = _Fitted(calibration.brain_scale, calibration.brain_error, calibration.brain_pictures)
        seen = _predict(scan.embeddings[frames], self.view_set, instruments, fitted)
        per_frame = np.full((len(scan.embeddings), len(seen.keys)), np.nan, np.float32)
        per_frame[frames] = seen.per_frame
        return Finding(self.key, replace(seen, per_frame=per_frame), int(frames[0]))


def class_embeddings(view_set: ViewSet, encode_texts: EncodeTexts) -> Embeddings:
    """Return one unit row for each class: the normalised mean of its prompts' unit rows (FetalCLIP, section 2.0)."""
    rows = encode_texts([text for texts in view_set.prompts.values() for text in texts])
    ends = np.cumsum([len(texts) for texts in view_set.prompts.values()])
    means = np.stack([part.mean(axis=0) for part in np.split(rows, ends[:-1])])
    unit: Embeddings = means / np.linalg.norm(means, axis=1, keepdims=True)
    return unit


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the softmax of the last axis."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: NDArray[np.float32] = (raised / raised.sum(axis=-1, keepdims=True)).astype(np.float32)
    return shares


@dataclass(frozen=True, slots=True)
class _Fitted:
    """The part of a model's calibration that belongs to one set of classes."""

    scale: float | None
    error: float | None
    pictures: int | None
    familiar_similarity: float | None = None


def _predict(embeddings: Embeddings, view_set: ViewSet, instruments: Instruments, fitted: _Fitted) -> ViewPrediction:
    similarity = embeddings @ class_embeddings(view_set, instruments.encode_texts).T
    scale = fitted.scale if fitted.scale is not None else instruments.logit_scale
    per_frame = softmax(scale * similarity)
    unfamiliar = _unfamiliar(similarity, fitted.familiar_similarity)
    familiar = [index for index in range(len(per_frame)) if index not in unfamiliar]
    probabilities = per_frame[familiar or slice(None)].mean(axis=0)
    trained = instruments.identity.trained_views
    not_trained = frozenset(key for key in view_set.keys if trained and key not in trained)
    return ViewPrediction(
        view_set=view_set.name,
        keys=view_set.keys,
        probabilities=probabilities,
        per_frame=per_frame,
        calibrated=fitted.scale is not None,
        not_trained=not_trained,
        calibration_error=fitted.error,
        abstained=_doubt(view_set.keys, probabilities, not_trained, len(unfamiliar) > len(similarity) / 2),
        unfamiliar=unfamiliar,
        calibration_pictures=fitted.pictures,
    )


def _unfamiliar(similarity: NDArray[np.float32], limit: float | None) -> frozenset[int]:
    """Return the frames whose best similarity is lower than nearly all validation pictures'."""
    return frozenset() if limit is None else frozenset(np.flatnonzero(similarity.max(axis=1) < limit).tolist())


def _doubt(
    keys: tuple[str, ...], probabilities: NDArray[np.float32], not_trained: frozenset[str], is_foreign: bool
) -> Abstention | None:
    if is_foreign:
        return Abstention(Reason.NOT_FETAL_ULTRASOUND, "unlike_training")
    order = np.argsort(-probabilities)
    first = keys[int(order[0])]
    if first in not_trained:
        return Abstention(Reason.NOT_TRAINED, "view", {"view": first})
    if len(order) > 1 and probabilities[order[0]] - probabilities[order[1]] < CLEAR_LEAD:
        return Abstention(Reason.AMBIGUOUS, "views", {"first": first, "second": keys[int(order[1])]})
    return None

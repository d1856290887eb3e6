"""Which standard view a clip shows: by the similarity of its frames to prompts, or by a probe."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, reduce

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.backbone import Embeddings, ModelCalibration, ViewCalibration
from fetalclip_app.domain.probes import ViewProbe
from fetalclip_app.domain.reading import Finding
from fetalclip_app.domain.softmax import shares_of
from fetalclip_app.domain.views import BRAIN, CLEAR_LEAD, ViewPrediction, ViewSet
from fetalclip_app.domain.vocabulary import Unlearned, Vocabulary
from fetalclip_app.tasks.base import EncodeTexts, Instruments, Scan
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS


@dataclass(frozen=True, slots=True)
class ViewTask:
    """Which of the planes? A probe names them in place of the prompts where there is one."""

    view_set: ViewSet
    key: str = VIEWS
    probe: ViewProbe | None = None

    def answer(self, scan: Scan, instruments: Instruments) -> Finding:
        """Return the view of every frame and of the whole clip."""
        calibration = instruments.calibration
        similarity = _similarity(scan.embeddings, self.view_set, instruments)
        unfamiliar = _unfamiliar(scan, similarity, calibration)
        if self.probe is not None:
            return Finding(self.key, _by_probe(scan.embeddings, self.probe, unfamiliar))
        prediction = _predict(similarity, self.view_set, instruments, calibration.views, unfamiliar)
        return Finding(self.key, prediction)


@dataclass(frozen=True, slots=True)
class BrainViewTask:
    """Which of the brain's sub-planes, in the frames that show a brain? Likewise."""

    view_set: ViewSet
    key: str = BRAIN_VIEWS
    probe: ViewProbe | None = None

    def answer(self, scan: Scan, instruments: Instruments) -> Finding:
        """Return the sub-plane of every brain frame, or why there is none."""
        frames = scan.frames_seen_as(BRAIN)
        if not len(frames):
            return Finding(self.key, scan.why_no_brain())
        if self.probe is not None:
            seen = _by_probe(scan.embeddings[frames], self.probe)
        else:
            similarity = _similarity(scan.embeddings[frames], self.view_set, instruments)
            seen = _predict(similarity, self.view_set, instruments, instruments.calibration.brain_views)
        return Finding(self.key, seen.among(frames, len(scan.embeddings)), int(frames[0]))


def seen_with(
    view_set: ViewSet, embeddings: Embeddings, instruments: Instruments, unfamiliar: frozenset[int] = frozenset()
) -> ViewPrediction:
    """Return what any set sees in rows that are there already: as a reading with it would, without a calibration."""
    similarity = _similarity(embeddings, view_set, instruments)
    return _predict(similarity, view_set, instruments, ViewCalibration(), unfamiliar)


def unlearned_classes(view_set: ViewSet, vocabulary: Vocabulary | None) -> dict[str, Unlearned]:
    """Return the classes with a sentence that the model cannot know, and what of it; none where no words are listed."""
    return {} if vocabulary is None else dict(_unlearned(vocabulary, tuple(view_set.prompts.items())))


@lru_cache(maxsize=64)
def _unlearned(
    vocabulary: Vocabulary, prompts: tuple[tuple[str, tuple[str, ...]], ...]
) -> tuple[tuple[str, Unlearned], ...]:
    """Return the same, looked for once: every reading asks it of the same prompts, and again for each part it tells."""
    said = ((key, reduce(Unlearned.joined, map(vocabulary.unlearned, texts))) for key, texts in prompts)
    return tuple((key, unlearned) for key, unlearned in said if unlearned)


def class_embeddings(view_set: ViewSet, encode_texts: EncodeTexts) -> Embeddings:
    """Return one unit row for each class: the normalised mean of its prompts' unit rows (FetalCLIP, section 2.0)."""
    rows = encode_texts([text for texts in view_set.prompts.values() for text in texts])
    ends = np.cumsum([len(texts) for texts in view_set.prompts.values()])
    means = np.stack([part.mean(axis=0) for part in np.split(rows, ends[:-1])])
    unit: Embeddings = means / np.linalg.norm(means, axis=1, keepdims=True)
    return unit


def _similarity(embeddings: Embeddings, view_set: ViewSet, instruments: Instruments) -> NDArray[np.float32]:
    similarity: NDArray[np.float32] = embeddings @ class_embeddings(view_set, instruments.encode_texts).T
    return similarity


def _predict(
    similarity: NDArray[np.float32],
    view_set: ViewSet,
    instruments: Instruments,
    fitted: ViewCalibration,
    unfamiliar: frozenset[int] = frozenset(),
) -> ViewPrediction:
    scale = fitted.scale if fitted.scale is not None else instruments.logit_scale
    per_frame = shares_of(similarity, scale, fitted.frequencies)
    trained = instruments.identity.trained_views
    lead = fitted.lead if fitted.lead is not None else CLEAR_LEAD
    not_trained = frozenset(key for key in view_set.keys if trained and key not in trained)
    not_trained |= frozenset(unlearned_classes(view_set, instruments.vocabulary))
    prediction = ViewPrediction(
        view_set=view_set.name,
        keys=view_set.keys,
        probabilities=_of_clip(per_frame, unfamiliar),
        per_frame=per_frame,
        calibrated=fitted.scale is not None,
        not_trained=not_trained,
        calibration_error=fitted.error,
        unfamiliar=unfamiliar,
        calibration_pictures=fitted.pictures,
        clear_lead=lead,
        frequencies=fitted.frequencies,
    )
    return replace(prediction, abstained=_doubt(prediction))


def _by_probe(embeddings: Embeddings, probe: ViewProbe, unfamiliar: frozenset[int] = frozenset()) -> ViewPrediction:
    """Return what a probe sees; the rules of doubt are those of the prompts, with the lead that nobody fitted."""
    facts, per_frame = probe.facts, probe.probabilities(embeddings)
    prediction = ViewPrediction(
        view_set=facts.name,
        keys=facts.classes,
        probabilities=_of_clip(per_frame, unfamiliar),
        per_frame=per_frame,
        calibrated=facts.temperature is not None,
        calibration_error=facts.calibration_error,
        unfamiliar=unfamiliar,
        calibration_pictures=facts.calibration_pictures,
        probe=facts.name,
    )
    return replace(prediction, abstained=_doubt(prediction))


def _of_clip(per_frame: NDArray[np.float32], unfamiliar: frozenset[int]) -> NDArray[np.float32]:
    """Return the mean of the familiar frames, or of all where none is."""
    familiar = [index for index in range(len(per_frame)) if index not in unfamiliar]
    mean: NDArray[np.float32] = per_frame[familiar or slice(None)].mean(axis=0)
    return mean


def _unfamiliar(scan: Scan, similarity: NDArray[np.float32], calibration: ModelCalibration) -> frozenset[int]:
    """Return the frames unlike the training: by their texture, or else by their best similarity to the views."""
    if calibration.familiarity is not None and scan.textures is not None:
        return calibration.familiarity.strangers(scan.textures)
    limit = calibration.familiar_similarity
    return frozenset() if limit is None else frozenset(np.flatnonzero(similarity.max(axis=1) < limit).tolist())


def _doubt(prediction: ViewPrediction) -> Abstention | None:
    if len(prediction.unfamiliar) > len(prediction.per_frame) / 2:
        return Abstention(Reason.NOT_FETAL_ULTRASOUND, "unlike_training")
    keys, probabilities = prediction.keys, prediction.probabilities
    order = np.argsort(-probabilities)
    first = keys[int(order[0])]
    if first in prediction.not_trained:
        return Abstention(Reason.NOT_TRAINED, "view", {"view": first})
    if len(order) > 1 and probabilities[order[0]] - probabilities[order[1]] < prediction.clear_lead:
        return Abstention(Reason.AMBIGUOUS, "views", {"first": first, "second": keys[int(order[1])]})
    return None

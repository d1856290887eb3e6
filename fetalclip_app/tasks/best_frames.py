"""Which frame shows each view best: by how clearly it is seen, and by the picture's quality within its clip."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.best_frames import BestFrames, Candidate
from fetalclip_app.domain.pooled import WholeClip
from fetalclip_app.domain.reading import ClipReading, HeadMeasurement
from fetalclip_app.domain.sight import Sight
from fetalclip_app.domain.views import BRAIN, ViewPrediction
from fetalclip_app.tasks.keys import HEAD, WHOLE_CLIP

ALTERNATIVES = 5
"""Beside the best frame itself."""

WEIGHTS = {"view": 0.4, "sharpness": 0.25, "fan": 0.15, "stability": 0.1, "fit": 0.1}
"""What counts how much (chosen here, not published). What is not known of a frame does not count for or against it."""

APART_SHARE, APART_LEAST, APART_MOST = 0.03, 2, 15
"""Candidates lie so many frames apart: a share of the clip, within limits (chosen here)."""


def best_frames(reading: ClipReading) -> BestFrames:
    """Return the best frames of every view that some familiar frame of the clip clearly shows."""
    sight = reading.sight
    if sight is None or sight.views.is_foreign:
        return BestFrames({})
    return of_sight(sight, _outline_fits(reading))


def best_of(reading: ClipReading, task_key: str, view_key: str) -> tuple[Candidate, ...]:
    """Return the best frames of one view of any task that names views, as `best_frames` does of the planes."""
    sight = reading.sight
    views = reading.answer(task_key, ViewPrediction)
    if sight is None or sight.views.is_foreign or views is None or view_key not in views.keys:
        return ()
    return _of_view(Sight(views, reading.quality), view_key, _outline_fits(reading))


def of_sight(sight: Sight, outline_fits: Mapping[int, float]) -> BestFrames:
    """Return the same of what is known of the frames.

    Args:
        outline_fits: Frame -> overlap of the head's mask and its ellipse.
    """
    found = {key: _of_view(sight, key, outline_fits) for key in sight.views.keys}
    return BestFrames({key: candidates for key, candidates in found.items() if candidates})


def _outline_fits(reading: ClipReading) -> dict[int, float]:
    whole, head = reading.answer(WHOLE_CLIP, WholeClip), reading.finding(HEAD)
    fits = dict(whole.outline_fits) if whole is not None else {}
    if head is not None and isinstance(head.answer, HeadMeasurement) and head.frame_index is not None:
        fits[head.frame_index] = head.answer.fit
    return fits


def _of_view(sight: Sight, key: str, outline_fits: Mapping[int, float]) -> tuple[Candidate, ...]:
    apart = min(max(round(APART_SHARE * len(sight.quality)), APART_LEAST), APART_MOST)
    frames = sight.views.frames_of(key)
    frames = frames[~sight.quality.repeats[frames]]
    told = _told(sight, key, frames, outline_fits if key == BRAIN else {})
    scores = _scores(told)
    chosen = _apart(np.lexsort((frames, -scores)), frames, apart)
    return tuple(_candidate(int(frames[row]), told[:, row], float(scores[row])) for row in chosen)


def _told(sight: Sight, key: str, frames: NDArray[np.intp], fits: Mapping[int, float]) -> NDArray[np.float64]:
    """Return what is known of these frames: (parts, frames), in the order of `WEIGHTS`, NaN where it is not."""
    quality, column = sight.quality, sight.views.keys.index(key)
    fit = [fits.get(int(index), math.nan) for index in frames]
    pictures = [one[frames] for one in (quality.sharpness, quality.fan, quality.stability)]
    return np.stack([sight.views.per_frame[frames, column], *pictures, fit]).astype(np.float64)


def _scores(told: NDArray[np.float64]) -> NDArray[np.float64]:
    weights = np.array(list(WEIGHTS.values()))[:, None] * ~np.isnan(told)
    scores: NDArray[np.float64] = (weights * np.nan_to_num(told)).sum(axis=0) / weights.sum(axis=0)
    return scores


def _apart(order: NDArray[np.intp], frames: NDArray[np.intp], apart: int) -> list[int]:
    """Return the first rows in this order of whose frames no two are neighbours."""
    taken: list[int] = []
    for row in order.tolist():
        if all(abs(frames[row] - frames[other]) >= apart for other in taken):
            taken.append(row)
        if len(taken) > ALTERNATIVES:
            break
    return taken


def _candidate(index: int, told: NDArray[np.float64], score: float) -> Candidate:
    view, sharpness, fan, stability, fit = (None if math.isnan(value) else float(value) for value in told)
    assert view is not None  # frames that were not looked at show no view
    return Candidate(index, view, sharpness, fan, stability, fit, score)

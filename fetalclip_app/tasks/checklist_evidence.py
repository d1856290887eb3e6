"""What one clip says to what an item of a checklist asks for: a view that is seen, or a length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.biometry.values import entering
from fetalclip_app.domain.abstention import NOT_LOOKED_FOR, Abstention, Reason
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.calibration import Calibration
from fetalclip_app.domain.checklist import Doubt, Evidence, Support, ViewSupport
from fetalclip_app.domain.notes import ClipNotes
from fetalclip_app.domain.quality import FAN_COMPLETE, ClipQuality
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.views import BRAIN, ViewPrediction
from fetalclip_app.tasks.best_frames import best_of
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS

SHARP_ENOUGH = 0.5
"""A frame is of low quality below this share of its clip's sharpest frames, or where the fan is not whole; both are
chosen here, not published."""

LEAST_SHARE = 0.3
"""A view without a clear lead is a doubt only from this probability on (chosen here): below it, it is nothing."""


@dataclass(frozen=True, eq=False, slots=True)
class ClipSeen:
    """One clip of a study, as far as it is read.

    Attributes:
        reading: None until it is there.
        calibration: The clip's own scale, by which a person's lines have a length.
        fetus: Whose scan it is: empty in a single pregnancy, None in a multiple one where nobody said.
    """

    clip_key: str
    reading: ClipReading | None
    notes: ClipNotes
    calibration: Calibration | None
    fetus: str | None = ""


def evidence_of(clip: ClipSeen, support: Support) -> Evidence | None:
    """Return what a clip says to a support; None where it says nothing."""
    return _of_measure(clip, support) if isinstance(support, Measure) else _of_view(clip, support)


def _of_measure(clip: ClipSeen, measure: Measure) -> Evidence | None:
    own = clip.notes.of_fetus(clip.fetus or "")
    entered = entering(own, clip.reading, clip.calibration, measure)
    if entered.chosen is None:
        return None
    frame = entered.chosen.frame_index
    if entered.size_mm is not None:
        return Evidence(clip.clip_key, measure, frame, size_mm=entered.size_mm)
    why = entered.why_none
    if isinstance(why, Abstention) and why.reason in NOT_LOOKED_FOR:
        return None
    is_held = isinstance(why, Abstention) and why.reason is Reason.HELD_BACK
    return Evidence(clip.clip_key, measure, frame, doubt=Doubt.HELD_BACK if is_held else Doubt.NO_LENGTH)


def _of_view(clip: ClipSeen, support: ViewSupport) -> Evidence | None:
    named = sorted(frame for frame, view in clip.notes.named.items() if view == support.view)
    if named:
        chosen = clip.notes.best.get(support.view)
        frame = chosen if chosen in named else named[0]
        return Evidence(clip.clip_key, support, frame, doubt=Doubt.WIDER_VIEW if support.is_hint else None)
    seen = clip.reading.answer(support.task, ViewPrediction) if clip.reading is not None else None
    if clip.reading is None or seen is None or support.view not in seen.keys or _is_foreign(clip.reading):
        return None
    without = _named_otherwise(clip.notes, support)
    sighted = _sighted(clip.reading, seen, support, without)
    if sighted is None:
        return None
    frame, doubt = sighted
    chosen = clip.notes.best.get(support.view)
    may_be = chosen is not None and chosen < len(seen.per_frame) and chosen not in without
    if chosen is not None and may_be and doubt in {None, Doubt.LOW_QUALITY, Doubt.WIDER_VIEW}:
        frame = chosen
    share = float(seen.per_frame[frame, seen.keys.index(support.view)])
    return Evidence(clip.clip_key, support, frame, None if np.isnan(share) else share, doubt=doubt)


def _is_foreign(reading: ClipReading) -> bool:
    views = reading.answer(VIEWS, ViewPrediction)
    return views is not None and views.is_foreign


def _named_otherwise(notes: ClipNotes, support: ViewSupport) -> frozenset[int]:
    """Return the frames that show another view, as a person says."""
    same = {support.view, BRAIN} if support.task == BRAIN_VIEWS else {support.view}
    return frozenset(frame for frame, view in notes.named.items() if view not in same)


def _sighted(
    reading: ClipReading, seen: ViewPrediction, support: ViewSupport, without: frozenset[int]
) -> tuple[int, Doubt | None] | None:
    """Return the frame that shows a view best, and what is doubtful about it; None where no frame may show it."""
    best = (one.frame_index for one in best_of(reading, support.task, support.view))
    clear = dict.fromkeys([*best, *map(int, seen.frames_of(support.view))])
    ordered = [frame for frame in clear if frame not in without]
    if ordered:
        good = [frame for frame in ordered if _is_good(reading.quality, frame)]
        return (good or ordered)[0], _doubt(seen, support, is_good=bool(good))
    left = _alike(seen, support.view)
    left[sorted(without)] = False
    strangers = np.zeros(len(left), bool)
    strangers[sorted(seen.unfamiliar)] = True
    leads = seen.leads(support.view)
    for frames, doubt in (
        (left & leads & ~strangers, Doubt.FEW_FRAMES),
        (left & ~leads & ~strangers, Doubt.UNCLEAR_LEAD),
        (left & strangers, Doubt.UNFAMILIAR),
    ):
        if frames.any():
            shares = np.where(frames, seen.per_frame[:, seen.keys.index(support.view)], -1.0)
            return int(np.argmax(shares)), doubt
    return None


def _doubt(seen: ViewPrediction, support: ViewSupport, *, is_good: bool) -> Doubt | None:
    if support.view in seen.not_trained:
        return Doubt.NOT_TRAINED
    if not is_good:
        return Doubt.LOW_QUALITY
    return Doubt.WIDER_VIEW if support.is_hint else None


def _is_good(quality: ClipQuality, frame: int) -> bool:
    """Whether nothing that is known speaks against a frame: NaN, what is not known, compares false."""
    return not (quality.sharpness[frame] < SHARP_ENOUGH or quality.fan[frame] < FAN_COMPLETE)


def _alike(seen: ViewPrediction, view: str) -> NDArray[np.bool_]:
    """Return the frames that may show a view: it leads, or no other leads it clearly."""
    share = seen.per_frame[:, seen.keys.index(view)]
    alike: NDArray[np.bool_] = (share >= LEAST_SHARE) & (seen.per_frame.max(axis=1) - share < seen.clear_lead)
    return alike

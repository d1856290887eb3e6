"""How probable a label of a clip or of its picture is, as far as the model has heads for such labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.clip_labels import ClipLabel, ClipLabelFacts, ClipLabeller, ClipLabels, frames_taken
from fetalclip_app.domain.reading import Finding
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.tasks.base import Instruments, Scan
from fetalclip_app.tasks.keys import CLIP_LABELS, VIEWS


@dataclass(frozen=True, slots=True)
class ClipLabelTask:
    """Which labels fit the clip as a whole, or the picture in the middle of its familiar frames?"""

    key: str = CLIP_LABELS

    def answer(self, scan: Scan, instruments: Instruments) -> Finding:
        """Return each label's probability, or why it has none; the clip is no fetal ultrasound: none has."""
        if not instruments.labellers:
            return Finding(self.key, Abstention(Reason.NOT_TRAINED, "no_clip_label"))
        views = _views(scan)
        if views is not None and views.is_foreign and views.abstained is not None:
            return Finding(self.key, views.abstained)
        return Finding(self.key, ClipLabels(tuple(_labelled(scan, one) for one in instruments.labellers)))


def _labelled(scan: Scan, head: ClipLabeller) -> ClipLabel:
    facts = head.facts
    familiar = _familiar(scan)
    why = _too_few(len(scan.clip), len(familiar), facts) or _other_view(_views(scan), facts)
    if why is not None:
        return ClipLabel(facts, why)
    taken = familiar[frames_taken(len(familiar), facts.frames)]
    rows = scan.embeddings[taken] if head.encode is None else head.encode(scan.prepared(taken.tolist()))
    at = int(taken[0]) if facts.is_of_pictures else None
    share = head.probability(rows)
    # NaN is greater than no limit: asked the other way round, it would be shown.
    if not (head.strangeness(rows) <= facts.unlike_limit and 0 <= share <= 1):
        detail = "unlike_pictures" if facts.is_of_pictures else "unlike_clips"
        return ClipLabel(facts, Abstention(Reason.OUT_OF_RANGE, detail), at)
    return ClipLabel(facts, share, at)


def _familiar(scan: Scan) -> NDArray[np.intp]:
    """Return the frames that are like the training pictures, in the order of time."""
    views, frames = _views(scan), np.arange(len(scan.embeddings))
    return frames if views is None else np.setdiff1d(frames, sorted(views.unfamiliar))


def _too_few(frames: int, familiar: int, facts: ClipLabelFacts) -> Abstention | None:
    """Return why a still, or a clip that is too short or has too few familiar frames, gets no label."""
    if facts.is_of_pictures:
        return None if familiar else Abstention(Reason.NOT_APPLICABLE, "no_familiar_picture")
    if frames == 1:
        return Abstention(Reason.NOT_APPLICABLE, "still")
    if familiar < facts.frames <= frames:
        return Abstention(Reason.NOT_APPLICABLE, "few_familiar_frames", {"count": familiar, "needed": facts.frames})
    if frames < facts.frames:
        return Abstention(Reason.NOT_APPLICABLE, "few_frames", {"count": frames, "needed": facts.frames})
    return None


def _other_view(views: ViewPrediction | None, facts: ClipLabelFacts) -> Abstention | None:
    """Return why a clip of another view than the training's, or of none that is clear, gets no label."""
    if not facts.view or views is None:
        return None
    if views.best == facts.view and views.abstained is None:
        return None
    detail = "other_view_of_pictures" if facts.is_of_pictures else "other_view"
    return Abstention(Reason.NOT_APPLICABLE, detail, {"view": facts.view})


def _views(scan: Scan) -> ViewPrediction | None:
    finding = scan.finding(VIEWS)
    return finding.answer if finding is not None and isinstance(finding.answer, ViewPrediction) else None

"""What a person did to a number, from the acts on the notes of its clip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from fetalclip_app.biometry.ellipse_lengths import lengths
from fetalclip_app.biometry.values import axis_ends, length_of
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.dating import Dating
from fetalclip_app.domain.history import NotesChange, StudyChange
from fetalclip_app.domain.measuring import Refusal, region_of_points
from fetalclip_app.domain.notes import ClipNotes, HandMeasurement, Line
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.trace import Did, Edit, Kind, Trace


def edits_of(drawn: HandMeasurement, clip: Clip, history: Sequence[NotesChange]) -> tuple[Edit, ...]:
    """Return how a drawn length came to be what it is: as the acts tell, else by its last act alone.

    Each length is by the scale that held then; what another scale made of it is an edit too.
    """
    found = list(_edits(drawn, clip, history))
    if any(edit.did is not Did.SCALED for edit in found):
        return tuple(found)
    size = length_of(drawn.shape, clip.calibration).length_mm
    return (Edit(Did.DRAWN, None, size, drawn.act.who, drawn.act.when.isoformat()),)


def scalings_of(one: Trace, clip: Clip, history: Sequence[NotesChange]) -> tuple[Edit, ...]:
    """Return what a person's scales made of a length that the model drew; the last ends with the length of now."""
    shape = one.shape
    if one.kind is not Kind.LENGTH or not isinstance(shape, Line | Ellipse):
        return ()
    found = [
        _edit(Did.SCALED, _of_model(one.of, shape, before), _of_model(one.of, shape, after), change)
        for change, before, after in _scales(clip, history)
    ]
    return (*found[:-1], replace(found[-1], after=one.value)) if found else ()


def _of_model(of: str, shape: Line | Ellipse, clip: Clip) -> float | None:
    """Return a length of a model's shape by a clip's scale."""
    if isinstance(shape, Line):
        return length_of(shape, clip.calibration).length_mm
    region = region_of_points(clip.calibration, axis_ends(shape))
    if isinstance(region, Refusal) or region.spacing is None:
        return None
    found = lengths(shape, region.spacing)
    return {"bpd": found.minor_mm, "ofd": found.major_mm}.get(of, found.circumference_mm)


def edits_of_dating(dating: Dating, exam_day: date, history: Sequence[StudyChange]) -> tuple[Edit, ...]:
    """Return how the age on the exam's day came to be what it is, likewise."""
    found: list[Edit] = []
    for change in history:
        before, after = change.before.dating, change.after.dating
        if before != after:
            did = Did.REMOVED if after is None else Did.DATED
            ages = [_days(one, exam_day) for one in (before, after)]
            found.append(Edit(did, ages[0], ages[1], change.act.who, change.act.when.isoformat()))
    return tuple(found) or (Edit(Did.DATED, None, _days(dating, exam_day), dating.who, ""),)


def _days(dating: Dating | None, exam_day: date) -> float | None:
    age = dating.age_on(exam_day) if dating is not None else None
    return None if age is None else float(age.days)


def _scales(clip: Clip, history: Sequence[NotesChange]) -> list[tuple[NotesChange, Clip, Clip]]:
    """Return every act that changed the scale, with the clip as it was before and after it."""
    changes = [change for change in history if change.before.rulers != change.after.rulers]
    return [(one, clip.with_rulers(one.before.rulers), clip.with_rulers(one.after.rulers)) for one in changes]


def _edits(drawn: HandMeasurement, clip: Clip, history: Sequence[NotesChange]) -> Iterator[Edit]:
    scales = _scales(clip, history)
    now = scales[0][1] if scales else clip
    scaled = {id(change): after for change, _before, after in scales}
    shown: HandMeasurement | None = None
    for change in history:
        before, after = _drawn(change.before, drawn.uid), _drawn(change.after, drawn.uid)
        if (before is None) is not (after is None) or (before and after and not _same(before, after)):
            did = Did.DRAWN if before is None else Did.REMOVED if after is None else Did.CHANGED
            yield _edit(did, _size(before, now), _size(after, scaled.get(id(change), now)), change)
            shown = after
        elif id(change) in scaled and shown is not None:
            then = scaled[id(change)]
            yield _edit(Did.SCALED, _size(shown, now), _size(shown, then), change)
        now = scaled.get(id(change), now)


def _size(drawn: HandMeasurement | None, clip: Clip) -> float | None:
    return None if drawn is None else length_of(drawn.shape, clip.calibration).length_mm


def _edit(did: Did, before: float | None, after: float | None, change: NotesChange) -> Edit:
    return Edit(did, before, after, change.act.who, change.act.when.isoformat())


def _drawn(notes: ClipNotes, uid: str) -> HandMeasurement | None:
    return next((one for one in notes.measured if one.uid == uid), None)


def _same(one: HandMeasurement, other: HandMeasurement) -> bool:
    return (one.shape, one.measure, one.bpd_definition) == (other.shape, other.measure, other.bpd_definition)

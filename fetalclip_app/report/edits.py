"""What a person did to a number, from the acts on the notes of its clip."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from fetalclip_app.biometry.values import length_of
from fetalclip_app.domain.calibration import Calibration
from fetalclip_app.domain.dating import Dating
from fetalclip_app.domain.history import NotesChange, StudyChange
from fetalclip_app.domain.notes import ClipNotes, HandMeasurement
from fetalclip_app.domain.trace import Did, Edit


def edits_of(
    drawn: HandMeasurement, calibration: Calibration | None, history: Sequence[NotesChange]
) -> tuple[Edit, ...]:
    """Return how a drawn length came to be what it is: as the acts tell, else by its last act alone."""
    found = [edit for change in history if (edit := _edit(drawn.uid, calibration, change)) is not None]
    if found:
        return tuple(found)
    size = length_of(drawn.shape, calibration).length_mm
    return (Edit(Did.DRAWN, None, size, drawn.act.who, drawn.act.when.isoformat()),)


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


def _edit(uid: str, calibration: Calibration | None, change: NotesChange) -> Edit | None:
    before, after = _drawn(change.before, uid), _drawn(change.after, uid)
    if before is not None and after is not None and _same(before, after):
        return None
    if before is None and after is None:
        return None
    did = Did.DRAWN if before is None else Did.REMOVED if after is None else Did.CHANGED
    sizes = [None if one is None else length_of(one.shape, calibration).length_mm for one in (before, after)]
    return Edit(did, sizes[0], sizes[1], change.act.who, change.act.when.isoformat())


def _drawn(notes: ClipNotes, uid: str) -> HandMeasurement | None:
    return next((one for one in notes.measured if one.uid == uid), None)


def _same(one: HandMeasurement, other: HandMeasurement) -> bool:
    return (one.shape, one.measure, one.bpd_definition) == (other.shape, other.measure, other.bpd_definition)

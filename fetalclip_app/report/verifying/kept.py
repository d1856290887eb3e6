"""Numbers of a report beside what the archive keeps of the same clips and studies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fetalclip_app.biometry.values import length_of
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.dating import Dating
from fetalclip_app.domain.history import History, StudyHistory
from fetalclip_app.domain.notes import ClipNotes, StudyNotes
from fetalclip_app.domain.trace import Did, Edit
from fetalclip_app.domain.verification import Why
from fetalclip_app.report.edits import edits_of, edits_of_dating
from fetalclip_app.report.json_by_hand import drawn
from fetalclip_app.report.json_calibration import calibration as scale
from fetalclip_app.report.json_traces import at_pointer, pointer
from fetalclip_app.report.verifying.comparing import clips_of, tolerance
from fetalclip_app.report.verifying.outcome import Checked
from fetalclip_app.report.verifying.rebuilding import Row, dating_of, exam_day_of, rulers_of
from fetalclip_app.report.verifying.stated import Number, Stated
from fetalclip_app.report.verifying.traced import OtherPart, other_part

_DEPENDS_ON = ("model", "preprocessing", "view_sets", "heads", "probes")
"""Parts of a reading's provenance: two readings that share them, of one clip at one scale, give the same."""


@dataclass(frozen=True, eq=False, slots=True)
class KeptClip:
    """What the archive has of a clip.

    Attributes:
        readings: As `archive.records.KeptReading.json` has them, read.
        notes: None where nothing is kept.
        clip: With the scale that is kept; None where its file is not there.
        fetus: Whose scan it is by what is kept: as `report.entries.ClipEntry.fetus`.
        history: What was done with the notes.
    """

    readings: tuple[Row, ...] = ()
    notes: ClipNotes | None = None
    clip: Clip | None = None
    fetus: str | None = ""
    history: History = ()


@dataclass(frozen=True, eq=False, slots=True)
class KeptStudy:
    """What the archive has of a study."""

    notes: StudyNotes
    history: StudyHistory = ()

    @property
    def dating(self) -> Dating | None:
        """Its dating; None where none is kept."""
        return self.notes.dating


def compare_with_kept(
    stated: Stated, clips: Mapping[int, KeptClip], studies: Mapping[int, KeptStudy]
) -> tuple[Checked, ...]:
    """Return the numbers of which the archive keeps something else; nothing of what it does not keep.

    Args:
        clips, studies: By the place of their entries in the report.
    """
    known = {one.id: one for one in stated.numbers}
    others = {place: part for place, kept in clips.items() if (part := stated_otherwise(stated.rows[place], kept))}
    of_clips = {stated.rows[place]["provenance"]["clip"]["key"]: part for place, part in others.items()}
    found: list[Checked] = []
    for number in stated.numbers:
        row = stated.rows[number.row]
        part = others.get(number.row) or next(
            (of_clips[key] for key in sorted(clips_of(number, known)) if key in of_clips), None
        )
        if part is not None:
            found.append(Checked(number, Why.ARCHIVE, part=part))
        elif number.row in clips:
            found += _of_clip(number, row, clips[number.row])
        elif number.row in studies and number.by == "dating":
            found += _of_dating(number, row, studies[number.row])
    return tuple(found)


def stated_otherwise(row: Row, kept: KeptClip) -> OtherPart | None:
    """Return what a person stated of a clip as a whole that the archive has otherwise: its fetus, or its scale."""
    if kept.notes is None:
        return None
    if row.get("fetus", "") != kept.fetus:
        return OtherPart("/fetus", row.get("fetus") or None, kept.fetus or None)
    if kept.clip is None or not (kept.notes.rulers or rulers_of(row)):
        return None  # a scale that was typed is not kept
    told = other_part({"regions": _scales(row)}, {"regions": _scales({"calibration": scale(kept.clip.calibration)})})
    return None if told is None else OtherPart(f"/calibration{told.at}", told.stated, told.found)


def _scales(row: Row) -> list[Row]:
    regions = (row.get("calibration") or {}).get("regions", ())
    return [{name: region.get(name) for name in ("row_mm", "column_mm", "ruler")} for region in regions]


def _of_clip(number: Number, row: Row, kept: KeptClip) -> Iterator[Checked]:
    at = number.told["at"]
    if at is None:
        return
    if number.by == "person":
        yield from _drawn(number, row, kept, at)
        return
    for reading in _same_way(kept.readings, row):
        value = at_pointer(reading, at)
        if not isinstance(value, int | float):
            yield Checked(number, Why.ARCHIVE_GONE)
            return
        if abs(value - number.value) > tolerance(number):
            yield Checked(number, Why.ARCHIVE, float(value))
            return


def _same_way(readings: Sequence[Row], row: Row) -> Iterator[Row]:
    """Yield the kept readings by the same model, prompts and scale, those with another word in them too."""
    made = {name: row["provenance"].get(name) for name in _DEPENDS_ON}
    for reading in readings:
        told = reading["provenance"]
        same = {name: told.get(name) for name in _DEPENDS_ON} == made
        if same and reading.get("calibration") == row.get("calibration"):
            yield reading


def _drawn(number: Number, row: Row, kept: KeptClip, at: str) -> Iterator[Checked]:
    place = at.rpartition("/")[0]
    uid = at_pointer(row, f"{place}/uid")
    if uid is None or kept.notes is None:
        return
    one = next((one for one in kept.notes.measured if one.uid == uid), None)
    if one is None:
        yield Checked(number, Why.ARCHIVE_GONE)
        return
    if kept.clip is None:
        return
    length = length_of(one.shape, kept.clip.calibration).length_mm
    if length is None or abs(length - number.value) > tolerance(number):
        yield Checked(number, Why.ARCHIVE, length)
        return
    told = drawn(one, kept.clip.calibration)
    edits = (*edits_of(one, kept.clip, kept.history), *edits_of(one, kept.clip, ()))
    part = other_part(at_pointer(row, place), told) or _other_edit(number, edits)
    if part is not None:
        yield Checked(number, Why.ARCHIVE, part=part)


def _other_edit(number: Number, kept: Sequence[Edit]) -> OtherPart | None:
    """Return the first edit that the archive does not know; it may know more: what was done since."""
    known = {_as_told(str(one.did), one.after, one.who, one.when) for one in kept}
    for place, told in enumerate(number.told.get("edits", ())):
        if _as_told(told["did"], told["after"], told["who"], told["when"]) not in known:
            return OtherPart(pointer("edits", place), f"{told['who']} {told['when']}", None)
    return None


def _as_told(did: str, after: float | None, who: str, when: str | None) -> tuple[str, float | None, str, str]:
    return did, None if after is None else round(after, 3), who, when or ""


def _of_dating(number: Number, row: Row, kept: KeptStudy) -> Iterator[Checked]:
    exam_day = exam_day_of(row["growth"])
    age = None if kept.dating is None or exam_day is None else kept.dating.age_on(exam_day)
    if age is None:
        yield Checked(number, Why.ARCHIVE_GONE)
    elif age.days != number.value:
        yield Checked(number, Why.ARCHIVE, float(age.days))
    elif kept.dating is not None and exam_day is not None:
        dating, _refused = dating_of(row["growth"])
        edits = edits_of_dating(kept.dating, exam_day, kept.history)
        known = Edit(Did.DATED, None, float(age.days), kept.dating.who, "")
        part = _other_edit(number, (*edits, known))
        if part is None and dating != kept.dating:
            part = OtherPart(
                "/growth/dating", *(None if one is None else str(one.dated_by) for one in (dating, kept.dating))
            )
        if part is not None:
            yield Checked(number, Why.ARCHIVE, part=part)

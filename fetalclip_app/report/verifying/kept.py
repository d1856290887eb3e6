"""Numbers of a report beside what the archive keeps of the same clips and studies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fetalclip_app.biometry.values import length_of
from fetalclip_app.domain.calibration import Calibration
from fetalclip_app.domain.dating import Dating
from fetalclip_app.domain.notes import ClipNotes
from fetalclip_app.domain.verification import Why
from fetalclip_app.report.json_traces import at_pointer
from fetalclip_app.report.verifying.comparing import tolerance
from fetalclip_app.report.verifying.outcome import Checked
from fetalclip_app.report.verifying.rebuilding import Row, exam_day_of
from fetalclip_app.report.verifying.stated import Number, Stated

_DEPENDS_ON = ("model", "preprocessing", "view_sets", "heads", "probes")
"""Parts of a reading's provenance: two readings that share them, of one clip at one scale, give the same."""


@dataclass(frozen=True, eq=False, slots=True)
class KeptClip:
    """What the archive has of a clip.

    Attributes:
        readings: As `archive.records.KeptReading.json` has them, read.
        notes: None where nothing is kept.
        calibration: Of the clip, by which what is kept has a length.
    """

    readings: tuple[Row, ...] = ()
    notes: ClipNotes | None = None
    calibration: Calibration | None = None


@dataclass(frozen=True, eq=False, slots=True)
class KeptStudy:
    """What the archive has of a study; ``dating`` is None where none is kept."""

    dating: Dating | None


def compare_with_kept(
    stated: Stated, clips: Mapping[int, KeptClip], studies: Mapping[int, KeptStudy]
) -> tuple[Checked, ...]:
    """Return the numbers of which the archive keeps something else; nothing of what it does not keep.

    Args:
        clips, studies: By the place of their entries in the report.
    """
    found: list[Checked] = []
    for number in stated.numbers:
        row = stated.rows[number.row]
        if number.row in clips:
            found += _of_clip(number, row, clips[number.row])
        elif number.row in studies and number.by == "dating":
            found += _of_dating(number, row, studies[number.row])
    return tuple(found)


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
    uid = at_pointer(row, at.rpartition("/")[0] + "/uid")
    if uid is None or kept.notes is None:
        return
    one = next((one for one in kept.notes.measured if one.uid == uid), None)
    if one is None:
        yield Checked(number, Why.ARCHIVE_GONE)
        return
    length = length_of(one.shape, kept.calibration).length_mm
    if length is None or abs(length - number.value) > tolerance(number):
        yield Checked(number, Why.ARCHIVE, length)


def _of_dating(number: Number, row: Row, kept: KeptStudy) -> Iterator[Checked]:
    exam_day = exam_day_of(row["growth"])
    age = None if kept.dating is None or exam_day is None else kept.dating.age_on(exam_day)
    if age is None:
        yield Checked(number, Why.ARCHIVE_GONE)
    elif age.days != number.value:
        yield Checked(number, Why.ARCHIVE, float(age.days))

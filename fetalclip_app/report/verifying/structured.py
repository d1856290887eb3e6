"""A DICOM structured report of this program beside what its files give now, and beside what is kept of them.

Each number names its trace as its tracking identifier, and holds what a person drew for it as coordinates. The report
is written anew from its files, and compared row by row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fetalclip_app.domain.notes import FETUSES
from fetalclip_app.domain.structured import SrRow, StructuredReport
from fetalclip_app.domain.trace import UNITS, By, Kind, Trace
from fetalclip_app.domain.verification import Why
from fetalclip_app.imaging.dicom.structured import as_report
from fetalclip_app.report.build import build
from fetalclip_app.report.dicom.export import study_of
from fetalclip_app.report.dicom.structured_report import obstetric_report
from fetalclip_app.report.entries import ClipEntry
from fetalclip_app.report.traces import traces
from fetalclip_app.report.verifying.comparing import tolerance
from fetalclip_app.report.verifying.other_values import OtherValue
from fetalclip_app.report.verifying.outcome import Checked
from fetalclip_app.report.verifying.stated import Number, Stated, number_of
from fetalclip_app.report.verifying.structured_notes import CLIP_KEY, StatedClip
from fetalclip_app.report.verifying.structured_rows import made_otherwise, other_part, other_rows
from fetalclip_app.report.verifying.traced import OtherPart

_KINDS = {"mm": Kind.LENGTH, "mm2": Kind.AREA, "d": Kind.AGE, "g": Kind.WEIGHT, "%": Kind.CENTILE, "1": Kind.SHARE}

PRINTED = 1e-3
"""A structured report holds sixteen characters of a number, and its full precision beside them; of what was drawn it
holds coordinates of 24 bits."""


@dataclass(frozen=True, eq=False, slots=True)
class FoundClip:
    """A clip of a report and what became of it.

    Attributes:
        entry: As it reads now, with what the report says was drawn; None where it could not be read.
        why: Why it could not, or that it is not the file that was read then; None where all is well.
    """

    stated: StatedClip
    entry: ClipEntry | None = None
    why: Why | None = None


@dataclass(frozen=True, eq=False, slots=True)
class ComparedReport:
    """What is found of a report's numbers, and of what else it states."""

    stated: Stated
    numbers: tuple[Checked, ...]
    others: tuple[OtherValue, ...]


def compare_structured(report: StructuredReport, found: Sequence[FoundClip]) -> ComparedReport:
    """Return how a report stands to what its files give now."""
    entries = [one.entry for one in found if one.entry is not None]
    now = _written_now(entries)
    desk = _Desk(report, found, now, _fresh(found))
    rows = [row for row in report.rows if row.tracking and row.value is not None]
    numbers = [number_in(row, desk.fresh.get(row.tracking)) for row in rows]
    checked = tuple(desk.checked(row, number) for row, number in zip(rows, numbers, strict=True))
    is_all_there = now is not None and all(one.why is None for one in found)
    known = {number.id for number in numbers}
    others = tuple(other_rows(report, now, known)) if now is not None and is_all_there else ()
    return ComparedReport(Stated(({"study": report.study_date},), tuple(numbers)), checked, others)


def number_in(row: SrRow, now: Trace | None) -> Number:
    """Return the number of a row; ``now`` is what its trace tells now."""
    kind = now.kind if now is not None else _KINDS.get(row.unit or "1", Kind.SHARE)
    by = now.by if now is not None else next((by for by in By if str(by) in row.tracking.split(".")), By.CHART)
    edges = "" if now is None or now.definition is None else str(now.definition)
    told = {"id": row.tracking, "kind": kind, "of": now.of if now is not None else row.name, "by": by, "at": None}
    more = {"value": row.value, "unit": row.unit or UNITS[kind], "fetus": row.fetus, "bpd_definition": edges}
    return number_of({**told, **more}, 0, None)


def _written_now(entries: Sequence[ClipEntry]) -> StructuredReport | None:
    """Return the report that would be written now; None where there is nothing to write about."""
    content = build(entries) if entries else None
    return as_report(obstetric_report(study_of(content))) if content is not None and content.studies else None


def _fresh(found: Sequence[FoundClip]) -> dict[str, Trace]:
    """Return the traces of now by the ids that the report has: a changed file's are under its old content's key."""
    entries = [one.entry for one in found if one.entry is not None]
    then = {one.entry.clip.key: one.stated.key for one in found if one.entry is not None}
    return {_renamed(one.id, then): one for one in traces(entries)}


def _renamed(name: str, then: Mapping[str, str]) -> str:
    key, dot, rest = name.partition(".")
    return f"{then.get(key, key)}{dot}{rest}"


@dataclass(frozen=True, eq=False, slots=True)
class _Desk:
    """A report, what was found of its clips, and what would be written of them now."""

    report: StructuredReport
    found: Sequence[FoundClip]
    now: StructuredReport | None
    fresh: Mapping[str, Trace]

    def checked(self, row: SrRow, number: Number) -> Checked:
        """Return what is found of a number; the first reason that holds is given."""
        whose = row.tracking.partition(".")[0]
        if whose in FETUSES and whose != row.fetus:
            return Checked(number, Why.TRACE, part=OtherPart("/fetus", row.fetus or None, whose))
        trace = self.fresh.get(row.tracking)
        value = None if trace is None else trace.value
        why = self._why_not(row, trace)
        if why is not None:
            return Checked(number, why, value if why is Why.FILE_CHANGED else None)
        if trace is None:
            return Checked(number, Why.NO_VALUE)
        alike = self._rows_now(row)
        made = [made_otherwise(row, now) for now in alike]
        if made and all(made):
            return Checked(number, made[0], value)
        if abs(trace.value - number.value) > max(tolerance(number), PRINTED):
            return Checked(number, Why.VALUE, value)
        parts = [other_part(row, now, self._observers, self._uids) for now in alike]
        return Checked(number, Why.TRACE, part=parts[0]) if parts and all(parts) else Checked(number)

    def _why_not(self, row: SrRow, trace: Trace | None) -> Why | None:
        """Return why a number cannot be compared, or that its file is another one."""
        why = {one.stated.key: one.why for one in self.found}
        clip = CLIP_KEY.match(row.tracking)
        if clip is not None:
            is_drawn = str(By.PERSON) in row.tracking.split(".")
            known = why.get(clip[1], Why.FILE_MISSING)
            return known if known is not None or trace is not None or not is_drawn else Why.NOT_TOLD
        missing = [one.why for one in self.found if one.entry is None]
        if missing or not self.found:
            return Why.CLIP_MISSING
        if not self._is_told or (row.tracking == "dating" and not self._has_exam_day):
            return Why.NOT_TOLD
        then = {one.entry.clip.key: one.why for one in self.found if one.entry is not None}
        return next((then[key] for key in sorted(self._clips_of(trace)) if then.get(key) is not None), None)

    def _clips_of(self, trace: Trace | None) -> set[str]:
        if trace is None:
            return set()
        by_own_id = {one.id: one for one in self.fresh.values()}
        keys = {picture.clip_key for picture in trace.pictures}
        return keys.union(*(self._clips_of(by_own_id.get(name)) for name in trace.inputs))

    @property
    def _is_told(self) -> bool:
        """Whether all that a person drew or stated for this report is at hand: each such number is there again."""
        told = [row.tracking for row in self.report.rows if row.value is not None and _is_by_person(row.tracking)]
        return all(name in self.fresh for name in told)

    @property
    def _has_exam_day(self) -> bool:
        return any(one.entry is not None and one.entry.clip.origin.exam_day is not None for one in self.found)

    @property
    def _observers(self) -> tuple[str, str]:
        return self.report.observer, "" if self.now is None else self.now.observer

    @property
    def _uids(self) -> set[str]:
        return {one.entry.clip.origin.instance_uid for one in self.found if one.entry is not None} - {""}

    def _rows_now(self, row: SrRow) -> list[SrRow]:
        """Return the rows that would be written of a number now, those of the same fetus and as full first.

        The age of a dating stands in each fetus's summary, and a size again where it has a second rank.
        """
        rows = () if self.now is None else self.now.rows
        alike = [one for one in rows if one.tracking == row.tracking and one.value is not None]
        return sorted(alike, key=lambda one: (one.fetus != row.fetus, len(one.images) != len(row.images)))


def _is_by_person(tracking: str) -> bool:
    return str(By.PERSON) in tracking.split(".") or tracking == "dating"

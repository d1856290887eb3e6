"""The numbers of a DICOM structured report of this program beside those that its files give now.

Each number names its trace as its tracking identifier. The report does not hold what else a reading depended on, nor
what a person drew: only values are compared, and what rests on a person's word only where the archive has it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fetalclip_app.domain.structured import SrRow, StructuredReport
from fetalclip_app.domain.trace import UNITS, By, Kind, Trace
from fetalclip_app.domain.verification import Why
from fetalclip_app.report.entries import ClipEntry
from fetalclip_app.report.traces import traces
from fetalclip_app.report.verifying.comparing import tolerance
from fetalclip_app.report.verifying.outcome import Checked
from fetalclip_app.report.verifying.stated import Number, Stated, number_of

_CLIP = re.compile(r"([0-9a-f]{16})\.")
_KINDS = {"mm": Kind.LENGTH, "mm2": Kind.AREA, "d": Kind.AGE, "g": Kind.WEIGHT, "%": Kind.CENTILE, "1": Kind.SHARE}


def clip_keys(report: StructuredReport) -> tuple[str, ...]:
    """Return the content keys of the clips that the numbers of a report are of."""
    found = (_CLIP.match(row.tracking) for row in report.rows)
    return tuple(dict.fromkeys(match[1] for match in found if match is not None))


def compare_structured(report: StructuredReport, entries: Sequence[ClipEntry]) -> tuple[Stated, tuple[Checked, ...]]:
    """Return what the report states, and what is found of each number.

    Args:
        entries: Of the clips that were found, read again, with what the archive keeps of them.
    """
    fresh = {one.id: one for one in traces(entries)}
    there = {entry.clip.key for entry in entries}
    is_whole = there >= set(clip_keys(report))
    is_told = _is_told(report, fresh)
    rows = [row for row in report.rows if row.tracking and row.value is not None]
    numbers = tuple(_number(row, fresh.get(row.tracking)) for row in rows)
    checked = tuple(_checked(number, fresh.get(number.id), there, is_whole and is_told) for number in numbers)
    return Stated(({"study": report.study_date},), numbers), checked


def _is_told(report: StructuredReport, fresh: dict[str, Trace]) -> bool:
    """Whether all that a person drew or stated for this report is at hand: each such number is there again."""
    told = [row.tracking for row in report.rows if ".person" in row.tracking or row.tracking.endswith("dating")]
    return all(name in fresh for name in told)


def _number(row: SrRow, now: Trace | None) -> Number:
    kind = now.kind if now is not None else _KINDS.get(row.unit or "1", Kind.SHARE)
    by = now.by if now is not None else next((by for by in By if str(by) in row.tracking.split(".")), By.CHART)
    told = {"id": row.tracking, "kind": kind, "of": now.of if now is not None else row.name, "by": by, "at": None}
    return number_of({**told, "value": row.value, "unit": UNITS[kind], "fetus": row.fetus}, 0, None)


def _checked(number: Number, now: Trace | None, there: set[str], is_told: bool) -> Checked:
    clip = _CLIP.match(number.id)
    if clip is not None and clip[1] not in there:
        return Checked(number, Why.FILE_MISSING)
    if now is None or (clip is None and not is_told):
        rests_on_person = clip is None or number.by == "person"
        return Checked(number, Why.NOT_TOLD if rests_on_person else Why.NO_VALUE)
    if abs(now.value - number.value) > max(tolerance(number), _PRINTED):
        return Checked(number, Why.VALUE, now.value)
    return Checked(number)


_PRINTED = 1e-3
"""A structured report holds sixteen characters of a number, and its full precision beside them."""

"""The rows of a DICOM structured report beside those that would be written of the same files now."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence, Set
from typing import Any

from fetalclip_app.domain.structured import SrRow, StructuredReport
from fetalclip_app.domain.verification import Why
from fetalclip_app.report.dicom import codes
from fetalclip_app.report.verifying.other_values import OtherValue
from fetalclip_app.report.verifying.traced import OtherPart

EDIT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d, ")
"""How a remark begins that tells what a person did to a number, and when."""

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_SHAPES = ("line ", "ellipse ")
_PIXELS = 0.5
"""By how much a shape that a network drew may differ on another processor."""

_ROLES = {"prompts": Why.OTHER_PROMPTS, "head": Why.OTHER_HEAD, "probe": Why.OTHER_HEAD}
_HEADER = ("patient_name", "patient_id", "study_date", "study_uid", "title", "template")


def made_otherwise(stated: SrRow, now: SrRow) -> Why | None:
    """Return what of the algorithm behind a row is another one: its weights, what it was asked, its head, its input."""
    if not now.algorithm or not stated.algorithm:
        return None
    versions = [{one for one in row.algorithm if one.startswith("SHA-256 ")} for row in (stated, now)]
    if versions[0] != versions[1]:
        return Why.OTHER_MODEL
    for role, why in _ROLES.items():
        if _parameters(stated, role) != _parameters(now, role):
            return why
    return (
        None if _parameters(stated, "preprocessing") == _parameters(now, "preprocessing") else Why.OTHER_PREPROCESSING
    )


def _parameters(row: SrRow, role: str) -> list[str]:
    return [one.split()[-1] for one in row.algorithm if one.startswith(f"{role} ")]


def other_part(stated: SrRow, now: SrRow, observers: tuple[str, str], known: Collection[str]) -> OtherPart | None:
    """Return the first thing that a row says of a number otherwise than it would be written now; None for none.

    Args:
        observers: Who observed what names nobody else: of the report, and of one that was written now.
        known: SOP Instance UIDs of the originals: captures of frames get new ones each time.
    """
    return next(_other_parts(stated, now, observers, known), None)


def _other_parts(stated: SrRow, now: SrRow, observers: tuple[str, str], known: Collection[str]) -> Iterator[OtherPart]:
    for name in ("unit", "fetus", "code", "name", "section", "equation", "kind", "frames"):
        if getattr(stated, name) != getattr(now, name):
            yield OtherPart(f"/{name}", _plain(getattr(stated, name)), _plain(getattr(now, name)))
    if stated.images != now.images and {uid for uid, _frame in now.images} <= set(known):
        yield OtherPart("/images", _plain(stated.images), _plain(now.images))
    who = ["" if row.whose == observer else row.whose for row, observer in zip((stated, now), observers, strict=True)]
    if who[0] != who[1]:
        yield OtherPart("/whose", *who)
    if [_without_program(one) for one in stated.algorithm] != [_without_program(one) for one in now.algorithm]:
        yield OtherPart("/algorithm", _plain(stated.algorithm), _plain(now.algorithm))
    limits = [row.uncertainty or () for row in (stated, now)]
    if len(limits[0]) != len(limits[1]) or any(abs(a - b) > _PIXELS for a, b in zip(*limits, strict=True)):
        yield OtherPart("/uncertainty", _plain(limits[0]), _plain(limits[1]))
    yield from _other_shapes(stated, now)
    yield from _other_remarks(_remarks(stated), _remarks(now))


def _without_program(parameter: str) -> str:
    return "" if parameter.startswith("program ") else parameter


def _other_shapes(stated: SrRow, now: SrRow) -> Iterator[OtherPart]:
    if stated.drawn is None or now.drawn is None:
        if stated.drawn is not now.drawn:
            yield OtherPart("/drawn", *(None if row.drawn is None else row.drawn[0] for row in (stated, now)))
        return
    (kind, points), (other_kind, others) = stated.drawn, now.drawn
    pairs = zip(points, others, strict=False)
    far = any(abs(a - b) > _PIXELS for one, other in pairs for a, b in zip(one, other, strict=True))
    if kind != other_kind or len(points) != len(others) or far:
        yield OtherPart("/drawn", _plain(points), _plain(others))


def _remarks(row: SrRow) -> list[str]:
    return [one for one in row.remarks if EDIT.match(one) is None]


def _other_remarks(stated: Sequence[str], now: Sequence[str]) -> Iterator[OtherPart]:
    for place in range(max(len(stated), len(now))):
        one, other = ((told[place] if place < len(told) else "") for told in (stated, now))
        if one != other and not _same_shape(one, other):
            yield OtherPart(f"/remarks/{place}", one or None, other or None)


def _same_shape(one: str, other: str) -> bool:
    """Whether two remarks tell a shape that another processor may give too."""
    if not (one.startswith(_SHAPES) and _NUMBER.sub("", one) == _NUMBER.sub("", other)):
        return False
    numbers = [[float(value) for value in _NUMBER.findall(told)] for told in (one, other)]
    return all(abs(a - b) <= _PIXELS for a, b in zip(*numbers, strict=True))


def other_rows(stated: StructuredReport, now: StructuredReport, checked: Set[str]) -> Iterator[OtherValue]:
    """Yield whose report it is, and what it states without a number's identifier, where the files give something else.

    What a person marked in a checklist rests on nothing that is at hand, and is left out.

    Args:
        checked: Identifiers of the numbers that are compared by themselves.
    """
    for name in _HEADER:
        was, is_now = getattr(stated, name), getattr(now, name)
        if was != is_now:
            yield OtherValue(0, f"/{name}", was or None, is_now or None)
    before, after = ([_told(row) for row in report.rows if _is_compared(row)] for report in (stated, now))
    for told in dict.fromkeys((*before, *after)):
        if before.count(told) != after.count(told):
            is_stated = before.count(told) > after.count(told)
            value = told[-1]
            yield OtherValue(0, "/" + "/".join(told[:-1]), *((value, None) if is_stated else (None, value)))
    here = {row.tracking for row in stated.rows}
    for row in now.rows:
        if row.tracking and row.value is not None and row.tracking not in here and row.tracking not in checked:
            yield OtherValue(0, f"/{row.tracking}", None, row.value)


def _is_compared(row: SrRow) -> bool:
    if row.tracking and row.value is not None:
        return False
    is_survey = codes.ANATOMY_SURVEY.meaning in row.section
    return not is_survey or bool(row.algorithm)


def _told(row: SrRow) -> tuple[str, ...]:
    """Return an untracked row in words, its value last; of what a network saw without its share of the frames."""
    is_survey = codes.ANATOMY_SURVEY.meaning in row.section
    made = [_without_program(one) for one in row.algorithm]
    said = [*row.kind, row.text, *made] if is_survey else [row.text, *row.kind, *row.remarks, row.equation]
    value = "" if row.value is None else f"{row.value:g} {row.unit}"
    return (*row.section, row.fetus, row.name, row.code, "; ".join(filter(None, [value, *said])))


def _plain(value: Any) -> Any:
    """Return a value as it is said in a line."""
    if isinstance(value, tuple):
        return ", ".join(str(_plain(one)) for one in value) or None
    return value

"""DICOM structured reports, ours and others': the content tree as rows (PS3.3 C.17.3).

Every number under CONTAINS is a row, and so is every coded or written statement. What stands below a row as its
property, modifier, context or source is told with it; a heading's context, such as the fetus, holds for all under it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.filereader import dcmread

from fetalclip_app.domain.structured import SrRow, StructuredReport
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.dicom.element_numbers import number_of
from fetalclip_app.imaging.dicom.header import ends_at_an_element, is_structured_report
from fetalclip_app.imaging.files.budget import within_budget
from fetalclip_app.imaging.files.finding import content_at
from fetalclip_app.imaging.files.sniff import Kind, kind_of
from fetalclip_app.imaging.guard import reading

_MOST_ROWS, _DEEPEST = 5000, 40
"""Real obstetric reports hold some hundred rows, seven levels deep."""

_FETUS = {"121030", "11951-1"}  # Subject ID; Fetus ID (TID 1008)
_FETUS_NUMBER = "121037"
_OBSERVERS = {"121008"}  # person; of devices the name
_DEVICE, _ALGORITHM, _TRACKING = "121013", "111001", "112039"
_RULES = {"121420", "121421", "121422", "121423", "121424"}  # CID 228
_KINDS = {"121401", "121404", "370129005", "G-C036"}  # derivation, selection status, measurement method
_LOWER, _UPPER, _BOTH = {"371885007", "R-00364"}, {"371886008", "R-00363"}, {"371884006", "R-00362"}  # CID 225
_LIBRARY = "111028"
_VERSION, _PARAMETER = "111003", "111002"
_SITE = {"363698007", "G-C0E3"}
_STATED = {"NUM", "CODE", "TEXT", "DATE", "DATETIME", "TIME", "PNAME"}
_KEYWORDS = {"DATE": "Date", "DATETIME": "DateTime", "TIME": "Time", "UIDREF": "UID"}


@dataclass(frozen=True, slots=True)
class _Around:
    """What holds for everything under a heading."""

    section: tuple[str, ...] = ()
    fetus: str = ""
    whose: str = ""


def read_structured_report(path: Path) -> StructuredReport:
    """Return the report in a file.

    Raises:
        UnreadableFile: Always this and nothing else: NOT_A_REPORT for another kind of file, FILE_TRUNCATED for a
            part of one, FILE_DAMAGED and its like.
    """
    with reading(path):
        content = content_at(path)
        if kind_of(content) is not Kind.DICOM:
            raise UnreadableFile(ErrorCode.NOT_A_REPORT, name=path.name)
        with content.open() as stream:
            found = dcmread(within_budget(stream, 1_000_000), stop_before_pixels=True, force=True)
            if not is_structured_report(found):
                raise UnreadableFile(ErrorCode.NOT_A_REPORT, name=path.name)
            if not ends_at_an_element(content):
                raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name=path.name)
            return as_report(found)


def as_report(found: Dataset) -> StructuredReport:
    """Return the report in a data set."""
    rows: list[SrRow] = []
    is_whole = True
    for row in _rows(found, _around(found, _Around()), 0):
        if row is None or len(rows) == _MOST_ROWS:
            is_whole = False
            if row is not None:
                break
            continue
        rows.append(row)
    observer = _first(found, "VerifyingObserverSequence")
    return StructuredReport(
        title=_meaning(found, "ConceptNameCodeSequence"),
        template=_text(_first(found, "ContentTemplateSequence"), "TemplateIdentifier"),
        patient_name=person_read(found.get("PatientName")),
        patient_id=_text(found, "PatientID"),
        study_date=_text(found, "StudyDate"),
        study_uid=_text(found, "StudyInstanceUID"),
        manufacturer=_text(found, "Manufacturer"),
        series=_text(found, "SeriesDescription"),
        is_verified=_text(found, "VerificationFlag") == "VERIFIED",
        is_final=_text(found, "PreliminaryFlag") != "PRELIMINARY",
        verified_by=person_read(observer.get("VerifyingObserverName")),
        verified_at=_text(observer, "VerificationDateTime"),
        rows=tuple(rows),
        observer=_around(found, _Around()).whose,
        sources=tuple(_sources(found)),
        is_whole=is_whole,
    )


def _sources(found: Dataset) -> Iterator[tuple[str, tuple[str, ...]]]:
    libraries = [one for one in found.get("ContentSequence") or () if _code(one) == _LIBRARY]
    for picture in (one for library in libraries for one in library.get("ContentSequence") or ()):
        told = tuple(_said(one) for one in picture.get("ContentSequence") or () if _text(one, "ValueType") == "TEXT")
        for uid, _frame in _images(picture):
            yield uid, told


def _rows(here: Dataset, around: _Around, depth: int) -> Iterator[SrRow | None]:
    """Yield the rows below a heading; None where it goes deeper than any report."""
    if depth > _DEEPEST:
        yield None
        return
    for child in here.get("ContentSequence") or ():
        if _text(child, "RelationshipType") not in {"CONTAINS", ""}:
            continue
        kind = _text(child, "ValueType")
        if kind == "CONTAINER":
            name = _meaning(child, "ConceptNameCodeSequence")
            inside = replace(around, section=(*around.section, *filter(None, [name])))
            yield from _rows(child, _around(child, inside), depth + 1)
        elif kind in _STATED:
            yield _row(child, kind, _around(child, around))
            yield from _rows(child, around, depth + 1)


def _around(item: Dataset, before: _Around) -> _Around:
    """Return what holds under an item, given what held above it."""
    fetus, observers = before.fetus, list[str]()
    for child in item.get("ContentSequence") or ():
        code, relation = _code(child), _text(child, "RelationshipType")
        if relation == "HAS OBS CONTEXT" and code in _FETUS:
            fetus = _text(child, "TextValue") or fetus
        elif relation == "HAS OBS CONTEXT" and code == _FETUS_NUMBER and not fetus:
            fetus = _number_said(child)
        elif code in _OBSERVERS:
            observers.append(person_read(child.get("PersonName")))
        elif code in {_DEVICE, _ALGORITHM}:
            observers.append(_text(child, "TextValue"))
    whose = ", ".join(dict.fromkeys(filter(None, observers)))
    return replace(before, fetus=fetus, whose=whose or before.whose)


def _row(item: Dataset, kind: str, around: _Around) -> SrRow:
    below = list(item.get("ContentSequence") or ())
    images = tuple(dict.fromkeys(image for one in below for image in _images(one)))
    row = SrRow(
        section=around.section,
        name=_meaning(item, "ConceptNameCodeSequence"),
        code=_code_and_scheme(item),
        fetus=around.fetus,
        whose=around.whose,
        equation=next((_said(one) for one in below if _code(one) in _RULES), ""),
        kind=tuple(_said(one) for one in below if _code(one) in _KINDS | _SITE),
        tracking=next((_said(one) for one in below if _code(one) == _TRACKING), ""),
        frames=tuple(dict.fromkeys(frame for _uid, frame in images if frame is not None)),
        images=images,
        drawn=next((_drawn(one) for one in below if _text(one, "ValueType") == "SCOORD"), None),
        algorithm=tuple(_said(one) for one in below if _code(one) in {_ALGORITHM, _VERSION, _PARAMETER}),
        observed=_text(item, "ObservationDateTime"),
        uncertainty=_uncertainty(below),
        remarks=tuple(_said(one) for one in below if _is_remark(one)),
    )
    if kind != "NUM":
        return replace(row, text=_said(item))
    measured = _first(item, "MeasuredValueSequence")
    why = _meaning(item, "NumericValueQualifierCodeSequence")
    return replace(row, value=_value(measured), text=why, unit=_unit(measured))


def _value(measured: Dataset) -> float | None:
    """Return a number in its full precision where the file has it (PS3.3 C.18.1)."""
    exact = number_of(measured, "FloatingPointValue")
    return exact if exact is not None else number_of(measured, "NumericValue")


def _uncertainty(below: list[Dataset]) -> tuple[float, float] | None:
    limits = {_code(one): _value(_first(one, "MeasuredValueSequence")) for one in below}
    both = next((value for code, value in limits.items() if code in _BOTH), None)
    low = next((value for code, value in limits.items() if code in _LOWER), both)
    high = next((value for code, value in limits.items() if code in _UPPER), both)
    return None if low is None or high is None else (low, high)


def _is_remark(one: Dataset) -> bool:
    told = {"HAS PROPERTIES", "HAS CONCEPT MOD"}
    is_text = _text(one, "ValueType") == "TEXT" and _text(one, "RelationshipType") in told
    return is_text and _code(one) not in _RULES | {_ALGORITHM, _TRACKING, "111002", "111003", "122405"}


def _images(one: Dataset) -> Iterator[tuple[str, int | None]]:
    """Yield the pictures that an item refers to: SOP Instance UID and frame, from 1."""
    if _text(one, "ValueType") == "IMAGE":
        for reference in one.get("ReferencedSOPSequence") or ():
            value = reference.get("ReferencedFrameNumber")
            several = value if isinstance(value, list) or hasattr(value, "__iter__") else [value]
            uid = _text(reference, "ReferencedSOPInstanceUID")
            yield from ((uid, None if each is None else int(each)) for each in several)
    for child in one.get("ContentSequence") or () if _text(one, "ValueType") == "SCOORD" else ():
        yield from _images(child)


def _drawn(item: Dataset) -> tuple[str, tuple[tuple[float, float], ...]]:
    numbers = [float(value) for value in item.get("GraphicData") or ()]
    return _text(item, "GraphicType"), tuple(zip(numbers[::2], numbers[1::2], strict=False))


def _said(item: Dataset) -> str:
    """Return an item's value in words."""
    kind = _text(item, "ValueType")
    if kind == "CODE":
        return _meaning(item, "ConceptCodeSequence")
    if kind == "NUM":
        return _number_said(item)
    if kind == "PNAME":
        return person_read(item.get("PersonName"))
    return _text(item, _KEYWORDS.get(kind, "TextValue"))


def _number_said(item: Dataset) -> str:
    measured = _first(item, "MeasuredValueSequence")
    value = _value(measured)
    return "" if value is None else f"{value:g} {_unit(measured)}".strip()


def _unit(measured: Dataset) -> str:
    unit = _text(_first(measured, "MeasurementUnitsCodeSequence"), "CodeValue")
    return "" if unit == "1" else unit


def _code(item: Dataset) -> str:
    return _text(_first(item, "ConceptNameCodeSequence"), "CodeValue")


def _code_and_scheme(item: Dataset) -> str:
    name = _first(item, "ConceptNameCodeSequence")
    return f"{_text(name, 'CodeValue')} {_text(name, 'CodingSchemeDesignator')}".strip()


def _meaning(item: Dataset, keyword: str) -> str:
    return _text(_first(item, keyword), "CodeMeaning")


def _first(item: Dataset, keyword: str) -> Dataset:
    """Return the first item of a sequence; an empty one where there is none."""
    found = item.get(keyword)
    return found[0] if found else Dataset()


def person_read(value: object) -> str:
    """Return a name as people read it: ``Jane Doe``."""
    family, _, given = str(value or "").partition("=")[0].partition("^")
    return " ".join(part for part in (*reversed(given.split("^")[:1]), family) if part).strip()


def _text(dataset: Dataset, keyword: str) -> str:
    value = dataset.get(keyword)
    return "" if value is None else str(value).strip()

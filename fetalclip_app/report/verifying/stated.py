"""What a report states: read from its JSON, or from a PDF's attachment and its pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdf.errors
from pypdf import PdfReader

from fetalclip_app.domain.trace import Kind
from fetalclip_app.errors import ErrorCode, InvalidInput
from fetalclip_app.report.attached import FORMAT, NAME
from fetalclip_app.report.json_traces import at_pointer
from fetalclip_app.report.page_marks import PageMarks, page_marks
from fetalclip_app.report.verifying.rebuilding import Row
from fetalclip_app.report.verifying.well_formed import look_at

_PDF = b"%PDF-"


@dataclass(frozen=True, eq=False, slots=True)
class Number:
    """A number as a report states it.

    Attributes:
        id, kind, of, by, value: As those of `domain.trace.Trace`.
        row: Place of its entry in the report.
        stands: What stands in that entry where the number's trace points to; None where nothing does.
        told: The whole trace, as JSON.
    """

    id: str
    kind: Kind
    of: str
    by: str
    value: float
    row: int
    stands: float | None
    told: Row


@dataclass(frozen=True, eq=False, slots=True)
class StatedPages:
    """What a PDF's pages say now, and what was written beside them when they were made.

    Attributes:
        now: The pages as they are.
        sha256, numbers: Of each page as it was.
        printed: Id of a number -> how it is printed, and how often on which page, from 1.
    """

    now: tuple[PageMarks, ...]
    sha256: tuple[str, ...]
    numbers: tuple[tuple[str, ...], ...]
    printed: dict[str, tuple[str, dict[int, int]]]


@dataclass(frozen=True, eq=False, slots=True)
class Stated:
    """A report.

    Attributes:
        rows: Its JSON's entries.
        pages: None where it is no PDF.
    """

    rows: tuple[Row, ...]
    numbers: tuple[Number, ...]
    pages: StatedPages | None = None

    @property
    def clips(self) -> tuple[tuple[int, Row], ...]:
        """The entries of clips that were read, each with its place."""
        return tuple((place, row) for place, row in enumerate(self.rows) if "provenance" in row)

    @property
    def studies(self) -> tuple[tuple[int, Row], ...]:
        """The entries of studies' sizes and ages, each with its place."""
        return tuple((place, row) for place, row in enumerate(self.rows) if "growth" in row)


def read_report(path: Path, carried: bytes | None = None) -> Stated:
    """Return what a report states.

    Args:
        carried: The PDF in a DICOM object, where the file is one.

    Raises:
        InvalidInput: REPORT_INVALID: It cannot be read, or is no report of this program.
    """
    try:
        content = path.read_bytes() if carried is None else carried
    except OSError as error:
        raise _invalid(path, "missing") from error
    try:
        return _of_pdf(content, path) if content.startswith(_PDF) else _stated(json.loads(content))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise _invalid(path, "other") from error
    except pypdf.errors.PyPdfError as error:
        raise _invalid(path, "damaged") from error


def _of_pdf(content: bytes, path: Path) -> Stated:
    found = PdfReader(BytesIO(content)).attachments.get(NAME)
    if not found:
        raise _invalid(path, "not_attached")
    return _stated(json.loads(found[0]), page_marks(content))


def _stated(told: Any, now: tuple[PageMarks, ...] | None = None) -> Stated:
    if isinstance(told, dict) and told.get("format") != FORMAT:
        raise ValueError("of another format")
    rows = tuple(told["report"] if isinstance(told, dict) else told)
    if not all(isinstance(row, dict) for row in rows) or not any("provenance" in row for row in rows):
        raise ValueError("no reading")
    look_at(rows)
    numbers = tuple(one for place, row in enumerate(rows) for one in _numbers(place, row))
    pages = None
    if now is not None:
        printed = {
            name: (one["text"], {int(page): int(count) for page, count in one["pages"].items()})
            for name, one in told["printed"].items()
        }
        then = told["pages"]
        numbers_then = tuple(tuple(map(str, page["numbers"])) for page in then)
        pages = StatedPages(now, tuple(str(page["sha256"]) for page in then), numbers_then, printed)
    return Stated(rows, numbers, pages)


def _numbers(place: int, row: Row) -> Iterator[Number]:
    for told in row.get("numbers", ()):
        at = told["at"]
        yield number_of(told, place, None if at is None else at_pointer(row, at))


def number_of(told: Row, place: int, stands: Any) -> Number:
    """Return a number of an entry, given its trace and what stands where that points to."""
    is_number = isinstance(stands, int | float) and not isinstance(stands, bool)
    value = float(told["value"])
    return Number(
        str(told["id"]),
        Kind(told["kind"]),
        str(told["of"]),
        str(told["by"]),
        value,
        place,
        float(stands) if is_number else None,
        told,
    )


def _invalid(path: Path, reason: str) -> InvalidInput:
    return InvalidInput(ErrorCode.REPORT_INVALID, name=path.name, reason=reason)

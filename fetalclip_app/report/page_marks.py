"""What a PDF's pages say, read from the finished pages: their numbers in order, and a digest of all that is drawn."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NumberObject,
    StreamObject,
)

Matrix = Sequence[float]

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SPACE = re.compile(r"\s+")
_HOW_STORED = frozenset({"/Length", "/Filter", "/DecodeParms", "/DL"})
_WHERE = frozenset({"/Parent", "/P", "/StructParents", "/Type"})


@dataclass(frozen=True, slots=True)
class Run:
    """Words that a page draws at one place, in points from its lower left corner.

    Attributes:
        width, height: Of a note that is laid over the page; 0 of what is drawn on it.
    """

    text: str
    x: float
    y: float
    width: float = 0.0
    height: float = 0.0


@dataclass(frozen=True, slots=True)
class PageMarks:
    """One page.

    Attributes:
        numbers: Every run of digits in the order of the page, such as ``175.2``.
        text: All of it, with one space wherever the page has some.
        sha256: Of everything that is drawn: contents, pictures, fonts, and what is laid over it. Another way to store
            the same is the same.
        runs: What is drawn, with its place, in the order drawn.
        notes: What is laid over it: this program lays nothing there.
    """

    numbers: tuple[str, ...]
    text: str
    sha256: str
    runs: tuple[Run, ...] = ()
    notes: tuple[Run, ...] = ()

    def count(self, printed: str) -> int:
        """Return how often a number with its unit stands on the page."""
        return len(pattern_of(printed).findall(self.text))


def pattern_of(printed: str) -> re.Pattern[str]:
    """Return what finds a number with its unit in a page's text, and no other number that ends alike."""
    wanted = r"\s*".join(re.escape(part) for part in printed.split())
    return re.compile(rf"(?<![\d.,<>]){wanted}(?![²\d])")


def page_marks(pdf: bytes) -> tuple[PageMarks, ...]:
    """Return what each page says.

    Raises:
        pypdf.errors.PyPdfError: This is no PDF that can be read.
    """
    reader = PdfReader(BytesIO(pdf))
    digests: dict[int, bytes] = {}
    return tuple(_marks(page, digests) for page in reader.pages)


def _marks(page: PageObject, digests: dict[int, bytes]) -> PageMarks:
    runs: list[Run] = []

    def draw(text: str, matrix: Matrix, line: Matrix, font: object, size: float) -> None:
        if text.strip():
            x = line[4] * matrix[0] + line[5] * matrix[2] + matrix[4]
            runs.append(Run(text.strip(), x, line[4] * matrix[1] + line[5] * matrix[3] + matrix[5]))

    text = page.extract_text(visitor_text=draw)
    drawn = {key: page.get(key) for key in ("/Contents", "/Resources", "/Annots", "/MediaBox", "/CropBox", "/Rotate")}
    whole = hashlib.sha256(_digest(DictionaryObject(drawn), digests)).hexdigest()
    return PageMarks(tuple(_NUMBER.findall(text)), _SPACE.sub(" ", text), whole, tuple(runs), tuple(_notes(page)))


def _notes(page: PageObject) -> Iterator[Run]:
    for reference in page.get("/Annots") or ():
        note = reference.get_object()
        left, lower, right, upper = _sorted_box([float(side) for side in note.get("/Rect", (0, 0, 0, 0))])
        yield Run(str(note.get("/Contents", "")), left, lower, right - left, upper - lower)


def _sorted_box(sides: Sequence[float]) -> tuple[float, float, float, float]:
    """Return a rectangle by its lower left and upper right corner, whichever corners were given."""
    return min(sides[0], sides[2]), min(sides[1], sides[3]), max(sides[0], sides[2]), max(sides[1], sides[3])


def _digest(value: Any, digests: dict[int, bytes]) -> bytes:
    """Return a digest of an object with all that it refers to."""
    if isinstance(value, IndirectObject):
        if value.idnum not in digests:
            digests[value.idnum] = b"again"  # an object that refers to itself
            digests[value.idnum] = _digest(value.get_object(), digests)
        return digests[value.idnum]
    return hashlib.sha256(_told(value, digests)).digest()


def _told(value: Any, digests: dict[int, bytes]) -> bytes:
    if isinstance(value, DictionaryObject):
        without = _HOW_STORED | _WHERE if isinstance(value, StreamObject) else _WHERE
        items = [(key.encode(), value.raw_get(key)) for key in sorted(value) if key not in without]
        told = b"".join(key + _digest(one, digests) for key, one in items)
        return b"stream" + told + value.get_data() if isinstance(value, StreamObject) else b"dictionary" + told
    if isinstance(value, ArrayObject):
        return b"array" + b"".join(_digest(one, digests) for one in value)
    if isinstance(value, FloatObject | NumberObject):
        return f"{float(value):.4f}".encode()
    return f"{type(value).__name__} {value}".encode(errors="backslashreplace")


def printed_on(pages: Sequence[PageMarks], forms: Sequence[str]) -> tuple[str, dict[int, int]]:
    """Return the form of a number that pages print, and how often each page does (from 1); empty where none does."""
    for form in forms:
        found = {number: count for number, page in enumerate(pages, start=1) if (count := page.count(form))}
        if found:
            return form, found
    return "", {}

"""What a file says of a patient: to be found again nowhere, neither in the bytes nor in the picture."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from fetalclip_app.imaging.deidentify.terms import is_standard_uid

_TEXTS = frozenset(
    {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT"}
)
_NOT_TELLING = frozenset({"TM", "AS", "DS", "IS", "CS"})
"""Times of day stay; ages, numbers and code words are no text that points at somebody."""

_SHORTEST = 4
"""Shorter texts, ``US`` or ``1``, are everywhere and point at nobody."""

_SHORTEST_WORD = 3
_FEWEST_DIGITS = 6
_ALIKE = 0.8
"""Share of letters in the same order from which what an OCR read counts as a removed text. Chosen here: it still
finds a name of five letters with one misread."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WORD = re.compile(r"[^\W_]+")
_PRINTABLE = re.compile(rb"[\x20-\x7e\xa0-\xff]{4,}")
_LONGEST_BYTES = 1 << 16
"""Unknown bytes beyond this are no text."""


class Taken(NamedTuple):
    """A text that was removed or changed.

    Attributes:
        vr: Its representation; UN for what was found in unknown bytes.
        is_listed: The standard's table names the attribute. Other texts, private ones above all, mostly say how the
            scanner was set: they must not be in the output, but the same words on a screen point at nobody.
    """

    vr: str
    text: str
    is_listed: bool = True


@dataclass(frozen=True, slots=True)
class Identity:
    """The removed texts, lower case.

    Attributes:
        texts: Whole values that are long enough to be looked for in bytes.
        words: Their words, and dates as screens write them, to be looked for in pictures.
        initials: Of persons, both ways round.
    """

    texts: frozenset[str]
    words: frozenset[str]
    initials: frozenset[str] = frozenset()

    @classmethod
    def of(cls, taken: Iterable[Taken], *, produced: Set[str] = frozenset(), device: str = "") -> Identity:
        """Return what identifies among removed values.

        Args:
            produced: Texts that the output holds rightly, such as shifted dates.
            device: What the scanner is called: private copies of it point at nobody.
        """
        texts: set[str] = set()
        words: set[str] = set()
        initials: set[str] = set()
        for vr, text, is_listed in taken:
            plain = text.strip(" \0\r\n\t").casefold()
            if vr in _NOT_TELLING or (vr == "UI" and is_standard_uid(plain)) or any(plain in each for each in produced):
                continue
            if _is_telling(plain) and (is_listed or plain not in device.casefold()):
                texts.add(plain)
            if is_listed:
                words.update(_dates(plain[:8]) if vr in ("DA", "DT") else _words(plain, vr))
            if vr == "PN":
                letters = "".join(word[0] for word in _WORD.findall(plain)[:2])
                initials.update({letters, letters[::-1]} if len(letters) == 2 else ())
        return cls(frozenset(texts), frozenset(words), frozenset(initials))

    def is_in(self, text: str) -> bool:
        """Whether a removed text stands in ``text``."""
        lower = text.casefold()
        return any(each in lower for each in self.texts)

    def found_in_bytes(self, data: bytes) -> str:
        """Return a removed text that stands in ``data`` in any usual encoding; empty where none does."""
        read = [data.decode(encoding, errors="ignore").casefold() for encoding in ("utf-8", "latin-1")]
        for start in (0, 1):
            even = data[start : start + (len(data) - start) // 2 * 2]
            read += [even.decode(encoding, errors="ignore").casefold() for encoding in ("utf-16-le", "utf-16-be")]
        return next((text for text in sorted(self.texts) if any(text in each for each in read)), "")

    def is_alike(self, seen: str) -> bool:
        """Whether what an OCR read may be (a part of) a removed text: it misreads letters and drops spaces."""
        plain = _squeezed(seen)
        if plain in self.initials:
            return True
        return len(plain) >= _SHORTEST_WORD and any(_alike(plain, _squeezed(word)) for word in self.words)


def patient_of(dataset: Dataset) -> str:
    """Return what tells one patient from another: ID, else name and date of birth, else the study."""
    for keywords in (("PatientID",), ("PatientName", "PatientBirthDate"), ("StudyInstanceUID",), ("SOPInstanceUID",)):
        parts = [str(dataset.get(keyword) or "").strip() for keyword in keywords]
        if parts[0]:
            return "\0".join(parts)
    return ""


def strings_of(element: DataElement, is_listed: Callable[[int], bool]) -> Iterator[Taken]:
    """Yield every text inside an element; those of sequences and of unknown bytes as well."""
    if element.VR == "SQ":
        for item in element.value:
            for nested in readable(item):
                yield from strings_of(nested, is_listed)
    elif element.VR in _TEXTS:
        listed = is_listed(int(element.tag))
        for text in map(_as_written, element.value if element.VM > 1 else [element.value]):
            parts = re.split(r"[\^=]", text) if element.VR == "PN" else text.splitlines()
            yield from (Taken(element.VR, each, listed) for each in {text, *parts})
    elif isinstance(element.value, bytes) and len(element.value) <= _LONGEST_BYTES:
        for found in _PRINTABLE.findall(element.value):
            yield Taken("UN", found.decode("latin-1"), is_listed=False)


def readable(dataset: Dataset) -> Iterator[DataElement]:
    """Yield what can be read; what cannot was never understood by anybody, and does not travel."""
    for tag in sorted(dataset.keys()):
        try:
            yield dataset[tag]
        except (ValueError, TypeError, LookupError, NotImplementedError, OverflowError):
            continue


def _as_written(value: Any) -> str:
    return str(getattr(value, "original_string", None) or ("" if value is None else value))


def _is_telling(plain: str) -> bool:
    letters, digits = sum(map(str.isalpha, plain)), sum(map(str.isdigit, plain))
    return len(plain) >= _SHORTEST and (letters >= _SHORTEST_WORD or digits >= _FEWEST_DIGITS)


def _words(plain: str, vr: str) -> set[str]:
    if vr in ("UI", "UN"):
        return set()
    found = {
        word for word in _WORD.findall(plain) if len(word) >= _SHORTEST_WORD and (not word.isdigit() or len(word) > 3)
    }
    return found | ({plain} if len(plain) >= _SHORTEST else set())


def _dates(digits: str) -> set[str]:
    """Return how screens write a date: 20110525 is 25.05.2011, 5/25/2011, 25-May-11 ... without their separators."""
    if len(digits) != 8 or not digits.isdigit():
        return set()
    year, month, day = digits[:4], digits[4:6], digits[6:]
    months, days = {str(int(month)), month}, {str(int(day)), day}
    orders = {first + last for m in months for d in days for first, last in ((m, d), (d, m))}
    written = {order + y for order in orders for y in (year, year[2:])} | {digits, digits[2:]}
    name = _MONTHS[min(max(int(month), 1), 12) - 1]
    named = {f"{d}{name}{y}" for d in days for y in (year, year[2:])} | {f"{name}{day}{year}"}
    return {each for each in written | named if len(each) >= 5}


def _squeezed(text: str) -> str:
    return "".join(_WORD.findall(text.casefold()))


def _alike(seen: str, word: str) -> bool:
    if not word:
        return False
    if word.isdigit():
        return word in seen  # a digit misread is another number, and numbers are everywhere
    if word in seen or (seen in word and len(seen) >= _SHORTEST):
        return len(word) >= _SHORTEST or seen == word
    if len(word) <= _SHORTEST:
        return False
    window = max(len(word), 1)
    places = range(max(len(seen) - window, 0) + 1)
    return any(SequenceMatcher(None, seen[at : at + window], word).ratio() >= _ALIKE for at in places)

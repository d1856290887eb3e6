"""What a file says of a patient: to be found again nowhere, neither in the bytes nor in the picture."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.valuerep import PersonName

from fetalclip_app.imaging.deidentify import spellings as written
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
_FEWEST_SIGNS = 2
"""Of an eastern script, where one sign is a syllable: two are a name."""

_ALIKE = 0.8
"""Share of letters in the same order from which what an OCR read counts as a removed text. Chosen here: it still
finds a name of five letters with one misread."""

_PRINTABLE = re.compile(rb"[\x20-\x7e\xa0-\xff]{4,}")
_LONGEST_BYTES = 1 << 16
"""Unknown bytes beyond this are no text."""

_ENCODINGS = (
    *("utf-8", "latin-1", *(f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 9, 11, 15))),
    *("shift_jis", "iso2022_jp_2", "euc_jp", "euc_kr", "gb18030"),
)
"""The character sets of DICOM (PS3.3 C.12.1.1.2)."""


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
    """The removed texts, in lower case and every spelling.

    Attributes:
        texts: Whole values that are long enough to be looked for in bytes.
        words: Their words, and dates as screens write them, to be looked for in pictures.
        initials: Of persons, both ways round.
        short: Short words of names and short numbers: found only where they stand for themselves.
        produced: What stands in the output rightly: a shifted date may by chance be another one of the original.
    """

    texts: frozenset[str]
    words: frozenset[str]
    initials: frozenset[str] = frozenset()
    short: frozenset[str] = frozenset()
    produced: frozenset[str] = frozenset()

    @classmethod
    def of(cls, taken: Iterable[Taken], *, produced: Set[str] = frozenset(), device: str = "") -> Identity:
        """Return what identifies among removed values.

        Args:
            produced: Dates and times that the output holds rightly.
            device: What the scanner is called: private copies of it point at nobody.
        """
        texts: set[str] = set()
        words: set[str] = set()
        initials: set[str] = set()
        short: set[str] = set()
        scanner = written.plain(device)
        for vr, text, is_listed in taken:
            plain = written.plain(text)
            if vr in _NOT_TELLING or (vr == "UI" and is_standard_uid(plain)):
                continue
            if is_listed or plain not in scanner:
                parts = written.whole_names(text) | written.parts_of_name(text) if vr == "PN" else set()
                texts.update(each for one in {plain, *parts} for each in written.spellings(one) if _is_telling(each))
            if is_listed:
                words.update(written.dates(plain[:8]) if vr in ("DA", "DT") else _words(plain, vr))
                short.update(_short(text, vr))
            if vr == "PN":
                initials.update(written.initials(text))
        return cls(*map(frozenset, (texts, words, initials, short, produced)))

    def is_in(self, text: str) -> bool:
        """Whether a removed text stands in ``text``."""
        forms = written.spellings(written.plain(text))
        return any(each in form for form in forms for each in self.texts) or self._holds_short(text)

    def found_in_bytes(self, data: bytes) -> str:
        """Return a removed text that stands in ``data`` in any encoding of DICOM or in UTF-16, else nothing."""
        read = {data.decode(encoding, errors="ignore") for encoding in _ENCODINGS}
        for start in (0, 1):
            even = data[start : start + (len(data) - start) // 2 * 2]
            read |= {even.decode(encoding, errors="ignore") for encoding in ("utf-16-le", "utf-16-be")}
        plain = [written.plain(each) for each in read]
        return next((text for text in sorted(self.texts) if any(text in each for each in plain)), "")

    def is_alike(self, seen: str) -> bool:
        """Whether what an OCR read may be (a part of) a removed text: it misreads letters and drops spaces."""
        plain = written.squeezed(seen)
        if plain in self.initials or self._holds_short(seen):
            return True
        shortest = _FEWEST_SIGNS if written.signs(plain) else _SHORTEST_WORD
        forms = {form for form in written.spellings(plain) if len(form) >= shortest}
        return any(_alike(form, word) for form in forms for word in self.words)

    def _holds_short(self, text: str) -> bool:
        runs = {form for run in written.runs(text) for form in written.spellings(run)}
        return not self.short.isdisjoint(runs)


def patient_of(dataset: Dataset) -> str:
    """Return what tells one patient from another: ID, else name and date of birth, else the study."""
    for keywords in (("PatientID",), ("PatientName", "PatientBirthDate"), ("StudyInstanceUID",), ("SOPInstanceUID",)):
        parts = [str(dataset.get(keyword) or "").strip() for keyword in keywords]
        if parts[0]:
            return "\0".join(parts)
    return ""


def states_id(dataset: Dataset) -> bool:
    """Whether a file says by an ID whose it is: names are respelt, and forgotten."""
    return bool(str(dataset.get("PatientID") or "").strip())


def strings_of(element: DataElement, is_listed: Callable[[int], bool]) -> Iterator[Taken]:
    """Yield every text inside an element; those of sequences and of unknown bytes as well."""
    if element.VR == "SQ":
        for item in element.value:
            for nested in readable(item):
                yield from strings_of(nested, is_listed)
    elif element.VR in _TEXTS:
        listed = is_listed(int(element.tag))
        for text in (text for value in values_of(element) for text in _as_written(value)):
            parts = () if element.VR == "PN" else text.splitlines()
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


def values_of(element: DataElement) -> list[Any]:
    """Return an element's values, also where it is but one."""
    return list(element.value) if element.VM > 1 else [element.value]


def _as_written(value: Any) -> list[str]:
    """Return a value as the file writes it; a name also in encodings that files forget to state."""
    if not isinstance(value, PersonName):
        return [str(getattr(value, "original_string", None) or ("" if value is None else value))]
    found = [str(value)]
    raw: Any = value.original_string
    if isinstance(raw, bytes) and b"\x1b" not in raw:
        found.append(raw.decode("utf-8", "replace"))
        if all("\ufffd" in each for each in found):
            found.append(raw.decode("latin-1"))
    return [each for each in dict.fromkeys(found) if "\ufffd" not in each] or found


def _is_telling(plain: str) -> bool:
    letters, digits = sum(map(str.isalpha, plain)), sum(map(str.isdigit, plain))
    if written.signs(plain) >= _FEWEST_SIGNS:
        return True
    return len(plain) >= _SHORTEST and (letters >= _SHORTEST_WORD or digits >= _FEWEST_DIGITS)


def _words(plain: str, vr: str) -> set[str]:
    if vr in ("UI", "UN"):
        return set()
    found = {
        word
        for word in written.WORD.findall(plain)
        if (len(word) >= _SHORTEST_WORD and (not word.isdigit() or len(word) > 3))
        or written.signs(word) >= _FEWEST_SIGNS
    }
    names = written.whole_names(plain) if vr == "PN" else set()
    whole = {each for each in (plain, *names) if len(each) >= _SHORTEST or written.signs(each) >= _FEWEST_SIGNS}
    return {written.squeezed(each) for one in found | whole for each in written.spellings(one)}


def _short(text: str, vr: str) -> set[str]:
    """Return what counts only where it stands for itself: ``Ng`` is in many words, ``471`` in many numbers."""
    if vr == "PN":
        return {each for word in written.short_words(text) for each in written.spellings(word)}
    number = written.plain(text)
    return {number} if vr in ("LO", "SH") and number.isdigit() and len(number) >= _SHORTEST_WORD else set()


def _alike(seen: str, word: str) -> bool:
    if not word:
        return False
    if word.isdigit():
        return word in seen  # a digit misread is another number, and numbers are everywhere
    if written.signs(word) >= _FEWEST_SIGNS and (word in seen or seen in word):
        return True
    if word in seen or (seen in word and len(seen) >= _SHORTEST):
        return len(word) >= _SHORTEST or seen == word
    if len(word) <= _SHORTEST:
        return False
    places = range(max(len(seen) - len(word), 0) + 1)
    return any(SequenceMatcher(None, seen[at : at + len(word)], word).ratio() >= _ALIKE for at in places)

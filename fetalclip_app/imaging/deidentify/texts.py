"""Text that is left in a picture: where, and whether it may point at somebody."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.imaging.deidentify.identity import Identity
from fetalclip_app.imaging.deidentify.spellings import signs


@dataclass(frozen=True, slots=True)
class SeenText:
    """What an OCR read, where, in pixels of the frame, and how sure it is, 0 to 1."""

    text: str
    box: Box
    score: float = 1.0


class TextReader(Protocol):
    """Reads text in pictures."""

    def read(self, pixels: Pixels) -> tuple[SeenText, ...]:
        """Return every text in a picture, uint8 (H, W, 3)."""
        ...


class TextKind(StrEnum):
    """What a text in a picture may be."""

    IDENTIFYING = "identifying"
    UNKNOWN = "unknown"
    HARMLESS = "harmless"
    MEASUREMENT = "measurement"
    MARK = "mark"


@dataclass(frozen=True, slots=True)
class FoundText:
    """A text that is left, on which frame, and what it may be."""

    text: str
    box: Box
    frame: int
    kind: TextKind

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody has to look at it before the file may go."""
        return self.kind in (TextKind.IDENTIFYING, TextKind.UNKNOWN)


_UNITS = r"cm|mm|m|cm/s|mm/s|m/s|hz|khz|mhz|db|%|bpm|fps|s|ms|g|kg|ml|cm2|cm²|mmhg|°|w|d|wk|frames?"
_NAMES = (
    r"mi|tis?|tib|tic|gn|gain|c|p|r|g|d|l|m|b|e|s|a|x|dr|fr|freq|pwr|prf|wf|dist|area|circ|hc|bpd|ac|fl|ofd|crl|efw|ga|"
    r"tad|apad|nt|vmax|vmin|pi|ri|psv|edv|2d|3d|cf|pw|cw|thi|h|k|t|hgen|gen|res|pen|low|high|med|off|on|map"
)
_NUMBER = r"[+\-<>=~]{0,2}\d{1,4}(?:[.,]\d{1,3})?"
_MEASURE = re.compile(rf"(?:(?:{_NAMES})?[:=/]?{_NUMBER}(?:{_UNITS})?|{_NAMES}|{_UNITS}|[+x×*·:/=<>-])", re.IGNORECASE)
_FRACTIONS = re.compile(r"\d{1,2}(?:/\d{1,2}){1,3}")
_DATE = re.compile(r"\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})(?!\d)|\d{1,2}:\d{2}")
_MANY_DIGITS = re.compile(r"\d{5}")
_FEW_LETTERS = 2
"""A text with so few is an orientation mark, or a caliper's crosses misread: initials are looked for beforehand."""

_UNSURE = 0.6
"""Scores of the OCR below this, on the crosses and dots of calipers, were all misreadings of them."""

_ALNUM = re.compile(r"[^\W_]")


def kind_of(text: str, identity: Identity, harmless: Set[str] = frozenset(), device: str = "") -> TextKind:
    """Return what a text may be.

    Args:
        identity: What the file said of its patient: a text that is alike is identifying, whatever else it may be.
        harmless: Texts that a person called so before, as `normal` writes them.
        device: What the scanner is called.
    """
    if identity.is_alike(text):
        return TextKind.IDENTIFYING
    if normal(text) in harmless:
        return TextKind.HARMLESS
    letters = _ALNUM.findall(text)
    if signs(text) > 1:  # a caliper's cross is taken for one sign, two may be a name
        return TextKind.UNKNOWN
    if len(letters) <= _FEW_LETTERS:
        return TextKind.MARK
    if _is_measurement(text):
        return TextKind.MEASUREMENT
    words = [word for word in re.split(r"\W+", text.casefold()) if word]
    maker = device.casefold()
    return TextKind.HARMLESS if all(len(word) > 2 and word in maker for word in words) else TextKind.UNKNOWN


def normal(text: str) -> str:
    """Return a text as it is remembered: upper case, one space, and the digits of a setting as signs.

    Only few digits beside letters are a setting (``Gn 60``); many are a number that may be somebody's.
    """
    plain = " ".join(text.upper().split())
    digits = sum(map(str.isdigit, plain))
    has_letters = any(map(str.isalpha, plain))
    return re.sub(r"\d", "#", plain) if has_letters and digits <= 3 else plain


def judged(
    seen: Iterable[SeenText], frame: int, identity: Identity, *, harmless: Set[str] = frozenset(), device: str = ""
) -> tuple[FoundText, ...]:
    """Return what was read on a frame with what each text may be."""
    return tuple(
        FoundText(
            each.text,
            each.box,
            frame,
            TextKind.MARK if _is_noise(each, identity) else kind_of(each.text, identity, harmless, device),
        )
        for each in seen
    )


def _is_noise(seen: SeenText, identity: Identity) -> bool:
    """Whether calipers and lines were taken for the letters of another script."""
    unsure = seen.score < _UNSURE and not any(letter.isascii() and letter.isalnum() for letter in seen.text)
    return unsure and not identity.is_alike(seen.text)


def _is_measurement(text: str) -> bool:
    if _DATE.search(text) or _MANY_DIGITS.search(text):
        return False
    return all(_MEASURE.fullmatch(token) or _FRACTIONS.fullmatch(token) for token in text.split())

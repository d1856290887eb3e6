"""The bundled font: which letters it draws, and what stands in place of those that it does not."""

from __future__ import annotations

import functools
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from itertools import groupby

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from fetalclip_app import resources
from fetalclip_app.wording.translate import translate as _

REGULAR, BOLD = "NotoSans", "NotoSans-Bold"

_FILES = {REGULAR: "report/NotoSans-Regular.ttf", BOLD: "report/NotoSans-Bold.ttf"}

_SCRIPTS = {
    "CJK": "Chinese",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "HANGUL": "Korean",
    "ARABIC": "Arabic",
    "HEBREW": "Hebrew",
    "DEVANAGARI": "Devanagari",
    "BENGALI": "Bengali",
    "TAMIL": "Tamil",
    "THAI": "Thai",
    "ETHIOPIC": "Ethiopic",
    "GEORGIAN": "Georgian",
    "ARMENIAN": "Armenian",
}
"""First word of a letter's Unicode name -> its script, as people call it."""

_JOINTS = " ,-."


@functools.cache
def register() -> None:
    """Make the font known to the typesetter, once."""
    for name, file in _FILES.items():
        pdfmetrics.registerFont(TTFont(name, str(resources.path(file))))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


@functools.cache
def _covered() -> frozenset[int]:
    register()
    both = (frozenset(pdfmetrics.getFont(name).face.charToGlyph) for name in _FILES)
    return frozenset.intersection(*both)


def drawable(text: str) -> str:
    """Return ``text`` with what the font lacks named instead of drawn: ``Wang [2 Chinese letters]``.

    Control characters become spaces and invisible marks vanish; the letters that remain are all in the font.
    """
    letters = _visible(text)
    pieces: list[str] = []
    for kind, run in groupby(_joined_kinds(letters), key=lambda pair: pair[0]):
        part = [letter for _same, letter in run]
        pieces.append(_named(kind, sum(map(str.isalnum, part)) or len(part)) if kind else "".join(part))
    return "".join(pieces).strip()


def missing(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the scripts among ``texts`` that the font cannot draw, the most frequent first."""
    counts = Counter(kind for text in texts for letter in _visible(text) if (kind := _kind(letter)))
    return tuple(kind for kind, _count in counts.most_common())


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a line in points."""
    register()
    return float(pdfmetrics.stringWidth(text, BOLD if bold else REGULAR, size))


def shortened(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """Return ``text`` cut in its middle so that it fits into ``width`` points; a file's ending stays in sight."""
    if text_width(text, size, bold=bold) <= width:
        return text
    fitting = bisect_right(range(2, len(text)), width, key=lambda kept: text_width(_cut(text, kept), size, bold=bold))
    return _cut(text, fitting + 1) if fitting else "…"


def _cut(text: str, kept: int) -> str:
    """Return the first and the last of the letters, ``kept`` in all."""
    tail = min(kept // 2, 12)
    return f"{text[: kept - tail]}…{text[len(text) - tail :]}"


def _visible(text: str) -> str:
    spaced = "".join(" " if unicodedata.category(letter) in {"Cc", "Zl", "Zp"} else letter for letter in text)
    return "".join(letter for letter in unicodedata.normalize("NFC", spaced) if unicodedata.category(letter) != "Cf")


def _joined_kinds(letters: str) -> list[tuple[str, str]]:
    """Return each letter with its script; a blank or comma between two words of one missing script belongs to it."""
    kinds = [_kind(letter) for letter in letters]
    after = ""
    for index in range(len(letters) - 1, -1, -1):
        if letters[index] in _JOINTS:
            before = next((kinds[k] for k in range(index - 1, -1, -1) if letters[k] not in _JOINTS), "")
            kinds[index] = after if after == before else ""
        else:
            after = kinds[index]
    return list(zip(kinds, letters, strict=True))


def _kind(letter: str) -> str:
    """Return the script of a letter that the font lacks; empty for one that it draws."""
    if ord(letter) in _covered():
        return ""
    if unicodedata.category(letter) in {"Cs", "Co", "Cn"}:
        return "unreadable"
    return _SCRIPTS.get(unicodedata.name(letter, "OTHER").split()[0].split("-")[0], "other")


def _named(kind: str, count: int) -> str:
    noun = _("letter") if count == 1 else _("letters")
    return f"[{count} {_(kind)} {noun}]"

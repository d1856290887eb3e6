"""How one name or date is written elsewhere: other case, other letters, other order, as initials."""

from __future__ import annotations

import re
import unicodedata
from itertools import permutations

WORD = re.compile(r"[^\W_]+")
_RUNS = re.compile(r"\d+|[^\W\d_]+")
_SIGN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]")
"""Kana, Han and Hangul: one sign is a syllable or a word."""

_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae"})
_BARE = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"})
"""Letters that are no letter with a mark for Unicode."""

_TITLES = frozenset({"dr", "md", "mr", "ms", "mrs", "phd", "prof", "jr", "sr", "von", "van", "de", "der", "da", "di"})
"""Short words of names that are nobody's; ``DR 60`` is a setting."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED_PARTS = 3
"""Family, given and middle names; what stands in front and behind follows them (PS3.5 6.2.1)."""

_MOST_WORDS = 3
"""Of a name, in every order; a longer one is looked for in its own order and turned round."""


def plain(text: str) -> str:
    """Return a text without the differences that no reader sees: case, width, composed letters, spaces around."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip(" \0\r\n\t")


def spellings(text: str) -> set[str]:
    """Return a plain text with its own letters, without their marks, and as German and Danish write them otherwise."""
    bare = unicodedata.normalize("NFKD", text.translate(_BARE))
    unmarked = unicodedata.normalize("NFC", "".join(each for each in bare if not unicodedata.combining(each)))
    german = unicodedata.normalize("NFKC", text).translate(_GERMAN)
    return {each for each in (text, unmarked, german) if each}


def squeezed(text: str) -> str:
    """Return a text's letters and digits only."""
    return "".join(WORD.findall(plain(text)))


def runs(text: str) -> list[str]:
    """Return a text's runs of letters and of digits."""
    return _RUNS.findall(plain(text))


def signs(text: str) -> int:
    """Return how many signs of an eastern script a text has."""
    return len(_SIGN.findall(text))


def groups_of(name: str) -> list[list[str]]:
    """Return the words of a person's name, for each way that it is written in (PS3.5 6.2: letters, signs, sounds)."""
    groups = [" ".join(group.split("^")[:_NAMED_PARTS]) for group in plain(name).split("=")]
    return [words for group in groups if (words := WORD.findall(group))]


def parts_of_name(name: str) -> set[str]:
    """Return the components of a person's name, and their words."""
    parts = {part.strip() for part in re.split(r"[\^=]", plain(name))}
    return {each for part in parts for each in (part, *WORD.findall(part)) if each}


def whole_names(name: str) -> set[str]:
    """Return a person's name in the orders and with the separators that others write it with."""
    found: set[str] = set()
    for words in groups_of(name):
        orders = permutations(words) if len(words) <= _MOST_WORDS else (tuple(words), tuple(reversed(words)))
        found |= {separator.join(order) for order in orders for separator in (" ", "", ", ", "^", "_")}
    return found


def short_words(name: str) -> set[str]:
    """Return the words of a name that are too short to be looked for within others, ``Ng``; and its signs."""
    words = {word for words in groups_of(name) for word in words} - _TITLES
    return {word for word in words if signs(word) or (word.isalpha() and 2 <= len(word) <= 3)}


def initials(name: str) -> set[str]:
    """Return a person's initials, both ways round."""
    found: set[str] = set()
    for words in groups_of(name):
        letters = "".join(word[0] for word in words if word.isalpha() and not signs(word))
        both = {letters[:2], letters[:3]}
        found |= {each for one in both if len(one) > 1 for each in (one, one[::-1], one[1:] + one[0])}
    return {each for one in found for each in spellings(one) if each.isalpha()}


def dates(digits: str) -> set[str]:
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

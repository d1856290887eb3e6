"""What of a written file's header was copied from its original: all but what the program itself has put there.

A hospital's ``Ultrasound`` and a patient called Long stand in the record of the method and in the standard's own words
as well; those are no copies.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from pydicom.datadict import keyword_for_tag
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32

from fetalclip_app.imaging.deidentify import closed_terms, profile, terms
from fetalclip_app.imaging.deidentify.identifiers import MADE_PSEUDONYM, MADE_UID
from fetalclip_app.imaging.deidentify.identity import Identity
from fetalclip_app.imaging.deidentify.record import GENERATED

_HEAD = 132
"""Bytes before the first element: the preamble and DICM (PS3.10 7.1)."""

_LONG = frozenset(vr.encode() for vr in EXPLICIT_VR_LENGTH_32)
_ITEM = (0xFFFE, 0xE000)
_DUMMIES = frozenset({*profile.DUMMIES.values(), ""})


class _Leaf(NamedTuple):
    tag: int
    vr: str
    start: int
    end: int
    is_in_code: bool


def without_own(data: bytes, identity: Identity) -> bytes:
    """Return a header with zeros where the program's own values and words of closed lists stand.

    Args:
        data: A file that was written here, up to its pixels: explicit little endian, lengths stated. Where it is not
            of that form, the rest stays, and is searched.
    """
    searched = bytearray(data)
    for leaf in _leaves(data, _HEAD, len(data)):
        if _is_own(leaf, data[leaf.start : leaf.end], identity):
            searched[leaf.start : leaf.end] = bytes(leaf.end - leaf.start)
    return bytes(searched)


def _leaves(data: bytes, at: int, end: int, is_in_code: bool = False) -> Iterator[_Leaf]:
    while at + 8 <= end:
        group, number, vr = struct.unpack_from("<HH2s", data, at)
        is_long = vr in _LONG
        if at + (12 if is_long else 8) > end:
            return
        length = struct.unpack_from("<I", data, at + 8)[0] if is_long else struct.unpack_from("<H", data, at + 6)[0]
        start = at + (12 if is_long else 8)
        at = start + length
        if at > end:
            return
        tag = group << 16 | number
        if vr == b"SQ":
            is_code = is_in_code or profile.is_code(keyword_for_tag(tag)) or keyword_for_tag(tag) in GENERATED
            for first, last in _items(data, start, at):
                yield from _leaves(data, first, last, is_code)
        else:
            yield _Leaf(tag, vr.decode("latin-1"), start, at, is_in_code)


def _items(data: bytes, at: int, end: int) -> Iterator[tuple[int, int]]:
    while at + 8 <= end:
        group, number, length = struct.unpack_from("<HHI", data, at)
        if (group, number) != _ITEM or at + 8 + length > end:
            return
        yield at + 8, at + 8 + length
        at += 8 + length


def _is_own(leaf: _Leaf, raw: bytes, identity: Identity) -> bool:
    keyword = keyword_for_tag(leaf.tag)
    if leaf.is_in_code or keyword in GENERATED:
        return True
    if leaf.vr in ("UN", "OB", "OW"):
        return False
    values = [value.strip(" \0") for value in raw.decode("latin-1").split("\\")]
    return all(_is_own_value(value, leaf.vr, keyword, identity) for value in values)


def _is_own_value(value: str, vr: str, keyword: str, identity: Identity) -> bool:
    if keyword in closed_terms.KEYWORDS:
        return closed_terms.is_listed(keyword, value)
    if keyword == "ImageType":
        return terms.is_image_type(value)
    if vr in profile.TEMPORAL:
        return value.casefold() in identity.produced
    return value in _DUMMIES or (value.casefold() not in identity.texts and _looks_made(value, vr, keyword))


def _looks_made(value: str, vr: str, keyword: str) -> bool:
    """Whether a value has the form of a pseudonym or a UID that is made here; an original may have it too."""
    if keyword in ("PatientName", "PatientID"):
        return MADE_PSEUDONYM.fullmatch(value) is not None
    return vr == "UI" and (MADE_UID.fullmatch(value) is not None or terms.is_standard_uid(value))

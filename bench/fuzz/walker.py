"""A walk over the bytes of a DICOM file that shares nothing with the program's reader.

It serves two masters: damages need to know where each tag, length and value lies, and the judge needs to know which
calibration a damaged file still states, told by somebody else than the reader on trial (PS3.5 7.1 and 7.5).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
TRANSFER_SYNTAX, PIXEL_DATA, REGIONS = 0x00020010, 0x7FE00010, 0x00186011

IMPLICIT, BIG_ENDIAN, DEFLATED = "1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"

_LONG_VRS = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_DEEPEST = 40
_MOST_INFLATED = 1 << 26


@dataclass(frozen=True, slots=True)
class Element:
    """Where an element lies.

    Attributes:
        tag: Group and element in one number.
        vr: Two letters; empty where the file does not say.
        start: Of the tag.
        length_at, length_size: Where the length stands, and in how many bytes (2 or 4).
        value: First byte of the value.
        length: As stated.
        end: First byte after the value, delimiters included.
        parents: Places in `Walk.elements` of the sequences and items around it, the outermost first.
    """

    tag: int
    vr: str
    start: int
    length_at: int
    length_size: int
    value: int
    length: int
    end: int
    parents: tuple[int, ...] = ()


@dataclass(slots=True)
class Walk:
    """All elements of a file, in the order of their tags' places.

    Attributes:
        data: What was walked over: of a deflated file, what it unpacks to.
        order: ``<`` or ``>``.
        syntax: Transfer syntax as stated; empty where there is none.
        packed_at: Where a deflated file's packed part begins; 0 in all others.
        complete: Every byte up to the pixel data was understood.
    """

    data: bytes
    order: str = "<"
    implicit: bool = False
    syntax: str = ""
    packed_at: int = 0
    complete: bool = False
    elements: list[Element] = field(default_factory=list)

    def value(self, element: Element) -> bytes:
        """Return an element's bytes."""
        return self.data[element.value : element.end]

    def find(self, tag: int) -> Element | None:
        """Return the first element of the top level with this tag."""
        return next((each for each in self.elements if each.tag == tag and not each.parents), None)

    def inside(self, place: int) -> Iterator[int]:
        """Yield the places of what lies directly in a sequence or an item."""
        for index in range(place + 1, len(self.elements)):
            parents = self.elements[index].parents
            if place not in parents:
                return
            if parents[-1] == place:
                yield index


def walk(data: bytes) -> Walk:
    """Return what can be understood of a file; `Walk.complete` says whether that reaches the pixels."""
    found = Walk(data)
    try:
        start = _meta(found)
        if found.syntax == DEFLATED:
            worker = zlib.decompressobj(-zlib.MAX_WBITS)
            found.packed_at = start
            found.data, found.elements = worker.decompress(data[start:], _MOST_INFLATED), []
            start = 0
        found.implicit = found.syntax == IMPLICIT or not data[start + 4 : start + 6].isalpha()
        found.order = ">" if found.syntax == BIG_ENDIAN else "<"
        found.implicit = found.implicit and found.syntax != DEFLATED
        _elements(found, start, len(found.data), ())
        found.complete = True
    except (struct.error, ValueError, zlib.error):
        found.complete = any(each.tag == PIXEL_DATA for each in found.elements)
    return found


def _meta(found: Walk) -> int:
    """Walk over group 2, which is always explicit and little endian; return where it ends."""
    position = 132 if found.data[128:132] == b"DICM" else 0
    while found.data[position : position + 2] == b"\x02\x00":
        element = _header(found, position, ())
        found.elements.append(element)
        position = element.end
        if element.tag == TRANSFER_SYNTAX:
            found.syntax = found.value(element).rstrip(b"\0 ").decode("latin-1")
    return position


def _elements(found: Walk, position: int, end: int, parents: tuple[int, ...]) -> int:
    """Walk over elements up to ``end`` or a delimiter; return the place after."""
    if len(parents) > _DEEPEST:
        raise ValueError("nested too deeply")
    while position + 8 <= end:
        element = _header(found, position, parents)
        if element.tag in (ITEM_END, SEQUENCE_END):
            return element.value
        place = len(found.elements)
        found.elements.append(element)
        if element.length == UNDEFINED or element.vr == "SQ" or element.tag in (ITEM, REGIONS):
            position = _inner(found, place, end)
        else:
            position = element.end
        if position > end:
            raise ValueError("reaches out of what holds it")
    return position


def _inner(found: Walk, place: int, end: int) -> int:
    """Walk over what lies in a sequence, an item or encapsulated pixel data; correct its end."""
    element = found.elements[place]
    stop = end if element.length == UNDEFINED else element.end
    if stop > end:
        raise ValueError("reaches out of what holds it")
    inside = (*element.parents, place)
    after = (_fragments if element.tag == PIXEL_DATA else _elements)(found, element.value, stop, inside)
    after = after if element.length == UNDEFINED else stop
    found.elements[place] = replace(element, end=after)
    return after


def _fragments(found: Walk, position: int, end: int, parents: tuple[int, ...]) -> int:
    while position + 8 <= end:
        element = _header(found, position, parents)
        if element.tag != ITEM:
            return element.value
        found.elements.append(element)
        position = element.end
    return position


def _header(found: Walk, position: int, parents: tuple[int, ...]) -> Element:
    """Read a tag and its length.

    Raises:
        ValueError, struct.error: The bytes end before.
    """
    order = found.order if found.data[position : position + 2] != b"\x02\x00" else "<"
    group, number = struct.unpack_from(f"{order}HH", found.data, position)
    tag, vr, at, size = group << 16 | number, "", position + 4, 4
    if group != 0xFFFE and (group == 2 or not found.implicit):
        letters = found.data[position + 4 : position + 6]
        vr = letters.decode("latin-1")
        at, size = (position + 8, 4) if letters in _LONG_VRS else (position + 6, 2)
    length = struct.unpack_from(f"{order}{'I' if size == 4 else 'H'}", found.data, at)[0]
    value = at + size
    end = value if length == UNDEFINED else value + length
    if end > len(found.data) and tag not in (PIXEL_DATA, ITEM):
        raise ValueError("reaches beyond the end")
    return Element(tag, vr, position, at, size, value, length, min(end, len(found.data)), parents)

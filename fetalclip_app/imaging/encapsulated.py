"""Where each frame of DICOM pixel data lies in its file, found without reading the pixels.

Compressed pixel data are a row of items (PS3.5 A.4): first a Basic Offset Table, which may be empty, then fragments.
A frame may be cut into several fragments. Which belong together is told, in this order, by the extended or basic
offset table, where it points at fragments; by there being one fragment for each frame; by the first bytes of a
fragment, since each JPEG or JPEG 2000 stream opens with a marker of its own.

Where a file ends in the middle, the frames before the cut are whole and are found; a frame counts only when the next
one, or the end of the sequence, is there as well.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from fetalclip_app.imaging.content import Content

_ITEM = b"\xfe\xff\x00\xe0"
_SEQUENCE_END = b"\xfe\xff\xdd\xe0"
_STREAM_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51")
"""JPEG (and JPEG-LS) SOI, JPEG 2000 SOC."""

_MAX_FRAGMENTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of the file that hold (a part of) a frame."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Items:
    """The items of an encapsulated sequence.

    Attributes:
        table: Offsets of the basic offset table, from the first fragment's item.
        fragments: Spans of the values, whole ones only.
        opens_stream: For each fragment, whether it begins with a codestream's first marker.
        complete: The end of the sequence was found.
    """

    table: tuple[int, ...]
    fragments: tuple[Span, ...]
    opens_stream: tuple[bool, ...]
    complete: bool


def joined(content: Content, spans: Sequence[Span]) -> bytes:
    """Return the bytes of one frame, its fragments put together.

    One read fetches them all: a damaged file may cut a frame into a hundred thousand fragments, and opening a file for
    each would take seconds.

    Raises:
        UnreadableFile: FILE_TRUNCATED where the bytes end before.
    """
    start, end = spans[0].offset, max(span.offset + span.length for span in spans)
    whole = content.read(start, end - start)
    if len(spans) == 1:
        return whole
    held = memoryview(whole)
    return b"".join(held[span.offset - start : span.offset - start + span.length] for span in spans)


def scan(content: Content, start: int) -> Items:
    """Walk over the items from ``start``, reading 12 bytes of each."""
    table: tuple[int, ...] | None = None
    fragments: list[Span] = []
    opens: list[bool] = []
    complete = False
    with content.open() as stream:
        position = start
        while len(fragments) < _MAX_FRAGMENTS:
            stream.seek(position)
            head = stream.read(8)
            if head[:4] != _ITEM or len(head) < 8:
                complete = head[:4] == _SEQUENCE_END
                break
            length = struct.unpack("<I", head[4:])[0]
            if position + 8 + length > content.size:
                break
            if table is None:
                table = struct.unpack(f"<{length // 4}I", stream.read(length // 4 * 4))
            else:
                fragments.append(Span(position + 8, length))
                opens.append(stream.read(4).startswith(_STREAM_STARTS))
            position += 8 + length
    return Items(table or (), tuple(fragments), tuple(opens), complete)


def frames_of(items: Items, count: int, extended: Sequence[int] = ()) -> tuple[tuple[Span, ...], ...]:
    """Group fragments into frames; fewer than ``count`` come back where the file holds fewer whole ones.

    Args:
        count: NumberOfFrames of the header.
        extended: Extended Offset Table (7FE0,0001), where there is one.
    """
    starts = _starts(items, count, extended)
    if starts is None:
        return ()
    edges = [*starts, len(items.fragments)]
    frames = [items.fragments[first:last] for first, last in pairwise(edges) if last > first]
    one_to_one = len(starts) == len(items.fragments)
    if not items.complete and not one_to_one and len(frames) <= count:
        frames = frames[:-1]  # nobody knows whether another fragment of it was to follow
    return tuple(frames[:count])


def _starts(items: Items, count: int, extended: Sequence[int]) -> list[int] | None:
    """Return the index of each frame's first fragment; None where they cannot be told apart."""
    total = len(items.fragments)
    if total == 0:
        return None
    if count == 1:
        return [0]
    for table in (extended, items.table):
        found = _by_table(items, table) if len(table) == count else None
        if found is not None:
            return found
    if total == count or not any(items.opens_stream):
        return list(range(total)) if total <= count else None
    return [index for index, opens in enumerate(items.opens_stream) if opens]


def _by_table(items: Items, table: Sequence[int]) -> list[int] | None:
    """Return the fragments that an offset table points at; None where it points elsewhere or backwards."""
    base = items.fragments[0].offset
    places = {span.offset - base: index for index, span in enumerate(items.fragments)}
    held = [places.get(offset) for offset in table if offset <= max(places)]
    found = [index for index in held if index is not None]
    if len(found) != len(held) or not found or found[0] != 0 or any(b <= a for a, b in pairwise(found)):
        return None
    return found

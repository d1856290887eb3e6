"""Where each frame of DICOM pixel data lies in its file, found without reading the pixels.

Compressed pixel data are a row of items (PS3.5 A.4): first a Basic Offset Table, which may be empty, then fragments.
A frame may be cut into several fragments. Which belong together is told, in this order, by the extended or basic
offset table, where it points at fragments; by there being one fragment for each frame; by the first bytes of a
fragment, since each JPEG or JPEG 2000 stream opens with a marker of its own. Tables that point elsewhere than at the
beginning of fragments, or not at as many as there are frames, are not believed.

Where a file ends in the middle, the frames before the cut are whole and are found; a frame counts only when the next
one, or the end of the sequence, is there as well.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import BinaryIO

from fetalclip_app.imaging.files.content import Content

_ITEM = b"\xfe\xff\x00\xe0"
_SEQUENCE_END = b"\xfe\xff\xdd\xe0"
_STREAM_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  ")
"""JPEG (and JPEG-LS) SOI, JPEG 2000 SOC, and the wrapper JP2 around it."""

_HEAD = 8
"""Bytes that are looked at of each fragment."""

_RLE_FIRST_SEGMENT = 64
"""Where the first segment of a run-length frame lies, as its header says (PS3.5 G.5)."""

_MAX_ITEMS = 1_000_000


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of the file that hold (a part of) a frame."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Items:
    """The items of an encapsulated sequence.

    Attributes:
        table: Offsets of the basic offset table, from ``base``.
        base: Where the first fragment's item begins.
        fragments: Spans of the values, whole ones only; empty ones are left out.
        opens_stream: For each fragment, whether it begins with a codestream's first marker.
        complete: The end of the sequence was found.
        cut: What is there of a fragment that the file breaks off in.
    """

    table: tuple[int, ...]
    base: int
    fragments: tuple[Span, ...]
    opens_stream: tuple[bool, ...]
    complete: bool
    cut: Span | None = None


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
    """Walk over the items from ``start``, reading 16 bytes of each."""
    walk = _Walk(start)
    with content.open() as stream:
        for _ in range(_MAX_ITEMS):
            if not walk.step(stream, content.size):
                break
    return Items(
        table=walk.table or (),
        base=walk.base,
        fragments=tuple(walk.fragments),
        opens_stream=tuple(walk.opens),
        complete=walk.complete,
        cut=walk.cut,
    )


@dataclass(slots=True)
class _Walk:
    """A walk over items, at ``position``."""

    position: int
    base: int = 0
    table: tuple[int, ...] | None = None
    fragments: list[Span] = field(default_factory=list)
    opens: list[bool] = field(default_factory=list)
    complete: bool = False
    cut: Span | None = None
    _was_odd: bool = False

    def step(self, stream: BinaryIO, size: int) -> bool:
        """Take the next item; return False where there is none."""
        stream.seek(self.position)
        head = stream.read(8 + _HEAD)
        if self._was_odd and head[:4] != _ITEM and head[1:5] in (_ITEM, _SEQUENCE_END):
            self.position += 1  # a writer that padded a fragment and did not count the padding
            stream.seek(self.position)
            head = stream.read(8 + _HEAD)
        if head[:4] != _ITEM or len(head) < 8:
            self.complete = head[:4] == _SEQUENCE_END
            return False
        length = struct.unpack("<I", head[4:8])[0]
        value = Span(self.position + 8, length)
        if value.offset + length > size:
            self.cut = Span(value.offset, size - value.offset)
            return False
        self._take(stream, value, head[8:])
        self.position = value.offset + length
        self._was_odd = length % 2 == 1
        return True

    def _take(self, stream: BinaryIO, value: Span, first: bytes) -> None:
        if self.table is None and not _is_fragment(value.length, first):
            stream.seek(value.offset)
            self.table = struct.unpack(f"<{value.length // 4}I", stream.read(value.length // 4 * 4))
            self.base = value.offset + value.length
            return
        if self.table is None:  # some writers forget the table's item, which may be empty but must be there
            self.table, self.base = (), self.position
        if value.length:
            self.fragments.append(value)
            self.opens.append(first.startswith(_STREAM_STARTS))


def _is_fragment(length: int, first: bytes) -> bool:
    """Whether the first item is no offset table, which begins with offset 0 and holds whole numbers of four bytes."""
    if length % 4 or first.startswith(_STREAM_STARTS):
        return True
    if length < _RLE_FIRST_SEGMENT:
        return False
    segments, offset = struct.unpack("<2I", first)
    return bool(1 <= segments <= 15 and offset == _RLE_FIRST_SEGMENT)


def frames_of(
    items: Items, count: int, extended: Sequence[int] = (), lengths: Sequence[int] = ()
) -> tuple[tuple[Span, ...], ...]:
    """Group fragments into frames; fewer than ``count`` come back where the file holds fewer whole ones.

    Args:
        count: NumberOfFrames of the header.
        extended: Extended Offset Table (7FE0,0001), where there is one.
        lengths: Extended Offset Table Lengths (7FE0,0002): of each frame without its padding.
    """
    table, starts = _starts(items, count, extended)
    if starts is None:
        return ()
    edges = [*starts, len(items.fragments)]
    frames = [items.fragments[first:last] for first, last in pairwise(edges) if last > first]
    one_to_one = len(starts) == len(items.fragments)
    is_sure = items.complete or len(frames) > count
    if not is_sure and not _is_last_whole(items, len(frames), count=count, table=table, one_to_one=one_to_one):
        frames = frames[:-1]
    if len(lengths) == count and one_to_one:
        frames = [_unpadded(frame, length) for frame, length in zip(frames, lengths, strict=False)]
    return tuple(frames[:count])


def _unpadded(frame: tuple[Span, ...], length: int) -> tuple[Span, ...]:
    """Return a frame of one fragment without the byte that makes it even; other differences are not believed."""
    (whole,) = frame
    return (Span(whole.offset, length),) if whole.length - length == 1 else frame


def _is_last_whole(items: Items, held: int, *, count: int, table: Sequence[int], one_to_one: bool) -> bool:
    """Whether the last frame of a file that breaks off is there to its end.

    The table tells where the next one would have begun. Without it nobody knows whether another fragment was to follow,
    unless each frame before had one only; one that was begun behind the last of all frames belongs to it.
    """
    if 0 < held < len(table):
        last = items.fragments[-1]
        return items.base + table[held] <= last.offset + last.length
    return one_to_one and not (held == count and items.cut is not None)


def _starts(items: Items, count: int, extended: Sequence[int]) -> tuple[Sequence[int], list[int] | None]:
    """Return the table that tells, and the index of each frame's first fragment; None where nothing tells."""
    total = len(items.fragments)
    if total == 0:
        return (), None
    if count == 1:
        return (), [0]
    for table in (extended, items.table):
        found = _by_table(items, table) if len(table) == count else None
        if found is not None:
            return table, found
    if total == count or not any(items.opens_stream):
        return (), list(range(total)) if total <= count else None
    return (), [index for index, opens in enumerate(items.opens_stream) if opens]


def _by_table(items: Items, table: Sequence[int]) -> list[int] | None:
    """Return the fragments that an offset table points at; None where it points elsewhere or backwards."""
    places = {span.offset - 8 - items.base: index for index, span in enumerate(items.fragments)}
    held = [places.get(offset) for offset in table if offset <= max(places)]
    found = [index for index in held if index is not None]
    if len(found) != len(held) or not found or found[0] != 0 or any(b <= a for a, b in pairwise(found)):
        return None
    return found

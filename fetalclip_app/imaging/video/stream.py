"""Bare video streams, MPEG-2, H.264 or HEVC without a container, as DICOM holds them: frame n is exactly frame n.

Such a stream has no times and cannot be sought. It is cut once into its packets, one for each frame, without decoding.
Frames are shown in another order than they lie, so those that can be counted from are *anchors*: pictures from which
on everything decodes and is shown after everything before them. Frame n is the n-th picture from the nearest anchor.

Leading pictures lie behind an anchor and are shown before it; they may need pictures from before the anchor, so they
are counted from the one before (ITU-T H.265 3.74, ISO/IEC 13818-2 6.1.1.6).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, cast

import av
import av.error
import numpy as np

from fetalclip_app.domain.clip import Pixels
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.files.content import Content, DetachedStream
from fetalclip_app.imaging.guard import check_size, reading
from fetalclip_app.imaging.video.colour import rgb_of
from fetalclip_app.imaging.video.units import Note, note_of, parameters_of

_BUFFER = 1 << 18
_SPARE_DECODERS = 3

_DELAY_PICTURES = 64
"""Enough to see how far a stream reorders: no standard lets it be more than 16 pictures."""

_RAW_FORMATS = {"h264": "h264", "hevc": "hevc", "mpeg2video": "mpegvideo"}
"""FFmpeg's decoder -> its name of the bare stream."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A picture to count from.

    Attributes:
        packet: Its place among the packets.
        shown: Its number in the order shown.
        leading: How many pictures that follow it are shown before it.
    """

    packet: int
    shown: int
    leading: int = 0


@dataclass(frozen=True, slots=True)
class StreamIndex:
    """What one pass over a stream tells.

    Attributes:
        codec: FFmpeg's name of the decoder.
        edges: Where each packet begins, and the end of the last.
        head: Parameters that stand at the beginning only, given to the decoder with each anchor.
        rate_hz: As the stream states it; None where it does not.
        unsure: How many of the last pictures cannot be told: frames that were to be shown before them are missing.
    """

    codec: str
    edges: tuple[int, ...]
    anchors: tuple[Anchor, ...]
    head: bytes
    height: int
    width: int
    rate_hz: float | None
    unsure: int = 0

    @property
    def frames(self) -> int:
        """How many pictures can be shown: those before the first anchor cannot."""
        first = self.anchors[0]
        return max(len(self.edges) - 1 - first.packet - first.leading - self.unsure, 0)

    def anchor_near(self, index: int) -> int:
        """Return the number of the anchor nearest to a frame: it decodes by itself."""
        return min((anchor.shown for anchor in self.anchors), key=lambda shown: abs(shown - index))


def is_bare(content: Content) -> bool:
    """Whether a stream has no container; a program stream (pack or packet headers, 0xBA to 0xEF) is one."""
    head = content.read(0, min(content.size, 64)).lstrip(b"\0")
    return len(head) > 1 and head[0] == 1 and not 0xBA <= head[1] <= 0xEF


def index_of(content: Content, codec: str, *, is_whole: bool) -> StreamIndex:
    """Cut a stream into packets.

    Args:
        codec: FFmpeg's name of the decoder that the file names.
        is_whole: Nothing of the file is missing; otherwise the last packet is not counted.

    Raises:
        UnreadableFile: FILE_TRUNCATED without a picture to begin with, FILE_TOO_LARGE, NO_CODEC for separate fields.
        Exception: FFmpeg's own, on damaged input.
    """
    source = cast(Any, DetachedStream(content))
    with av.open(source, mode="r", format=_RAW_FORMATS[codec], buffer_size=_BUFFER) as container:
        stream = container.streams.video[0]
        height, width = stream.codec_context.height, stream.codec_context.width
        check_size(content.path, height=height, width=width)
        edges, notes, head = [0], list[Note](), b""
        for packet in container.demux(stream):
            if packet.size == 0:
                continue
            data = bytes(packet)
            head = head if notes else parameters_of(codec, data)
            notes.append(note_of(codec, data))
            edges.append(edges[-1] + packet.size)
            check_size(content.path, height=height, width=width, frames=len(notes))
        rate = stream.codec_context.framerate
    if not is_whole:
        notes, edges = notes[:-1], edges[:-1]
    anchors = _anchors(notes)
    if not anchors:
        raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name=content.path.name)
    index = StreamIndex(codec, tuple(edges), anchors, head, height, width, float(rate) if rate else None)
    return _checked(content, index, is_whole=is_whole)


def _checked(content: Content, index: StreamIndex, *, is_whole: bool) -> StreamIndex:
    """Return the index with the number of its last pictures that cannot be told.

    Raises:
        UnreadableFile: NO_CODEC for separate fields, FILE_TRUNCATED where no picture can be told.
    """
    if _has_fields(content, index):
        syntax = "a video of two fields for each picture"
        raise UnreadableFile(ErrorCode.NO_CODEC, name=content.path.name, syntax=syntax)
    if is_whole:
        return index
    index = replace(index, unsure=_delay(content, index))
    if index.frames == 0:
        raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name=content.path.name)
    return index


def _has_fields(content: Content, index: StreamIndex) -> bool:
    """Whether two packets make one picture, so that counting packets would name the wrong frame.

    The first two packets that can be shown are decoded by themselves; damage is no sign of fields.
    """
    first = index.anchors[0]
    second = first.packet + first.leading + 1
    if second + 1 >= len(index.edges):
        return False
    alone = replace(index, edges=index.edges[: second + 2])
    try:
        return sum(1 for _ in _pictures(content, alone, first)) == 1
    except av.error.FFmpegError:
        return False


def _delay(content: Content, index: StreamIndex) -> int:
    """Return by how many pictures the decoding of a picture comes after its turn in the order shown, at most.

    A stream that breaks off after n packets holds the first n less so many of its pictures, in the order shown, without
    a gap.
    """
    shown = enumerate(islice(_pictures(content, index, index.anchors[0]), _DELAY_PICTURES))
    first = index.anchors[0].packet + index.anchors[0].leading
    return max((int(picture.pts or 0) - first - place for place, picture in shown), default=0)


def _anchors(notes: list[Note]) -> tuple[Anchor, ...]:
    """Return the anchors; their numbers count from the first picture that can be shown."""
    found: list[Anchor] = []
    lost = 0
    for place, note in enumerate(notes):
        if not note.is_anchor:
            continue
        leading = 0
        while place + 1 + leading < len(notes) and notes[place + 1 + leading].may_lead:
            leading += 1
        if not found:
            lost = place + leading
        found.append(Anchor(place, place + leading - lost, leading))
    return tuple(found)


def _pictures(content: Content, index: StreamIndex, anchor: Anchor) -> Iterator[Any]:
    """Yield pictures in the order shown, from an anchor on, without those that lead it; PTS is the packet's place."""
    context: Any = av.CodecContext.create(index.codec, "r")
    last_leading = anchor.packet + anchor.leading
    edges = index.edges
    for place in range(anchor.packet, len(edges)):
        packet: Any = None
        if place < len(edges) - 1:
            data = content.read(edges[place], edges[place + 1] - edges[place])
            packet = av.Packet(index.head + data if place == anchor.packet else data)
            packet.pts = packet.dts = place
        for picture in context.decode(packet):
            if not anchor.packet < (picture.pts or 0) <= last_leading:
                yield picture


@dataclass(slots=True)
class _Decoder:
    """Pictures from an anchor on; belongs to one thread at a time."""

    pictures: Iterator[Any]
    next_index: int


# eq=False: the spare decoders are no part of its value.
@dataclass(frozen=True, eq=False, slots=True)
class StreamFrames:
    """Frames of a bare stream, exact and on demand; several threads may ask at once, as of `video.VideoFrames`."""

    content: Content
    index: StreamIndex
    _spare: deque[_Decoder] = field(default_factory=deque)

    def __len__(self) -> int:
        return self.index.frames

    def pixels(self, index: int) -> Pixels:
        """Decode one frame: uint8, (H, W, 3), RGB.

        Raises:
            UnreadableFile: The file has gone or changed, or this frame is damaged.
            IndexError: No such frame.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        with reading(self.content.path):
            decoder = self._decoder_for(index)
            picture = None
            while decoder.next_index <= index:
                picture = next(decoder.pictures, None)
                decoder.next_index += 1
                if picture is None:
                    raise UnreadableFile(ErrorCode.FILE_DAMAGED, name=self.content.path.name, frame=index)
            self._keep(decoder)
            return self._checked(picture)

    def _decoder_for(self, index: int) -> _Decoder:
        """Return a spare decoder that is on its way to the frame, or one at the nearest anchor."""
        anchors = self.index.anchors
        anchor = anchors[bisect_right(anchors, index, key=lambda each: each.shown) - 1]
        spares: list[_Decoder] = []
        with suppress(IndexError):
            while True:
                spares.append(self._spare.pop())
        on_the_way = [spare for spare in spares if anchor.shown <= spare.next_index <= index]
        nearest = max(on_the_way, key=lambda spare: spare.next_index, default=None)
        self._spare.extendleft(spare for spare in spares if spare is not nearest)
        return nearest or _Decoder(_pictures(self.content, self.index, anchor), anchor.shown)

    def _keep(self, decoder: _Decoder) -> None:
        """Keep a decoder for the next frame, in place of the one that was not asked for the longest."""
        self._spare.append(decoder)
        with suppress(IndexError):
            while len(self._spare) > _SPARE_DECODERS:
                self._spare.popleft()

    def _checked(self, picture: Any) -> Pixels:
        if picture.is_corrupt:
            raise ValueError("FFmpeg painted over what it could not decode")
        if (picture.height, picture.width) != (self.index.height, self.index.width):
            raise ValueError("a frame of another size")
        return np.ascontiguousarray(rgb_of(picture))

"""Bare video streams, MPEG-2, H.264 or HEVC without a container, as DICOM holds them: frame n is exactly frame n.

Such a stream has no times and cannot be sought. It is cut once into its packets, one for each frame, without decoding,
and its frames are counted (`counted`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, cast

import av

from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.files.content import Content, DetachedStream
from fetalclip_app.imaging.guard import check_size
from fetalclip_app.imaging.video.anchors import (
    Anchor,
    counted_from,
    has_fields,
    order_of,
    refuse_uncountable,
    restarts_of,
    without_end,
)
from fetalclip_app.imaging.video.counted import IN_ORDER, CountedFrames
from fetalclip_app.imaging.video.shape import pixel_ratio_of
from fetalclip_app.imaging.video.units import Note, note_of, parameters_of

_BUFFER = 1 << 18

_DELAY_PICTURES = 64
"""Enough to see how far a stream reorders: no standard lets it be more than 16 pictures."""

_RAW_FORMATS = {"h264": "h264", "hevc": "hevc", "mpeg2video": "mpegvideo"}
"""FFmpeg's decoder -> its name of the bare stream."""


@dataclass(frozen=True, slots=True)
class StreamIndex:
    """What one pass over a stream tells.

    Attributes:
        codec: FFmpeg's name of the decoder.
        edges: Where each packet begins, and the end of the last.
        head: Parameters that stand at the beginning only, given to the decoder with each anchor.
        rate_hz: As the stream states it; None where it does not.
        unsure: How many of the last pictures cannot be told: frames that were to be shown before them are missing.
        pixel_ratio: Height to width of a pixel as the stream states it; 1 where it does not.
        restarts, order: As of `counted.Counting`.
    """

    codec: str
    edges: tuple[int, ...]
    anchors: tuple[Anchor, ...]
    head: bytes
    height: int
    width: int
    rate_hz: float | None
    unsure: int = 0
    restarts: frozenset[int] = frozenset()
    order: Mapping[int, int] = field(default_factory=dict)
    pixel_ratio: float = 1.0

    @property
    def frames(self) -> int:
        """How many pictures can be shown: those before the first anchor cannot."""
        first = self.anchors[0]
        return max(len(self.edges) - 1 - first.packet - first.leading - self.unsure, 0)


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
        edges, notes, head, keys = [0], list[Note](), b"", list[int]()
        for packet in container.demux(stream):
            if packet.size == 0:
                continue
            data = bytes(packet)
            head = head if notes else parameters_of(codec, data)
            keys += [len(notes)] if packet.is_keyframe else []
            notes.append(note_of(codec, data))
            edges.append(edges[-1] + packet.size)
            check_size(content.path, height=height, width=width, frames=len(notes))
        rate, ratio = stream.codec_context.framerate, pixel_ratio_of(stream)
    count = without_end(notes) if is_whole else len(notes) - 1
    notes, edges = notes[:count], edges[: count + 1]
    index = StreamIndex(
        codec,
        tuple(edges),
        anchors=(),  # told below
        head=head,
        height=height,
        width=width,
        rate_hz=float(rate) if rate else None,
        restarts=restarts_of(notes),
        pixel_ratio=ratio,
    )
    anchors = counted_from(content, notes, keys, lambda anchor: _pictures(content, index, anchor))
    refuse_uncountable(content, notes, anchors[0])
    index = replace(index, anchors=anchors, order=order_of(notes, anchors[0]))
    return _checked(content, index, is_whole=is_whole)


def _checked(content: Content, index: StreamIndex, *, is_whole: bool) -> StreamIndex:
    """Return the index with the number of its last pictures that cannot be told.

    Raises:
        UnreadableFile: NO_CODEC for separate fields, FILE_TRUNCATED where no picture can be told.
    """
    first = index.anchors[0]
    second = first.packet + first.leading + 1
    if second + 1 < len(index.edges):
        alone = replace(index, edges=index.edges[: second + 2])
        has_fields(content, lambda: _pictures(content, alone, first))
    if is_whole:
        return index
    index = replace(index, unsure=_delay(content, index))
    if index.frames == 0:
        raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name=content.path.name)
    return index


def _delay(content: Content, index: StreamIndex) -> int:
    """Return by how many pictures the decoding of a picture comes after its turn in the order shown, at most.

    A stream that breaks off after n packets holds the first n less so many of its pictures, in the order shown, without
    a gap.
    """
    shown = enumerate(islice(_pictures(content, index, index.anchors[0]), _DELAY_PICTURES))
    first = index.anchors[0].packet + index.anchors[0].leading
    return max((int(picture.pts or 0) - first - place for place, picture in shown), default=0)


def _pictures(content: Content, index: StreamIndex, anchor: Anchor) -> Iterator[Any]:
    """Yield pictures in the order shown, from an anchor on, without those that lead it; PTS is the packet's place."""
    context: Any = av.CodecContext.create(index.codec, "r")
    context.options = IN_ORDER
    edges = index.edges
    for place in range(anchor.packet, len(edges)):
        packet: Any = None
        if place < len(edges) - 1:
            data = content.read(edges[place], edges[place + 1] - edges[place])
            packet = av.Packet(index.head + data if place == anchor.packet else data)
            packet.pts = packet.dts = place
        for picture in context.decode(packet):
            if not anchor.leads(picture.pts or 0):
                yield picture


# eq=False: see `CountedFrames`.
@dataclass(frozen=True, eq=False, slots=True)
class StreamFrames(CountedFrames):
    """Frames of a bare stream."""

    index: StreamIndex

    def pictures_from(self, anchor: Anchor) -> Iterator[Any]:
        """Yield them as `CountedFrames` wants them."""
        return _pictures(self.content, self.index, anchor)

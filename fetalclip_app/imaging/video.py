"""MP4, MOV, AVI, MKV -> Clip: frame n is exactly frame n.

A container is read once without decoding, which gives the presentation time (PTS) of every frame; frame n is the n-th
of these times in order. To show it, the decoder goes to the key frame before it and decodes until that time appears.
(Asking a player for "second n / rate" lands beside the frame: opencv #9053.)
"""

from __future__ import annotations

import math
import struct
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, cast

import av
import av.error
import numpy as np

from fetalclip_app.domain.clip import Clip, Origin, Pixels
from fetalclip_app.domain.timing import FrameRate, RateSource
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.content import Content, DetachedStream, KeyedContent
from fetalclip_app.imaging.guard import MAX_FRAMES, check_size, reading
from fetalclip_app.imaging.video_colour import rgb_of
from fetalclip_app.imaging.video_index import VideoIndex

_ASSUMED_RATE_HZ = 30.0
_BUFFER = 1 << 18
_SPARE_DECODERS = 3
"""Decoders kept between two frames: one for playing, two for thumbnails and readings at the same time."""

_FORWARD = 16
"""Frames that are decoded on the way rather than sought."""

_LOSSLESS_CODECS = frozenset({"rawvideo", "ffv1", "huffyuv", "ffvhuff", "utvideo", "png", "qtrle", "msrle", "zlib"})


def read_video(content: KeyedContent) -> Clip:
    """Return the clip of a video file: its packets are counted, none is decoded.

    Raises:
        UnreadableFile: NO_PIXELS without a picture track, NO_CODEC, FILE_TRUNCATED, FILE_TOO_LARGE.
        Exception: FFmpeg's own, on damaged input; `readers.read_clip` makes them FILE_DAMAGED.
    """
    name = content.path.name
    try:
        index = _index(content)
    except av.error.FFmpegError as error:
        if _ends_early(content):
            raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name=name) from error
        raise
    if not index.times:
        raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name=name)
    sideways = index.quarter_turns % 2 == 1
    height, width = (index.width, index.height) if sideways else (index.height, index.width)
    return Clip(
        path=content.path,
        content_key=content.key(),
        source=VideoFrames(content, index),
        height=height,
        width=width,
        rate=_rate(index) if len(index.times) > 1 else None,
        origin=Origin(transfer_syntax=index.codec, is_lossy=index.codec not in _LOSSLESS_CODECS),
        missing_frames=index.missing,
    )


@dataclass(slots=True)
class _Decoder:
    """An open container; belongs to one thread at a time."""

    container: Any
    frames: Iterator[Any]
    next_index: int = 0


# eq=False: the spare decoders are no part of its value.
@dataclass(frozen=True, eq=False, slots=True)
class VideoFrames:
    """Frames of a video, exact and on demand.

    Several threads may ask at once: each takes a spare decoder from the deque (taking and putting back are atomic)
    or opens its own. Decoders read through `DetachedStream`, so no handle stays open.
    """

    content: Content
    index: VideoIndex
    _spare: deque[_Decoder] = field(default_factory=deque)

    def __len__(self) -> int:
        return len(self.index.times)

    def pixels(self, index: int) -> Pixels:
        """Decode one frame: uint8, (H, W, 3), RGB.

        Raises:
            UnreadableFile: The file has gone or changed, or this frame is damaged.
            IndexError: No such frame.
        """
        target = self.index.times[index]
        with reading(self.content.path):
            decoder = self._taken()
            picture = self._forward(decoder, index, target)
            if picture is None:
                picture = self._sought(decoder, index, target)
            decoder.next_index = index + 1
            if len(self._spare) < _SPARE_DECODERS:
                self._spare.append(decoder)
            return self._upright(picture)

    def _taken(self) -> _Decoder:
        try:
            return self._spare.pop()
        except IndexError:
            return _started(self.content)

    def _forward(self, decoder: _Decoder, index: int, target: int) -> Any:
        """Return the frame if it comes within the next few, else None."""
        if not 0 <= index - decoder.next_index < _FORWARD:
            return None
        return _until(decoder, target)

    def _sought(self, decoder: _Decoder, index: int, target: int) -> Any:
        """Return the frame after seeking to the key frame before it or the one before that; last, from the start.

        Raises:
            UnreadableFile: FILE_DAMAGED where the decoder never hands it out.
        """
        container = decoder.container
        place = bisect_right(self.index.keys, (target, math.inf))
        for _, time in reversed(self.index.keys[max(place - 2, 0) : place]):
            container.seek(time, stream=container.streams.video[0], backward=True)
            decoder.frames = _decoded(container)
            picture = _until(decoder, target)
            if picture is not None:
                return picture
        fresh = _started(self.content)
        decoder.container, decoder.frames = fresh.container, fresh.frames
        picture = _until(decoder, target)
        if picture is None:
            raise UnreadableFile(ErrorCode.FILE_DAMAGED, name=self.content.path.name, frame=index)
        return picture

    def _upright(self, picture: Any) -> Pixels:
        if picture.is_corrupt:
            raise ValueError("FFmpeg painted over what it could not decode")
        if (picture.height, picture.width) != (self.index.height, self.index.width):
            raise ValueError("a frame of another size")
        return np.ascontiguousarray(np.rot90(rgb_of(picture), self.index.quarter_turns))


def _opened(content: Content) -> Any:
    return av.open(cast(Any, DetachedStream(content)), mode="r", buffer_size=_BUFFER, metadata_errors="replace")


def _started(content: Content) -> _Decoder:
    container = _opened(content)
    return _Decoder(container, _decoded(container))


def _decoded(container: Any) -> Iterator[Any]:
    """Yield frames from where the container stands; a packet that was cut off does not spoil those before it."""
    for packet in container.demux(container.streams.video[0]):
        if not packet.is_corrupt:
            yield from packet.decode()


def _until(decoder: _Decoder, target: int) -> Any:
    """Return the frame of time ``target``; None where the decoder is past it or at its end."""
    for picture in decoder.frames:
        if picture.pts == target:
            return picture
        if picture.pts is not None and picture.pts > target:
            return None
    return None


def _index(content: KeyedContent) -> VideoIndex:
    with _opened(content) as container:
        if not container.streams.video:
            code = ErrorCode.FILE_TRUNCATED if _ends_early(content) else ErrorCode.NO_PIXELS
            raise UnreadableFile(code, name=content.path.name)
        stream = container.streams.video[0]
        if stream.codec_context is None:
            raise UnreadableFile(ErrorCode.NO_CODEC, name=content.path.name, syntax=_codec_of(stream))
        height, width = stream.codec_context.height, stream.codec_context.width
        check_size(content.path, height=height, width=width)
        packets = _packets(content, container, stream)
        return VideoIndex(
            times=tuple(sorted(packets.times)),
            keys=tuple(sorted(packets.keys)),
            height=height,
            width=width,
            rate_hz=float(stream.average_rate) if stream.average_rate else None,
            tick_seconds=float(stream.time_base or Fraction(1, 1000)),
            codec=_codec_of(stream),
            quarter_turns=_quarter_turns(container),
            missing=max(int(stream.frames or 0) - packets.seen, 0),
        )


@dataclass(slots=True)
class _Packets:
    """What the packets of one track say."""

    times: set[int] = field(default_factory=set)
    keys: set[tuple[int, int]] = field(default_factory=set)
    seen: int = 0

    def add(self, packet: Any) -> None:
        """Count a packet; frames that an edit list cuts away are not shown."""
        self.seen += 1
        time = packet.pts if packet.pts is not None else packet.dts
        if time is None:
            return
        if packet.is_keyframe:
            self.keys.add((time, time if packet.dts is None else packet.dts))
        if not packet.is_discard:
            self.times.add(time)


def _packets(content: KeyedContent, container: Any, stream: Any) -> _Packets:
    found = _Packets()
    try:
        for packet in container.demux(stream):
            if packet.size > 0 and not packet.is_corrupt:
                found.add(packet)
                check_size(content.path, height=1, width=1, frames=found.seen)
    except av.error.FFmpegError:
        if not found.times:
            raise
        # The file breaks off here: what came before is whole, and `missing` counts the rest.
    return found


def _quarter_turns(container: Any) -> int:
    """Return the turns that the camera asks for. Only MP4 and MOV know them, and only a decoded frame tells."""
    if "mov" not in container.format.name:
        return 0
    try:
        container.seek(0)
        picture = next(_decoded(container), None)
    except av.error.FFmpegError:
        return 0  # asking for this frame will say what is wrong with it
    return 0 if picture is None else round(picture.rotation / 90) % 4


def _codec_of(stream: Any) -> str:
    return str(getattr(stream.codec_context, "name", "") or "unknown video codec")


def _rate(index: VideoIndex) -> FrameRate:
    """Return the container's average rate; where it states none, that of the times."""
    seconds = (index.times[-1] - index.times[0]) * index.tick_seconds
    hz = index.rate_hz or (len(index.times) - 1) / seconds if seconds > 0 else index.rate_hz
    if hz and 0 < hz <= MAX_FRAMES:
        return FrameRate(hz, RateSource.CONTAINER)
    return FrameRate(_ASSUMED_RATE_HZ, RateSource.ASSUMED)


def _ends_early(content: KeyedContent) -> bool:
    """Whether the container's own sizes reach beyond the end of the file."""
    head = content.read(0, min(12, content.size))
    if head.startswith(b"RIFF") and len(head) >= 8:
        return int(struct.unpack("<I", head[4:8])[0]) + 8 > content.size
    position = 0
    while position + 8 <= content.size:
        size = int(struct.unpack(">I", content.read(position, 4))[0])
        if size == 1 and position + 16 <= content.size:
            size = int(struct.unpack(">Q", content.read(position + 8, 8))[0])
        if size < 8:
            return False
        position += size
    return position != content.size

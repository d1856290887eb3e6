"""MP4, MOV, AVI, MKV, MPEG -> Clip: frame n is exactly frame n.

A container is read once without decoding, which gives the presentation time (PTS) of every frame; frame n is the n-th
of these times in order. To show it, the decoder goes to the key frame before it and decodes until that time appears,
as often as frames of the same time come before. (Asking a player for "second n / rate" lands beside the frame: opencv
#9053.) Where times do not tell which frame is which, frames are counted (`counted`).
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import av.error
import numpy as np

from fetalclip_app.domain.clip import Clip, FrameSource, Origin, Pixels
from fetalclip_app.domain.timing import ASSUMED_RATE_HZ, FrameRate, RateSource
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.files.content import Content, KeyedContent
from fetalclip_app.imaging.files.sniff import bare_codec
from fetalclip_app.imaging.guard import reading
from fetalclip_app.imaging.video import stream as video_stream
from fetalclip_app.imaging.video.colour import whole_rgb_of
from fetalclip_app.imaging.video.counted_container import counted
from fetalclip_app.imaging.video.index import VideoIndex, decoded, ends_early, index_of, opened
from fetalclip_app.imaging.video.shape import proportions

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
    name, bare = content.path.name, bare_codec(content.read(0, min(content.size, 64)))
    if bare:
        return _read_bare(content, bare)
    try:
        index = index_of(content)
    except av.error.FFmpegError as error:
        if ends_early(content):
            raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name=name) from error
        raise
    if not (index.times or index.listed):
        raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name=name)
    source: FrameSource = VideoFrames(content, index)
    if index.listed:
        source, index = counted(content, index)
    sideways = index.quarter_turns % 2 == 1
    height, width = (index.width, index.height) if sideways else (index.height, index.width)
    return Clip(
        path=content.path,
        content_key=content.key(),
        source=source,
        height=height,
        width=width,
        calibration=proportions(1 / index.pixel_ratio if sideways else index.pixel_ratio),
        rate=index.rate(),
        origin=Origin(transfer_syntax=index.codec, is_lossy=index.codec not in _LOSSLESS_CODECS),
        missing_frames=index.missing,
        times_s=index.times_s(),
    )


def _read_bare(content: KeyedContent, codec: str) -> Clip:
    """Return the clip of a stream without a container. Nothing in the file says that it is whole."""
    index = video_stream.index_of(content, codec, is_whole=True)
    # FFmpeg supposes 25 where a stream is silent; only MPEG-2 always says its rate (ISO/IEC 13818-2 6.2.2.1).
    stated = index.rate_hz if codec == "mpeg2video" else None
    rate = FrameRate(stated or ASSUMED_RATE_HZ, RateSource.CONTAINER if stated else RateSource.ASSUMED)
    return Clip(
        path=content.path,
        content_key=content.key(),
        source=video_stream.StreamFrames(content, index),
        height=index.height,
        width=index.width,
        calibration=proportions(index.pixel_ratio),
        rate=rate if index.frames > 1 else None,
        origin=Origin(transfer_syntax=codec, is_lossy=True),
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
        return _until(decoder, target, index - max(decoder.next_index, bisect_left(self.index.times, target)))

    def _sought(self, decoder: _Decoder, index: int, target: int) -> Any:
        """Return the frame after seeking to the key frame before it or the one before that; last, from the start.

        Raises:
            UnreadableFile: FILE_DAMAGED where the decoder never hands it out.
        """
        container, times = decoder.container, self.index.times
        skip = index - bisect_left(times, target)
        is_single = bisect_right(times, target) - bisect_left(times, target) == 1
        # A key frame that is one of several at its time may not be the first of them.
        place = bisect_right(self.index.keys, (target, math.inf if is_single else -math.inf))
        for _, time in reversed(self.index.keys[max(place - 2, 0) : place]):
            container.seek(time, stream=container.streams.video[0], backward=True)
            decoder.frames = decoded(container)
            picture = _until(decoder, target, skip)
            if picture is not None:
                return picture
        fresh = _started(self.content)
        decoder.container, decoder.frames = fresh.container, fresh.frames
        picture = _until(decoder, target, skip)
        if picture is None:
            raise UnreadableFile(ErrorCode.FILE_DAMAGED, name=self.content.path.name, frame=index)
        return picture

    def _upright(self, picture: Any) -> Pixels:
        pixels = whole_rgb_of(picture, height=self.index.height, width=self.index.width)
        return np.ascontiguousarray(np.rot90(pixels, self.index.quarter_turns))


def _started(content: Content) -> _Decoder:
    container = opened(content)
    return _Decoder(container, decoded(container))


def _until(decoder: _Decoder, target: int, skip: int) -> Any:
    """Return the frame of time ``target`` after ``skip`` others of that time; None where the decoder is past it."""
    for picture in decoder.frames:
        if picture.pts == target:
            if skip == 0:
                return picture
            skip -= 1
        elif picture.pts is not None and picture.pts > target:
            return None
    return None

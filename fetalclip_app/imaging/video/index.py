"""Which frames a video's container holds, and when each is shown: one pass over its packets, none is decoded."""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, cast

import av
import av.error

from fetalclip_app.domain.timing import ASSUMED_RATE_HZ, FrameRate, RateDoubt, RateRemark, RateSource
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.files.content import Content, DetachedStream
from fetalclip_app.imaging.guard import MAX_FRAMES, check_size
from fetalclip_app.imaging.video.shape import pixel_ratio_of
from fetalclip_app.imaging.video.units import Note, note_of

_ROUNDED_S = Fraction(1, 1000)
_BUFFER = 1 << 18

_TIMED = frozenset({"mov", "matroska"})
"""Containers that state when each frame is shown. Others state when it is decoded (AVI, ASF), or state the time of some
frames only (program and transport streams): FFmpeg supplies the rest, and after a seek supplies it wrongly."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What one packet says.

    Attributes:
        time: PTS, else DTS, in ticks; None where the container gives neither.
    """

    time: int | None
    is_key: bool
    note: Note


@dataclass(frozen=True, slots=True)
class VideoIndex:
    """What one pass over the packets tells.

    Attributes:
        times: PTS of each frame in the order shown, in ticks of the container; several frames may bear one time.
        keys: (PTS, DTS) of each key frame, in order; containers seek by DTS, which differs where frames are reordered.
        rate_hz: As the container states it, or None.
        tick_s: Length of a tick in seconds.
        quarter_turns: How often the picture is turned left by 90 degrees to stand upright.
        missing: Frames that the container lists and does not hold.
        listed: Packets in the order in which they lie, where times do not tell which frame is which.
        pixel_ratio: Height to width of a pixel as stored, before the picture is turned; 1 where nothing is said.
    """

    times: tuple[int, ...]
    keys: tuple[tuple[int, int], ...]
    height: int
    width: int
    rate_hz: float | None
    tick_s: Fraction
    codec: str
    quarter_turns: int
    missing: int
    listed: tuple[Listed, ...] = ()
    pixel_ratio: float = 1.0

    def key_near(self, index: int) -> int:
        """Return the number of the key frame nearest to a frame."""
        keys = [bisect_left(self.times, time) for time, _ in self.keys if self.times[0] <= time <= self.times[-1]]
        return min(keys, key=lambda key: abs(key - index), default=index)

    def times_s(self) -> tuple[float, ...] | None:
        """Return when each frame is shown, in seconds from the first; None where they follow evenly."""
        if is_even(self.times, self.tick_s):
            return None
        return tuple(float((time - self.times[0]) * self.tick_s) for time in self.times)

    def rate(self) -> FrameRate | None:
        """Return the rate; of frames that follow unevenly their mean. None for a single picture.

        The times decide, and not what the container states besides them: writers state a rate that was wished for.
        """
        count, ticks = len(self.times), self.times[-1] - self.times[0]
        if count < 2:
            return None
        stated = self.rate_hz if self.rate_hz and 0 < self.rate_hz <= MAX_FRAMES else None
        of_times = (count - 1) / float(ticks * self.tick_s) if ticks > 0 else None
        if of_times is None:
            return FrameRate(stated or ASSUMED_RATE_HZ, RateSource.CONTAINER if stated else RateSource.ASSUMED)
        even = is_even(self.times, self.tick_s)
        if (
            stated
            and even
            and abs((count - 1) / stated - float(ticks * self.tick_s)) <= float(max(self.tick_s, _ROUNDED_S))
        ):
            return FrameRate(stated, RateSource.CONTAINER)
        is_other = stated is not None and abs(stated / of_times - 1) > 0.01
        remarks = (RateRemark(RateSource.CONTAINER, RateDoubt.DISAGREES, stated),) if is_other else ()
        return FrameRate(of_times, RateSource.CONTAINER, remarks, is_uneven=not even)


def is_even(times: Sequence[int], tick_s: Fraction) -> bool:
    """Whether frames follow evenly: none is more than a tick, or a millisecond, off.

    Containers round to their ticks, and writers to milliseconds before.
    """
    steps, ticks = len(times) - 1, times[-1] - times[0]
    most = steps * max(Fraction(1), _ROUNDED_S / tick_s)
    return all(abs((time - times[0]) * steps - number * ticks) <= most for number, time in enumerate(times))


def opened(content: Content) -> Any:
    """Return FFmpeg's view of a file; it holds no handle between two reads."""
    return av.open(cast(Any, DetachedStream(content)), mode="r", buffer_size=_BUFFER, metadata_errors="replace")


def decoded(container: Any) -> Iterator[Any]:
    """Yield frames from where the container stands; a packet that was cut off does not spoil those before it."""
    for packet in container.demux(container.streams.video[0]):
        if not packet.is_corrupt:
            yield from packet.decode()


def held_packets(container: Any) -> Iterator[Any]:
    """Yield the packets of the first picture track that hold something whole, in the order in which they lie.

    Raises:
        av.error.FFmpegError: The file breaks off or is damaged here.
    """
    for packet in container.demux(container.streams.video[0]):
        if packet.size > 0 and not packet.is_corrupt:
            yield packet


def index_of(content: Content, *, is_timed: bool = True) -> VideoIndex:
    """Read all packets of the first picture track.

    Args:
        is_timed: Trust the times of containers that are known to state them.

    Raises:
        UnreadableFile: NO_PIXELS without such a track, NO_CODEC, FILE_TRUNCATED, FILE_TOO_LARGE.
        av.error.FFmpegError: A damaged container.
    """
    with opened(content) as container:
        if not container.streams.video:
            code = ErrorCode.FILE_TRUNCATED if ends_early(content) else ErrorCode.NO_PIXELS
            raise UnreadableFile(code, name=content.path.name)
        stream = container.streams.video[0]
        if stream.codec_context is None:
            raise UnreadableFile(ErrorCode.NO_CODEC, name=content.path.name, syntax=_codec_of(stream))
        height, width = stream.codec_context.height, stream.codec_context.width
        check_size(content.path, height=height, width=width)
        is_counted = not is_timed or _is_counted(container, stream)
        packets = _packets(content, container, is_counted=is_counted)
        if packets.lacks_times and not is_counted:
            return index_of(content, is_timed=False)
        return VideoIndex(
            times=tuple(sorted(packets.times)),
            keys=tuple(sorted(packets.keys)),
            height=height,
            width=width,
            rate_hz=float(stream.average_rate) if stream.average_rate else None,
            tick_s=Fraction(stream.time_base or Fraction(1, 1000)),
            codec=_codec_of(stream),
            quarter_turns=_quarter_turns(container),
            missing=max(int(stream.frames or 0) - packets.seen, 0),
            listed=tuple(packets.listed),
            pixel_ratio=pixel_ratio_of(stream),
        )


def _is_counted(container: Any, stream: Any) -> bool:
    """Whether times do not tell which frame is which."""
    names = set(container.format.name.split(","))
    return not names & _TIMED and (bool(names & {"mpeg", "mpegts"}) or bool(stream.codec_context.codec.reorder))


@dataclass(slots=True)
class _Packets:
    """What the packets of one track say."""

    times: list[int] = field(default_factory=list)
    keys: set[tuple[int, int]] = field(default_factory=set)
    listed: list[Listed] = field(default_factory=list)
    seen: int = 0
    lacks_times: bool = False

    def add(self, packet: Any) -> None:
        """Count a packet; frames that an edit list cuts away are not shown."""
        self.seen += 1
        self.lacks_times |= packet.pts is None
        time = packet.pts if packet.pts is not None else packet.dts
        if time is None:
            return
        if packet.is_keyframe:
            self.keys.add((time, time if packet.dts is None else packet.dts))
        if not packet.is_discard:
            self.times.append(time)

    def list(self, packet: Any, codec: str) -> None:
        """Note what it says of its picture."""
        time = packet.pts if packet.pts is not None else packet.dts
        self.listed.append(Listed(time, packet.is_keyframe, note_of(codec, bytes(packet))))


def _packets(content: Content, container: Any, *, is_counted: bool) -> _Packets:
    found, codec = _Packets(), _codec_of(container.streams.video[0])
    try:
        for packet in held_packets(container):
            found.add(packet)
            if is_counted:
                found.list(packet, codec)
            check_size(content.path, height=1, width=1, frames=found.seen)
    except av.error.FFmpegError:
        if not found.seen:
            raise
        # The file breaks off here: what came before is whole, and `missing` counts the rest.
    return found


def _quarter_turns(container: Any) -> int:
    """Return the turns that the camera asks for. Only MP4 and MOV know them, and only a decoded frame tells."""
    if "mov" not in container.format.name:
        return 0
    try:
        container.seek(0)
        picture = next(decoded(container), None)
    except av.error.FFmpegError:
        return 0  # asking for this frame will say what is wrong with it
    return 0 if picture is None else round(picture.rotation / 90) % 4


def _codec_of(stream: Any) -> str:
    return str(getattr(stream.codec_context, "name", "") or "unknown video codec")


def ends_early(content: Content) -> bool:
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

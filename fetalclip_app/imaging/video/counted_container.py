"""Frames of a container whose times do not tell which frame is which: program and transport streams, AVI, ASF.

Such a container is never sought: it is read from its beginning each time, which always gives the same packets, and its
frames are counted (`counted`). Only those from the anchor on are decoded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import av.error

from fetalclip_app.imaging.files.content import Content
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
from fetalclip_app.imaging.video.index import Listed, VideoIndex, held_packets, opened


@dataclass(frozen=True, slots=True)
class ContainerIndex:
    """What the packets of a container tell.

    Attributes:
        restarts, order: As of `counted.Counting`.
        packets: How many there are.
    """

    anchors: tuple[Anchor, ...]
    restarts: frozenset[int]
    order: Mapping[int, int]
    packets: int
    height: int
    width: int

    @property
    def frames(self) -> int:
        """How many pictures can be shown: those before the first anchor cannot."""
        return self.packets - self.anchors[0].packet - self.anchors[0].leading


def counted(content: Content, index: VideoIndex) -> tuple[ContainerFrames, VideoIndex]:
    """Return the frames of a container, and its index with the times of these alone.

    Raises:
        UnreadableFile: NO_CODEC for separate fields, or where frames cannot be counted from any picture;
            FILE_TRUNCATED without a picture to begin with.
        Exception: FFmpeg's own, on damaged input.
    """
    listed = index.listed[: without_end([each.note for each in index.listed])]
    notes = [each.note for each in listed]
    keys = (place for place, each in enumerate(listed) if each.is_key)
    anchors = counted_from(content, notes, keys, lambda anchor: _pictures(content, anchor))
    first = anchors[0]
    second = first.packet + first.leading + 1
    if second < len(listed):
        has_fields(content, lambda: _pictures(content, first, stop=second + 1))
    refuse_uncountable(content, notes, first)
    held = ContainerIndex(
        anchors, restarts_of(notes), order_of(notes, first), len(listed), height=index.height, width=index.width
    )
    frames = ContainerFrames(content, held)
    shown = [each for place, each in enumerate(listed) if place >= first.packet and not first.leads(place)]
    return frames, replace(index, times=_times(shown))


def _times(shown: list[Listed]) -> tuple[int, ...]:
    """Return when frames are shown; all the same, which says nothing, where the container's times cannot be right."""
    times = [each.time for each in shown if each.time is not None]
    keys = [each.time for each in shown if each.is_key and each.time is not None]
    goes_back = any(later < earlier for earlier, later in pairwise(keys))
    return (0,) * len(shown) if goes_back or len(times) < len(shown) else tuple(sorted(times))


def _pictures(content: Content, anchor: Anchor, *, stop: int | None = None) -> Iterator[Any]:
    """Yield pictures in the order shown, from an anchor on, without those that lead it; PTS is the packet's place."""
    with opened(content) as container:
        context = container.streams.video[0].codec_context
        context.options = IN_ORDER
        for place, packet in _placed(container):
            if stop is not None and place >= stop:
                break
            if place >= anchor.packet:
                packet.pts = packet.dts = place
                yield from (picture for picture in context.decode(packet) if not anchor.leads(picture.pts or 0))
        yield from (picture for picture in context.decode(None) if not anchor.leads(picture.pts or 0))


def _placed(container: Any) -> Iterator[tuple[int, Any]]:
    """Yield packets with their places, up to where the file breaks off."""
    with suppress(av.error.FFmpegError):
        yield from enumerate(held_packets(container))


# eq=False: see `CountedFrames`.
@dataclass(frozen=True, eq=False, slots=True)
class ContainerFrames(CountedFrames):
    """Frames of a container that are counted."""

    index: ContainerIndex

    def pictures_from(self, anchor: Anchor) -> Iterator[Any]:
        """Yield them as `CountedFrames` wants them."""
        return _pictures(self.content, anchor)

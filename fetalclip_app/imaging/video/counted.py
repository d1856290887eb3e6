"""Frames that are counted: frame n is the n-th picture that the decoder hands out from an *anchor* on.

An anchor is a picture from which on everything decodes and is shown after everything before it. No time is trusted: the
decoder is told each packet's place instead of its time, and hands it out again with the picture. Leading pictures lie
behind an anchor and are shown before it; they may need pictures from before the anchor, so they are counted from the
one before (ITU-T H.265 3.74, ISO/IEC 13818-2 6.1.1.6).

A recovery point of H.264 does not say what leads it, so it has no number until it was come by once. Then it has, and is
an anchor as good as the others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import dropwhile
from typing import Any, Protocol

from fetalclip_app.domain.clip import Pixels
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.files.content import Content
from fetalclip_app.imaging.guard import reading
from fetalclip_app.imaging.video.anchors import Anchor
from fetalclip_app.imaging.video.colour import whole_rgb_of

_SPARE_DECODERS = 3

IN_ORDER = {"strict": "strict"}
"""Makes FFmpeg's H.264 decoder wait for all that may come before a picture, where the stream does not say how much
that is; else it guesses, hands the first pictures out in a wrong order, and drops some."""


class Counting(Protocol):
    """What is known of a video whose frames are counted."""

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """Return at least one."""

    @property
    def restarts(self) -> frozenset[int]:
        """Return places of packets that are anchors as soon as their numbers are known."""

    @property
    def order(self) -> Mapping[int, int]:
        """Return place of packet -> number shown, as of `order_of`."""

    @property
    def frames(self) -> int:
        """Return how many pictures can be shown."""

    @property
    def height(self) -> int:
        """Return the rows of each."""

    @property
    def width(self) -> int:
        """Return the columns of each."""


@dataclass(slots=True)
class _Decoder:
    """Pictures from an anchor on; belongs to one thread at a time."""

    pictures: Iterator[Any]
    next_index: int
    anchor: Anchor
    seen: set[int] = field(default_factory=set)


# eq=False: the spare decoders are no part of its value.
@dataclass(frozen=True, eq=False, slots=True)
class CountedFrames(ABC):
    """Frames of a video, exact and on demand; several threads may ask at once, as of `reader.VideoFrames`."""

    content: Content
    index: Counting
    _spare: deque[_Decoder] = field(default_factory=deque)
    _passed: dict[int, int | None] = field(default_factory=dict)
    """Place of a packet of `Counting.restarts` -> its number as counted from an anchor; None for one that was none."""

    @abstractmethod
    def pictures_from(self, anchor: Anchor) -> Iterator[Any]:
        """Yield pictures in the order shown, without those that lead the anchor; PTS is the packet's place."""

    def __len__(self) -> int:
        return self.index.frames

    def anchor_near(self, index: int) -> int:
        """Return the number of the anchor nearest to a frame: it decodes by itself."""
        return min((anchor.shown for anchor in self.index.anchors), key=lambda shown: abs(shown - index))

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
            picture, number = None, -1
            while decoder.next_index <= index:
                picture = next(decoder.pictures, None)
                if picture is None and decoder.anchor not in self.index.anchors:
                    self._passed[decoder.anchor.packet] = None  # no recovery point, whatever it said
                    return self.pixels(index)
                if picture is None:
                    raise UnreadableFile(ErrorCode.FILE_DAMAGED, name=self.content.path.name, frame=index)
                number = self._number(decoder, picture.pts)
                decoder.next_index = number + 1
            self._keep(decoder)
            if number != index:  # the decoder gave nothing for this one
                raise UnreadableFile(ErrorCode.FILE_DAMAGED, name=self.content.path.name, frame=index)
            return whole_rgb_of(picture, height=self.index.height, width=self.index.width)

    def _number(self, decoder: _Decoder, place: int | None) -> int:
        """Return the number of the picture of a packet.

        Raises:
            ValueError: The count is off, and no frame may be shown under another's number: a picture came twice, or too
                late, or an anchor has another number than its own.
        """
        if place is None or place in decoder.seen:
            raise ValueError("a picture of no packet, or the second of one")
        decoder.seen.add(place)
        if self.index.order:
            return _not_before(decoder.next_index, self.index.order[place])
        anchors = self.index.anchors
        known = {anchor.packet: anchor.shown for anchor in anchors[bisect_right(anchors, place, key=_packet) - 1 :][:1]}
        if place in self.index.restarts:
            passed = self._passed.setdefault(place, decoder.next_index)
            known |= {} if passed is None else {place: passed}
        if known.get(place, decoder.next_index) != decoder.next_index:
            raise ValueError(f"picture {known[place]} comes as number {decoder.next_index}")
        return decoder.next_index

    def _decoder_for(self, index: int) -> _Decoder:
        """Return a spare decoder that is on its way to the frame, or one at the nearest anchor."""
        anchor = self._anchor_before(index)
        spares: list[_Decoder] = []
        with suppress(IndexError):
            while True:
                spares.append(self._spare.pop())
        on_the_way = [spare for spare in spares if anchor.shown <= spare.next_index <= index]
        nearest = max(on_the_way, key=lambda spare: spare.next_index, default=None)
        self._spare.extendleft(spare for spare in spares if spare is not nearest)
        return nearest or self._started(anchor)

    def _anchor_before(self, index: int) -> Anchor:
        anchors = self.index.anchors
        stated = anchors[bisect_right(anchors, index, key=lambda each: each.shown) - 1]
        numbers = [(place, shown) for place, shown in tuple(self._passed.items()) if shown is not None]
        passed = (Anchor(place, shown) for place, shown in numbers if stated.shown < shown <= index)
        return max(passed, key=lambda each: each.shown, default=stated)

    def _started(self, anchor: Anchor) -> _Decoder:
        pictures = self.pictures_from(anchor)
        if anchor.packet in self.index.restarts:
            pictures = dropwhile(lambda picture: picture.pts != anchor.packet, pictures)
        return _Decoder(pictures, anchor.shown, anchor)

    def _keep(self, decoder: _Decoder) -> None:
        """Keep a decoder for the next frame, in place of the one that was not asked for the longest."""
        self._spare.append(decoder)
        with suppress(IndexError):
            while len(self._spare) > _SPARE_DECODERS:
                self._spare.popleft()


def _packet(anchor: Anchor) -> int:
    return anchor.packet


def _not_before(next_index: int, number: int) -> int:
    if number < next_index:
        raise ValueError(f"picture {number} comes after {next_index - 1}")
    return number

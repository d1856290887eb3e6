"""Which packets of a video can be counted from, and which number each picture has, as far as packets tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

import av.error

from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.files.content import Content
from fetalclip_app.imaging.video.units import Note

_REORDERED_PICTURES = 32
"""Places behind a picture that are looked at for such as lead it: no standard lets it be more than 16 pictures."""


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

    def leads(self, place: int) -> bool:
        """Whether the picture of a packet is one of those that lead."""
        return self.packet < place <= self.packet + self.leading


def anchors_of(notes: Sequence[Note]) -> tuple[Anchor, ...]:
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


def counted_from(
    content: Content, notes: Sequence[Note], keys: Iterable[int], pictures_from: Callable[[Anchor], Iterator[Any]]
) -> tuple[Anchor, ...]:
    """Return at least one anchor, where need be at a picture that does not say what leads it: H.264 may begin so.

    Args:
        keys: Places of packets that are said to decode by themselves.
        pictures_from: As of `counted.CountedFrames`; asked only where no packet says that it is an anchor.

    Raises:
        UnreadableFile: FILE_TRUNCATED without a picture to begin with; NO_CODEC where what follows it cannot be
            counted.
    """
    stated = anchors_of(notes)
    if stated:
        return stated
    first = next((key for key in keys if key < len(notes)), None)
    if first is None:
        raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name=content.path.name)
    anchor = open_anchor((picture.pts for picture in pictures_from(Anchor(first, 0))), first)
    if anchor is None:
        syntax = "a video without a picture that its frames can be counted from"
        raise UnreadableFile(ErrorCode.NO_CODEC, name=content.path.name, syntax=syntax)
    return (anchor,)


def open_anchor(places: Iterable[int], first: int) -> Anchor | None:
    """Return an anchor at a picture that does not say what leads it, from what its decoder hands out.

    Args:
        places: Of the packets whose pictures are handed out from ``first`` on, in this order.

    Returns:
        None where those that are shown before it, or never, are not those that follow it at once.
    """
    shown = list(islice(places, 2 * _REORDERED_PICTURES))
    if first not in shown:
        return None
    after = set(shown[shown.index(first) :])
    lost = [place for place in range(first, min(max(after), first + _REORDERED_PICTURES) + 1) if place not in after]
    return Anchor(first, 0, len(lost)) if lost == list(range(first + 1, first + 1 + len(lost))) else None


def order_of(notes: Sequence[Note], first: Anchor) -> dict[int, int]:
    """Return place of packet -> number shown, where kinds of pictures tell it; nothing where they do not.

    Pictures that lead are shown as they come, and each other one when the next of its like comes.
    """
    if not all(note.is_typed for note in notes):
        return {}
    places, held = list[int](), first.packet
    for place in range(first.packet + 1, len(notes)):
        if notes[place].may_lead:
            places += [] if first.leads(place) else [place]
        else:
            places.append(held)
            held = place
    return {place: number for number, place in enumerate([*places, held])}


def without_end(notes: Sequence[Note]) -> int:
    """Return how many packets there are up to the last that has a picture: streams may end with a mark alone."""
    return max((place + 1 for place, note in enumerate(notes) if note.has_picture), default=0)


def refuse_uncountable(content: Content, notes: Sequence[Note], first: Anchor) -> None:
    """Refuse a video whose packets are not one picture each.

    Raises:
        UnreadableFile: NO_CODEC.
    """
    if any(note.is_packed or not note.has_picture for note in notes[first.packet :]):
        syntax = "a video whose packets hold two pictures, or none"
        raise UnreadableFile(ErrorCode.NO_CODEC, name=content.path.name, syntax=syntax)


def has_fields(content: Content, first_two: Callable[[], Iterator[Any]]) -> None:
    """Refuse a video in which two packets make one picture: counting packets would name the wrong frame.

    Args:
        first_two: Decodes the first two packets that can be shown, by themselves; damage is no sign of fields.

    Raises:
        UnreadableFile: NO_CODEC.
    """
    with suppress(av.error.FFmpegError):
        if sum(1 for _ in first_two()) == 1:
            syntax = "a video of two fields for each picture"
            raise UnreadableFile(ErrorCode.NO_CODEC, name=content.path.name, syntax=syntax)


def restarts_of(notes: Sequence[Note]) -> frozenset[int]:
    """Return the places of packets that are anchors as soon as their numbers are known."""
    return frozenset(place for place, note in enumerate(notes) if note.may_restart)

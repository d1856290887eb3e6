"""Units of an MPEG-1, MPEG-2, MPEG-4, H.264 or HEVC stream: what a packet says of its picture, without decoding it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_START = b"\0\0\1"
"""Begins each unit of all kinds of stream."""

_H264_IDR, _H264_SEI, _H264_SLICES = 5, 6, range(1, 6)
_RECOVERY_POINT = 6
"""Type of an SEI payload: ITU-T H.264 D.1.1."""

_HEVC_IDR, _HEVC_CRA, _HEVC_LEADING, _HEVC_SLICES = (19, 20), 21, range(6, 10), range(32)
"""NAL unit types: ITU-T H.264 table 7-1, H.265 table 7-1. Leading: RADL and RASL pictures."""

_MPEG_2_PICTURE, _MPEG_2_GROUP = 0x00, 0xB8
"""ISO/IEC 13818-2 table 6-1; of MPEG-1 the same."""

_MPEG_4_PICTURE = 0xB6
"""ISO/IEC 14496-2 table 6-3."""

_MPEG_2 = ("mpeg1video", "mpeg2video")


@dataclass(frozen=True, slots=True)
class Note:
    """What a packet says of its picture: whether one can count from it, and whether it leads.

    Attributes:
        is_typed: ``may_lead`` is all that is needed to know the order shown.
        has_picture: False for a packet of parameters alone.
        is_packed: It holds two pictures, and a later packet none.
        may_restart: What is shown from this picture on decodes without what comes before it; what leads it, and so its
            own number, is not said.
    """

    is_anchor: bool = False
    may_lead: bool = False
    is_typed: bool = False
    has_picture: bool = True
    is_packed: bool = False
    may_restart: bool = False


def note_of(codec: str, data: bytes) -> Note:
    """Return what a packet says; ``codec`` is FFmpeg's name. Of a codec that is not known here it says nothing."""
    if codec in _MPEG_2:
        kind = _mpeg_2_picture_type(data)
        return Note(kind == 1, may_lead=kind == 3, is_typed=True, has_picture=kind > 0)
    if codec == "mpeg4":
        kinds = _mpeg_4_picture_types(data)
        return Note(
            kinds[:1] == [0],
            may_lead=kinds[:1] == [2],
            is_typed=True,
            has_picture=bool(kinds),
            is_packed=len(kinds) > 1,
        )
    if codec not in ("h264", "hevc"):
        return Note()
    of_units = (_unit_type(codec, data[place]) for place in _units(data))
    kind = next((each for each in of_units if each in _slices(codec)), -1)
    if codec == "h264":
        may_restart = kind != _H264_IDR and _recovers_at_once(data)
        return Note(kind == _H264_IDR, has_picture=kind >= 0, may_restart=may_restart)
    is_anchor = kind in _HEVC_IDR or kind == _HEVC_CRA
    return Note(is_anchor, may_lead=kind in _HEVC_LEADING, has_picture=kind >= 0)


def _slices(codec: str) -> range:
    return _H264_SLICES if codec == "h264" else _HEVC_SLICES


def _units(data: bytes) -> Iterator[int]:
    """Yield where each unit's first byte behind its start code lies."""
    place = data.find(_START)
    while 0 <= place < len(data) - len(_START):
        yield place + len(_START)
        place = data.find(_START, place + len(_START))


def _unit_type(codec: str, first: int) -> int:
    """Return the type of an H.264 or HEVC unit with this first byte."""
    return first & 0x1F if codec == "h264" else first >> 1 & 0x3F


def _recovers_at_once(data: bytes) -> bool:
    """Whether an H.264 packet says that it is a recovery point of 0 frames (ITU-T H.264 7.3.2.3.1, D.2.8)."""
    for place in _units(data):
        if data[place] & 0x1F == _H264_SEI:
            end = data.find(_START, place)
            for kind, payload in _sei_payloads(data[place + 1 : end if end >= 0 else len(data)]):
                if kind == _RECOVERY_POINT:
                    return payload[:1] >= b"\x80"  # ue(v): a first bit of 1 is 0 frames
    return False


def _sei_payloads(unit: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield types and bytes; both numbers before them go on while bytes are 255."""
    place = 0
    while place + 2 < len(unit):
        numbers = [0, 0]
        for which in range(2):
            while place < len(unit) and unit[place] == 0xFF:
                numbers[which] += 0xFF
                place += 1
            numbers[which] += unit[place] if place < len(unit) else 0
            place += 1
        kind, size = numbers
        yield kind, unit[place : place + size]
        place += size


def _mpeg_2_picture_type(data: bytes) -> int:
    """Return 1 for I, 2 for P, 3 for B (ISO/IEC 13818-2 6.3.9); 0 where there is no picture."""
    for place in _units(data):
        if data[place] == _MPEG_2_PICTURE and place + 2 < len(data):
            return data[place + 2] >> 3 & 7
    return 0


def _mpeg_4_picture_types(data: bytes) -> list[int]:
    """Return 0 for I, 1 for P, 2 for B, 3 for S of each picture (ISO/IEC 14496-2 table 6-20)."""
    return [data[place + 1] >> 6 for place in _units(data + b"\0") if data[place] == _MPEG_4_PICTURE]


def parameters_of(codec: str, data: bytes) -> bytes:
    """Return what stands before the first picture: sequence header, or parameter sets."""
    for place in _units(data):
        if codec in _MPEG_2:
            begins = data[place] in (_MPEG_2_PICTURE, _MPEG_2_GROUP)
        else:
            kind = _unit_type(codec, data[place])
            begins = kind in _slices(codec)
        if begins:
            return data[: place - len(_START)]
    return b""

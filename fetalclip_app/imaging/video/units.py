"""Units of an MPEG-1, MPEG-2, MPEG-4, H.264 or HEVC stream: what a packet says of its picture, without decoding it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_START = b"\0\0\1"
"""Begins each unit of all kinds of stream."""

_H264_IDR, _H264_SLICES = 5, range(1, 6)
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
        is_packed: It holds two pictures, and a later packet none.
    """

    is_anchor: bool = False
    may_lead: bool = False
    is_packed: bool = False


def note_of(codec: str, data: bytes) -> Note:
    """Return what a packet says; ``codec`` is FFmpeg's name. Of a codec that is not known here it says nothing."""
    if codec in _MPEG_2:
        kind = _mpeg_2_picture_type(data)
        return Note(kind == 1, may_lead=kind == 3)
    if codec == "mpeg4":
        kinds = _mpeg_4_picture_types(data)
        return Note(kinds[:1] == [0], may_lead=kinds[:1] == [2], is_packed=len(kinds) > 1)
    if codec not in ("h264", "hevc"):
        return Note()
    kind = next((each for each in _unit_types(codec, data) if each in _slices(codec)), -1)
    if codec == "h264":
        return Note(kind == _H264_IDR)
    return Note(kind in _HEVC_IDR or kind == _HEVC_CRA, may_lead=kind in _HEVC_LEADING)


def _slices(codec: str) -> range:
    return _H264_SLICES if codec == "h264" else _HEVC_SLICES


def _units(data: bytes) -> Iterator[int]:
    """Yield where each unit's first byte behind its start code lies."""
    place = data.find(_START)
    while 0 <= place < len(data) - len(_START):
        yield place + len(_START)
        place = data.find(_START, place + len(_START))


def _unit_types(codec: str, data: bytes) -> Iterator[int]:
    for place in _units(data):
        yield data[place] & 0x1F if codec == "h264" else data[place] >> 1 & 0x3F


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
            kind = data[place] & 0x1F if codec == "h264" else data[place] >> 1 & 0x3F
            begins = kind in _slices(codec)
        if begins:
            return data[: place - len(_START)]
    return b""

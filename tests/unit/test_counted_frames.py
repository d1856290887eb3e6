"""Where a container's times do not tell which frame is which, frames are counted, and none has another's number."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import dicom_videos as videos
import pytest
from pydicom import uid

from fetalclip_app.domain.clip import Clip
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.files.content import Content, MemoryContent
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.imaging.video import counted_container
from fetalclip_app.imaging.video import stream as video_stream
from fetalclip_app.imaging.video.anchors import Anchor, open_anchor, refuse_uncountable
from fetalclip_app.imaging.video.units import Note

COUNT = 120
OPEN = {**videos.H264, "x264-params": "log-level=-1:bframes=3:open-gop=1:keyint=12:b-adapt=0"}
FILMS = {
    "MPEG-1 program stream": videos.Film("mpeg1video", "mpeg", videos.MPEG_2, COUNT),
    "MPEG-2 program stream": videos.Film("mpeg2video", "vob", videos.MPEG_2, COUNT),
    "MPEG-2 transport stream": videos.Film("mpeg2video", "mpegts", videos.MPEG_2, COUNT),
    "H.264 transport stream": videos.Film("libx264", "mpegts", OPEN, COUNT),
    "H.264 AVI, one reordered": videos.Film("libx264", "avi", {**videos.H264, "bf": "1"}, COUNT),
    "H.264 AVI, three reordered": videos.Film("libx264", "avi", videos.H264, COUNT),
    "H.264 ASF": videos.Film("libx264", "asf", videos.H264, COUNT),
    "MPEG-4 AVI": videos.Film("mpeg4", "avi", {"bf": "2", "g": "12", "qmin": "1", "qmax": "2"}, COUNT),
    "H.264": videos.Film("libx264", "h264", videos.H264, COUNT),
    "H.264, open groups": videos.Film("libx264", "h264", OPEN, COUNT),
}
IN_CONTAINERS = [kind for kind in FILMS if not kind.startswith("H.264,") and kind != "H.264"]


@cache
def encoded(kind: str) -> bytes:
    return FILMS[kind].encoded()


def written(path: Path, stream: bytes) -> Path:
    path.write_bytes(stream)
    return path


def number(clip: Clip, index: int) -> int:
    return videos.number_of(clip.frame(index).pixels)


def right(count: int, first: int = 0) -> list[int]:
    """Return the numbers that pictures bear; they can spell no more than 64."""
    return [index % 64 for index in range(first, first + count)]


@pytest.mark.parametrize("kind", IN_CONTAINERS)
def test_a_frame_does_not_depend_on_how_one_came_to_it(kind: str, tmp_path: Path) -> None:
    path = written(tmp_path / "x", encoded(kind))
    order = list(range(COUNT))
    random.Random(kind).shuffle(order)
    clip = read_clip(path)
    mixed = {index: number(clip, index) for index in order}

    assert len(clip) == COUNT
    assert [number(read_clip(path), index) for index in range(COUNT)] == right(COUNT)
    assert [mixed[index] for index in range(COUNT)] == right(COUNT)
    assert [number(clip, index) for index in reversed(range(COUNT))] == right(COUNT)[::-1]


def test_a_frame_of_a_program_stream_in_dicom_does_not_depend_on_how_one_came_to_it(tmp_path: Path) -> None:
    path = videos.write(tmp_path / "x", encoded("MPEG-2 program stream"), uid.MPEG2MPML, promised=COUNT)

    assert [number(read_clip(path), index) for index in range(COUNT)] == right(COUNT)


@pytest.mark.parametrize("kind", ["H.264", "H.264, open groups"])
def test_a_stream_that_does_not_say_how_far_it_reorders_is_shown_in_order(kind: str, tmp_path: Path) -> None:
    clip = read_clip(written(tmp_path / "x", _silent(encoded(kind))))

    assert len(clip) == COUNT
    assert [number(clip, index) for index in range(COUNT)] == right(COUNT)


@pytest.mark.parametrize("in_dicom", [False, True])
def test_a_stream_may_begin_at_a_recovery_point(in_dicom: bool, tmp_path: Path) -> None:
    """What leads it needs pictures that the stream no longer holds, and is missing."""
    stream, lost = _from_second_key(encoded("H.264, open groups"))
    path = written(tmp_path / "x", stream)
    if in_dicom:
        path = videos.write(tmp_path / "y", stream, uid.MPEG4HP41, promised=COUNT - lost)
    clip = read_clip(path)
    first = number(clip, 0)

    assert first == 12
    assert [number(clip, index) for index in range(len(clip))] == right(COUNT - first, first)
    assert clip.missing_frames == (first - lost if in_dicom else 0)


def test_what_leads_a_recovery_point_is_what_follows_it_and_is_shown_before_it_or_never() -> None:
    assert open_anchor([5, 6, 7, 8], 5) == Anchor(5, 0)
    assert open_anchor([5, 8, 10, 9], 5) == Anchor(5, 0, leading=2)
    assert open_anchor([7, 6, 5, 8, 10, 9], 5) == Anchor(5, 0, leading=2)
    assert open_anchor([5, 6, 8, 9], 5) is None
    assert open_anchor([6, 8, 9], 5) is None
    assert open_anchor([], 5) is None


def test_a_recovery_point_that_was_passed_is_an_anchor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = read_clip(written(tmp_path / "x", encoded("H.264, open groups")))
    started = _starts(monkeypatch)
    seen = [number(clip, index) for index in (COUNT - 1, 100, 40, 90)]

    assert seen == [index % 64 for index in (COUNT - 1, 100, 40, 90)]
    assert [anchor.shown > 0 for anchor in started] == [False, True, True, True]
    assert all(0 <= index - anchor.shown < 16 for index, anchor in zip((100, 40, 90), started[1:], strict=True))


def test_a_recovery_point_that_is_none_is_not_taken_for_one_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture of that packet never comes when decoding begins there: a packet that does not exist."""
    content = MemoryContent(tmp_path, encoded("H.264, open groups"))
    index = video_stream.index_of(content, "h264", is_whole=True)
    frames = video_stream.StreamFrames(content, replace(index, restarts=frozenset({50})))
    started = _starts(monkeypatch)
    frames._passed[50] = 51  # a predicted picture
    seen = [videos.number_of(frames.pixels(place)) for place in (60, 60)]

    assert seen == [60, 60]
    assert [anchor.packet for anchor in started] == [50, 0, 0]


def test_a_picture_that_comes_under_another_number_than_its_anchor_s_is_not_shown(tmp_path: Path) -> None:
    content = MemoryContent(tmp_path, encoded("H.264"))
    index = video_stream.index_of(content, "h264", is_whole=True)
    first, second = index.anchors[:2]
    off = replace(second, shown=second.shown + 1)
    frames = video_stream.StreamFrames(content, replace(index, anchors=(first, off)))
    with pytest.raises(UnreadableFile) as caught:
        frames.pixels(second.shown)

    assert caught.value.code is ErrorCode.FILE_DAMAGED


def test_a_mark_at_the_end_is_no_picture(tmp_path: Path) -> None:
    """An access unit delimiter and the end of the stream: units 9 and 11."""
    clip = read_clip(written(tmp_path / "x", encoded("H.264") + b"\0\0\0\1\x09\x10\0\0\0\1\x0b"))

    assert len(clip) == COUNT
    assert number(clip, COUNT - 1) == (COUNT - 1) % 64


@pytest.mark.parametrize("kind", ["MPEG-2 program stream", "MPEG-4 AVI"])
def test_a_picture_that_the_decoder_leaves_out_shifts_no_other(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures that say they are not coded, for one, are passed over without a word."""
    pictures = counted_container._pictures
    monkeypatch.setattr(
        counted_container, "_pictures", lambda *given, **named: (p for p in pictures(*given, **named) if p.pts != 6)
    )
    clip = read_clip(written(tmp_path / "x", encoded(kind)))
    seen: list[int | None] = []
    for index in range(30):
        try:
            seen.append(number(clip, index))
        except UnreadableFile as error:
            assert error.code is ErrorCode.FILE_DAMAGED
            seen.append(None)

    assert seen.count(None) == 1
    assert all(shown in (index, None) for index, shown in enumerate(seen))


def test_packets_without_a_picture_are_refused_by_name(tmp_path: Path) -> None:
    note = Note(is_anchor=True)
    for odd in (Note(has_picture=False), Note(is_packed=True)):
        with pytest.raises(UnreadableFile) as caught:
            refuse_uncountable(MemoryContent(tmp_path, b""), [note, odd], Anchor(0, 0))
        assert caught.value.code is ErrorCode.NO_CODEC
    refuse_uncountable(MemoryContent(tmp_path, b""), [Note(has_picture=False), note, Note()], Anchor(1, 0))


def _starts(monkeypatch: pytest.MonkeyPatch) -> list[Anchor]:
    """Return a list that will hold every anchor from which a decoder starts."""
    started: list[Anchor] = []
    pictures = video_stream._pictures

    def noted(content: Content, index: video_stream.StreamIndex, anchor: Anchor) -> Iterator[object]:
        started.append(anchor)
        return pictures(content, index, anchor)

    monkeypatch.setattr(video_stream, "_pictures", noted)
    return started


def _from_second_key(stream: bytes) -> tuple[bytes, int]:
    """Return an H.264 stream from its second sequence parameter set (unit 7) on, and how many pictures that cut off."""
    places = [place for place in _units(stream) if stream[place] & 0x1F == 7]
    cut = stream[: places[1]]
    return b"\0\0\1" + stream[places[1] :], sum(cut[place] & 0x1F in (1, 5) for place in _units(cut))


def _units(stream: bytes) -> list[int]:
    found, place = [], stream.find(b"\0\0\1")
    while 0 <= place < len(stream) - 3:
        found.append(place + 3)
        place = stream.find(b"\0\0\1", place + 3)
    return found


def _silent(stream: bytes) -> bytes:
    """Return an H.264 stream whose sequence parameter sets end before what they say of reordering."""
    units = stream.split(b"\0\0\1")
    return b"\0\0\1".join(_short(unit) if unit[:1] and unit[0] & 0x1F == 7 else unit for unit in units)


def _short(unit: bytes) -> bytes:
    """End a sequence parameter set of high profile before its usability information (ITU-T H.264 7.3.2.1.1)."""
    bits = "".join(f"{byte:08b}" for byte in unit.replace(b"\0\0\3", b"\0\0"))
    place = 32
    for is_flag in map(int, "0000110000100111"):
        place += 1 if is_flag else 2 * (bits.index("1", place) - place) + 1
    kept = bits[:place] + "01"
    kept += "0" * (-len(kept) % 8)
    return bytes(int(kept[first : first + 8], 2) for first in range(0, len(kept), 8))

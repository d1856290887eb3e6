"""A video inside DICOM: frame n is exactly frame n, in its right colours, whatever the header says of their number."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path

import dicom_files as files
import dicom_videos as videos
import numpy as np
import pytest
from pydicom import uid

from fetalclip_app.domain.timing import RateSource
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.dicom import transfer_syntaxes
from fetalclip_app.imaging.files.content import Content, MemoryContent
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.imaging.video import stream as video_stream
from fetalclip_app.imaging.video.colour import rgb_of

SYNTAX = {"libx264": uid.MPEG4HP41, "libx265": uid.HEVCMP51, "mpeg2video": uid.MPEG2MPML}
CODEC = {"h264": "h264", "hevc": "hevc", "mpeg2": "mpeg2video"}
BARE = ["h264", "h264 open", "hevc", "hevc open", "mpeg2"]


@cache
def encoded(kind: str) -> bytes:
    return videos.FILMS[kind].encoded()


def syntax_of(kind: str) -> str:
    return SYNTAX[videos.FILMS[kind].encoder]


@pytest.mark.parametrize("fragments", [1, 5])
@pytest.mark.parametrize("kind", videos.FILMS)
def test_every_frame_is_its_own_in_any_order(kind: str, fragments: int, tmp_path: Path) -> None:
    clip = read_clip(videos.write(tmp_path / "x", encoded(kind), syntax_of(kind), fragments=fragments))
    order = list(range(20))
    random.Random(kind).shuffle(order)

    assert len(clip) == 20
    assert [videos.number_of(clip.frame(index).pixels) for index in order] == order
    assert clip.missing_frames == 0
    assert clip.origin.is_lossy


@pytest.mark.parametrize("kind", ["h264", "hevc open", "mpeg2 ts"])
def test_threads_may_share_a_video(kind: str, tmp_path: Path) -> None:
    clip = read_clip(videos.write(tmp_path / "x", encoded(kind), syntax_of(kind)))
    order = [index % 20 for index in range(0, 140, 7)]
    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(lambda index: videos.number_of(clip.frame(index).pixels), order))

    assert seen == order


@pytest.mark.parametrize("kind", ["h264", "h264 mp4", "mpeg2"])
@pytest.mark.parametrize(("promised", "missing"), [(20, 0), (1, 0), (25, 5)])
def test_the_stream_says_how_many_frames_there_are(kind: str, promised: int, missing: int, tmp_path: Path) -> None:
    clip = read_clip(videos.write(tmp_path / "x", encoded(kind), syntax_of(kind), promised=promised))

    assert (len(clip), clip.missing_frames) == (20, missing)
    assert clip.rate is not None
    assert videos.number_of(clip.frame(19).pixels) == 19


@pytest.mark.parametrize("lost", range(1, 9))
@pytest.mark.parametrize("kind", BARE)
def test_wherever_a_bare_stream_breaks_off_the_frames_that_are_told_are_the_right_ones(
    kind: str, lost: int, tmp_path: Path
) -> None:
    content = MemoryContent(tmp_path, encoded(kind))
    whole = video_stream.index_of(content, CODEC[kind.partition(" ")[0]], is_whole=True)
    held = MemoryContent(tmp_path, encoded(kind)[: whole.edges[-lost] - 3])
    index = video_stream.index_of(held, whole.codec, is_whole=False)
    frames = video_stream.StreamFrames(held, index)

    assert 20 - lost - 4 <= len(frames) <= 20 - lost
    assert [videos.number_of(frames.pixels(place)) for place in range(len(frames))] == list(range(len(frames)))


def test_parameters_that_stand_at_the_beginning_only_serve_every_anchor(tmp_path: Path) -> None:
    """Sequence and picture parameter sets, units 7 and 8 of H.264."""
    units = encoded("h264").split(b"\0\0\1")
    kept, seen = [units[0]], set()
    for unit in units[1:]:
        kind = unit[0] & 0x1F
        if kind not in (7, 8) or kind not in seen:
            kept.append(unit)
        seen.add(kind)
    clip = read_clip(videos.write(tmp_path / "x", b"\0\0\1".join(kept), uid.MPEG4HP41))

    assert [videos.number_of(clip.frame(index).pixels) for index in (19, 9, 17)] == [19, 9, 17]


def test_pictures_that_lead_an_anchor_are_not_counted_from_it(tmp_path: Path) -> None:
    """FFmpeg drops those that cannot be decoded; others it hands out, and they are passed over."""
    content = MemoryContent(tmp_path, encoded("h264"))
    index = video_stream.index_of(content, "h264", is_whole=True)
    anchor = video_stream.Anchor(packet=8, shown=10, leading=2)
    frames = video_stream.StreamFrames(content, replace(index, anchors=(index.anchors[0], anchor)))
    all_pictures = video_stream._pictures(content, index, index.anchors[0])
    leading = {videos.number_of(rgb_of(picture)) for picture in all_pictures if picture.pts in (9, 10)}
    counted = [videos.number_of(frames.pixels(place)) for place in range(10, 20)]

    assert len(leading) == 2
    assert counted == sorted(set(range(8, 20)) - leading)


@pytest.mark.parametrize("kind", BARE)
def test_the_whole_frames_of_a_video_that_was_cut_can_be_seen(kind: str, tmp_path: Path) -> None:
    path = videos.write(tmp_path / "x", encoded(kind), syntax_of(kind))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - len(encoded(kind)) // 3])
    clip = read_clip(path)

    assert 5 <= len(clip) < 20
    assert len(clip) + clip.missing_frames == 20
    assert [videos.number_of(clip.frame(index).pixels) for index in range(len(clip))] == list(range(len(clip)))


def test_a_video_without_one_whole_frame_is_truncated(tmp_path: Path) -> None:
    path = videos.write(tmp_path / "x", encoded("h264"), uid.MPEG4HP41)
    start = path.read_bytes().index(b"\xe0\x7f\x10\x00")
    path.write_bytes(path.read_bytes()[: start + 12 + 8 + 8])
    with pytest.raises(UnreadableFile) as caught:
        read_clip(path)

    assert caught.value.code is ErrorCode.FILE_TRUNCATED


def test_what_stands_before_the_first_key_picture_is_not_counted(tmp_path: Path) -> None:
    stream = encoded("h264")
    index = video_stream.index_of(MemoryContent(tmp_path, stream), "h264", is_whole=True)
    tail = index.head + stream[index.edges[3] :]
    clip = read_clip(videos.write(tmp_path / "x", tail, uid.MPEG4HP41))

    assert len(clip) == 12
    assert clip.missing_frames == 8
    assert [videos.number_of(clip.frame(place).pixels) for place in (0, 11)] == [8, 19]


@pytest.mark.parametrize("kind", ["h264", "hevc", "hevc open", "mpeg2"])
def test_a_late_frame_is_decoded_from_an_anchor_near_it(kind: str, tmp_path: Path) -> None:
    content = MemoryContent(tmp_path, encoded(kind))
    index = video_stream.index_of(content, {"h264": "h264", "mpeg2": "mpeg2video"}.get(kind, "hevc"), is_whole=True)

    assert len(index.anchors) > 2
    assert index.anchors[-1].shown >= 15


@pytest.mark.parametrize("span", [videos.STUDIO, videos.FULL])
@pytest.mark.parametrize("matrix", [videos.BT601, videos.BT709])
@pytest.mark.parametrize("container", ["h264", "mp4"])
def test_the_stream_s_own_matrix_and_range_are_used(container: str, matrix: int, span: int, tmp_path: Path) -> None:
    film = replace(videos.FILMS["h264"], container=container, matrix=matrix, span=span, count=2)
    clip = read_clip(videos.write(tmp_path / "x", film.encoded(), uid.MPEG4HP41, promised=2))

    assert _colours_are_pure(clip.frame(0).pixels)


@pytest.mark.parametrize(("height", "matrix"), [(96, videos.BT601), (720, videos.BT709)])
def test_a_stream_that_names_no_matrix_is_taken_for_what_its_size_is_used_to(
    height: int, matrix: int, tmp_path: Path
) -> None:
    film = replace(videos.FILMS["h264"], height=height, used_matrix=matrix, count=2)
    path = videos.write(tmp_path / "x", film.encoded(), uid.MPEG4HP41, promised=2, height=height)

    assert _colours_are_pure(read_clip(path).frame(0).pixels)


def test_ten_bits_are_shown_in_eight(tmp_path: Path) -> None:
    film = replace(videos.FILMS["hevc"], pixel_format="yuv420p10le", count=2)
    clip = read_clip(videos.write(tmp_path / "x", film.encoded(), uid.HEVCM10P51, promised=2))

    assert _colours_are_pure(clip.frame(1).pixels)


def _colours_are_pure(pixels: np.ndarray) -> bool:
    """Whether the colours are those that were encoded; another matrix or range is further off than this."""
    width = pixels.shape[1] // 4
    shown = np.stack([pixels[-8, width * place + width // 2] for place in range(4)]).astype(int)
    return bool(np.abs(shown - videos.PURE).max() <= 6)


def test_the_header_s_rate_comes_before_the_stream_s(tmp_path: Path) -> None:
    stated = read_clip(videos.write(tmp_path / "a", encoded("h264 mp4"), uid.MPEG4HP41, FrameTime=20)).rate
    silent = read_clip(videos.write(tmp_path / "b", encoded("h264 mp4"), uid.MPEG4HP41)).rate

    assert stated is not None
    assert silent is not None
    assert (stated.hz, stated.source) == (50, RateSource.FRAME_TIME)
    assert (silent.hz, silent.source) == (25, RateSource.CONTAINER)


def test_a_stream_of_another_size_is_refused_since_calibration_stands_on_the_header_s(tmp_path: Path) -> None:
    path = videos.write(tmp_path / "x", encoded("h264"), uid.MPEG4HP41, height=2 * videos.HEIGHT)
    with pytest.raises(UnreadableFile) as caught:
        read_clip(path)

    assert caught.value.code is ErrorCode.FILE_DAMAGED


@pytest.mark.parametrize("kind", ["h264", "hevc", "mpeg2"])
def test_a_missing_decoder_is_named(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = videos.write(tmp_path / "x", encoded(kind), syntax_of(kind))
    monkeypatch.setattr(transfer_syntaxes, "codecs_available", set())
    with pytest.raises(UnreadableFile) as caught:
        read_clip(path)

    assert caught.value.code is ErrorCode.NO_CODEC
    assert syntax_of(kind) in str(caught.value.parameters["syntax"])


@pytest.mark.parametrize("label", ["RGB", "YBR_FULL_422"])
def test_the_header_s_photometric_interpretation_changes_nothing(label: str, tmp_path: Path) -> None:
    path = videos.write(tmp_path / "x", encoded("mpeg2"), uid.MPEG2MPHL, photometric=label)

    assert _colours_are_pure(read_clip(path).frame(3).pixels)


@pytest.mark.parametrize("kind", ["h264", "h264 open", "hevc open"])
def test_two_that_go_through_a_video_at_once_need_a_decoder_each(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = read_clip(videos.write(tmp_path / "x", encoded(kind), syntax_of(kind)))
    started: list[int] = []
    pictures = video_stream._pictures

    def counted(content: Content, index: video_stream.StreamIndex, anchor: video_stream.Anchor) -> Iterator[object]:
        started.append(anchor.shown)
        return pictures(content, index, anchor)

    monkeypatch.setattr(video_stream, "_pictures", counted)
    order = [index for pair in zip(range(7), range(10, 17), strict=True) for index in pair]
    shown = [videos.number_of(clip.frame(index).pixels) for index in order]

    assert shown == order
    assert len(started) <= 3  # one more where the second goes past an anchor, which is as near


def test_a_video_of_separate_fields_is_refused_by_name_and_not_counted_wrongly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No encoder here writes it: the decoder is made to give one picture for the first two packets."""
    pictures = video_stream._pictures
    monkeypatch.setattr(video_stream, "_pictures", lambda *given: islice(pictures(*given), 1))
    with pytest.raises(UnreadableFile) as caught:
        read_clip(videos.write(tmp_path / "x", encoded("h264"), uid.MPEG4HP41))

    assert caught.value.code is ErrorCode.NO_CODEC
    assert "fields" in str(caught.value.parameters["syntax"])


def test_nothing_but_noise_is_damaged_and_no_crash(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, 5000, dtype=np.uint8).tobytes()
    for number, stream in enumerate((noise, b"\0\0\1" + noise, b"\0\0\1\x67" + noise, b"\0" * 64)):
        path = files.write(tmp_path / str(number), files.dataset_of(files.colour_picture()))
        videos.write(path, stream, uid.MPEG4HP41)
        with pytest.raises(UnreadableFile) as caught:
            read_clip(path).frame(0)
        assert caught.value.code in (ErrorCode.FILE_DAMAGED, ErrorCode.FILE_TRUNCATED, ErrorCode.NO_PIXELS)

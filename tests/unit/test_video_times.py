"""Frames of a video come at the container's own times, however odd these are, and each is the right one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetalclip_app import wording
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.timing import RateDoubt, RateSource, dwell_times
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.imaging.video.index import is_even

COUNT = 20
MS = Fraction(1, 1000)
UNEVEN = [0, 40, 120, 160, 400, 440, 480, 800, 840, 1200, 1240, 1280, 1320, 1600, 1640, 1680, 1720, 2000, 2040, 2400]


def write(
    path: Path,
    name: str,
    times_ms: Sequence[int] | None = None,
    *,
    codec: str = "libx264",
    retime: Callable[[int, Any], None] | None = None,
    options: dict[str, str] | None = None,
    **encoding: str,
) -> Path:
    """Write 20 frames; frame n is grey 40 + 8 n and shown at ``times_ms[n]``.

    Args:
        retime: Changes the times of the n-th packet.
        options: Of the container.
    """
    with av.open(str(path), "w", format=name, container_options=options or {}) as output:
        stream: Any = output.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.options = {"g": "6", "qmin": "1", "qmax": "2", **encoding}
        if times_ms is not None:
            stream.codec_context.time_base = MS
        found = []
        for number in range(COUNT):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 40 + 8 * number, np.uint8), format="rgb24")
            if times_ms is not None:
                picture.pts, picture.time_base = times_ms[number], MS
            found += stream.encode(picture)
        for number, packet in enumerate([*found, *stream.encode(None)]):
            if retime is not None:
                retime(number, packet)
            output.mux(packet)
    return path


def numbers(clip: Clip, order: Sequence[int]) -> list[int]:
    """Return which frames these are, told by their grey."""
    return [round((float(clip.frame(index).pixels.mean()) - 40) / 8) for index in order]


def check_order(clip: Clip) -> None:
    count = COUNT
    order = [*range(count), *range(count - 1, -1, -3), 0, count - 1, count // 2]

    assert len(clip) == count
    assert numbers(clip, order) == order


@pytest.mark.parametrize("shift", [0, 7777])
@pytest.mark.parametrize("name", ["mp4", "matroska", "mov", "mpegts"])
@pytest.mark.parametrize("reorder", ["0", "2"])
def test_uneven_frames_come_at_their_own_times(name: str, reorder: str, shift: int, tmp_path: Path) -> None:
    clip = read_clip(write(tmp_path / "x", name, [shift + time for time in UNEVEN], bf=reorder))

    check_order(clip)
    assert clip.times_s == tuple(time / 1000 for time in UNEVEN)
    assert clip.rate is not None
    assert clip.rate.is_uneven
    assert clip.rate.source is RateSource.CONTAINER
    assert clip.rate.hz == pytest.approx(19 / 2.4)
    assert "on average" in wording.rate_source(clip.rate)


@pytest.mark.parametrize("name", ["mp4", "matroska"])
def test_even_frames_have_a_rate_and_no_list_of_times(name: str, tmp_path: Path) -> None:
    """29.97 Hz in ticks of a millisecond: 33, 34, 33 ... is even, as exactly as the ticks can say."""
    times = [round(number * 1001 / 30) for number in range(20)]
    clip = read_clip(write(tmp_path / "x", name, times))

    check_order(clip)
    assert clip.times_s is None
    assert clip.rate is not None
    assert clip.rate.hz == pytest.approx(29.97, rel=0.005)
    assert not clip.rate.is_uneven


def test_a_stated_rate_that_the_times_deny_is_said_and_not_used(tmp_path: Path) -> None:
    """Matroska's default duration says 25 a second; the frames come at 10."""
    rate = read_clip(write(tmp_path / "x", "matroska", [100 * number for number in range(COUNT)])).rate

    assert rate is not None
    assert rate.hz == pytest.approx(10)
    assert [(remark.doubt, remark.hz) for remark in rate.remarks] == [(RateDoubt.DISAGREES, 25)]
    assert "25" in wording.rate_told(rate)


def test_frames_that_an_edit_list_cuts_away_are_not_shown(tmp_path: Path) -> None:
    """Times before zero: MP4's writer keeps the frames and lets an edit list skip them."""
    times = [40 * number - 160 for number in range(COUNT)]
    path = write(tmp_path / "x", "mp4", times, bf="0", options={"avoid_negative_ts": "disabled"})
    assert b"elst" in path.read_bytes()
    clip = read_clip(path)

    assert len(clip) == 16
    assert numbers(clip, [0, 15, 1, 7, 0]) == [4, 19, 5, 11, 4]


@pytest.mark.parametrize("name", ["mp4", "matroska", "mpegts"])
def test_two_frames_of_one_time_are_two_frames(name: str, tmp_path: Path) -> None:
    def double(number: int, packet: Any) -> None:
        packet.dts = 40 * number - 80
        packet.pts = 40 * (number - 1 if number in (7, 12, 18) else number)  # 12 and 18 are key frames

    times = [40 * number for number in range(COUNT)]
    clip = read_clip(write(tmp_path / "x", name, times, bf="0", retime=double))

    check_order(clip)
    assert clip.times_s is not None
    assert clip.times_s[6] == clip.times_s[7] == 0.24
    for first in (7, 12, 18):
        backwards = [19, first, 0, first - 1, 19, first - 1, first]
        assert numbers(clip, backwards) == backwards
    assert clip.rate is not None
    assert len(dwell_times(COUNT, clip.rate.hz, clip.times_s)) == COUNT


@pytest.mark.parametrize(("name", "codec"), [("h264", "libx264"), ("mpeg2video", "mpeg2video")])
@pytest.mark.parametrize("reorder", ["0", "2"])
def test_a_stream_without_times_is_counted(name: str, codec: str, reorder: str, tmp_path: Path) -> None:
    clip = read_clip(write(tmp_path / "x", name, codec=codec, bf=reorder))

    check_order(clip)
    assert clip.times_s is None
    assert clip.rate is not None
    assert clip.rate.source is (RateSource.ASSUMED if codec == "libx264" else RateSource.CONTAINER)


@pytest.mark.parametrize(("name", "codec"), [("mpeg", "mpeg2video"), ("mpegts", "mpeg2video"), ("mpegts", "libx264")])
def test_mpeg_program_and_transport_streams_open(name: str, codec: str, tmp_path: Path) -> None:
    clip = read_clip(write(tmp_path / "x", name, codec=codec, bf="2"))

    check_order(clip)
    assert clip.rate is not None
    assert clip.rate.hz == pytest.approx(25)


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=30), st.integers(-(10**9), 10**9))
def test_times_are_even_where_one_step_fits_them_all_to_a_tick(steps: list[int], start: int) -> None:
    times = [start]
    for step in steps:
        times.append(times[-1] + step)
    even = (times[-1] - start) / len(steps)
    off = max(abs(time - start - number * even) for number, time in enumerate(times))

    assert is_even(times, Fraction(1)) == (off <= 1 + 1e-9)

"""When each frame is due: rounds of loop and sweep, and the times that a file states."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from pathlib import Path
from typing import Any

import dicom_files as files
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from fetalclip_app import wording
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.timing import (
    FrameRate,
    PlayMode,
    RateDoubt,
    RateRemark,
    RateSource,
    Round,
    dwell_times,
)
from fetalclip_app.imaging.dicom.timing import timing_of
from fetalclip_app.imaging.readers import read_clip

VECTOR, TIME = Tag("FrameTimeVector"), Tag("FrameTime")
modes = st.sampled_from(PlayMode)
dwells = st.lists(st.floats(0.001, 5.0), min_size=2, max_size=40)


def cine(folder: Path, count: int = 4, **tags: Any) -> Clip:
    return read_clip(files.write(folder / "cine", files.dataset_of(files.cine(count), **tags)))


def doubts(clip: Clip) -> dict[RateSource, RateDoubt]:
    assert clip.rate is not None
    return {remark.source: remark.doubt for remark in clip.rate.remarks}


def test_sweeping_repeats_neither_end() -> None:
    sweep = Round.of([1.0] * 5, PlayMode.SWEEP, 0, 3)

    assert [sweep.frame(step) for step in range(10)] == [0, 1, 2, 3, 2, 1, 0, 1, 2, 3]
    assert [sweep.goes_back(step) for step in range(6)] == [False, False, False, False, True, True]


@pytest.mark.parametrize("mode", PlayMode)
def test_a_part_whose_frames_share_one_moment_is_played_at_the_cine_s_mean(mode: PlayMode) -> None:
    dwell_s = dwell_times(5, 20.0, (0.0, 0.1, 0.1, 0.1, 0.2))
    part = Round.of(dwell_s, mode, 1, 2)

    assert part.period_s == pytest.approx(2 * (0.2 + 0.05) / 5)
    assert [part.frame(part.step_at(now_s)) for now_s in (0.0, 0.051, 0.101)] == [1, 2, 1]


def test_a_cine_that_takes_no_time_is_no_round() -> None:
    with pytest.raises(ValueError, match="no time"):
        Round.of([0.0] * 4, PlayMode.LOOP, 1, 2)


@given(dwells, modes, st.data())
def test_every_moment_shows_the_frame_whose_turn_it_is(
    dwell_s: list[float], mode: PlayMode, data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(dwell_s) - 2))
    last = data.draw(st.integers(first + 1, len(dwell_s) - 1))
    played = Round.of(dwell_s, mode, first, last)
    step = data.draw(st.integers(0, 10_000))
    inside = data.draw(st.floats(0.05, 0.95))
    moment = played.begins_s(step) + inside * (played.begins_s(step + 1) - played.begins_s(step))

    assert played.step_at(moment) == step
    assert first <= played.frame(step) <= last
    assert abs(played.frame(step + 1) - played.frame(step)) in ({1} if mode is PlayMode.SWEEP else {1, last - first})


@given(dwells, modes)
def test_a_frame_stands_for_its_own_time_there_and_back(dwell_s: list[float], mode: PlayMode) -> None:
    played = Round.of(dwell_s, mode, 0, len(dwell_s) - 1)
    for step in range(len(played)):
        stands = played.begins_s(step + 1) - played.begins_s(step)

        assert stands == pytest.approx(dwell_s[played.frame(step)])


@given(st.integers(2, 30), st.data())
def test_the_way_on_from_a_frame_keeps_its_direction(count: int, data: st.DataObject) -> None:
    sweep = Round.of([1.0] * count, PlayMode.SWEEP, 0, count - 1)
    frame = data.draw(st.integers(0, count - 1))
    there, back = sweep.step_of(frame), sweep.step_of(frame, backward=True)

    assert sweep.frame(there) == sweep.frame(back) == frame
    assert not sweep.goes_back(there)
    assert sweep.goes_back(back) == (0 < frame < count - 1)


def test_times_that_go_back_are_no_times() -> None:
    with pytest.raises(ValueError, match="go back"):
        dwell_times(3, 10.0, (0.0, 0.2, 0.1))
    with pytest.raises(ValueError, match="2 times of 3 frames"):
        dwell_times(3, 10.0, (0.0, 0.2))
    with pytest.raises(ValueError, match="frames per second"):
        dwell_times(3, 0.0)


def test_a_frame_that_another_one_replaces_at_its_very_moment_is_passed_over_in_playing() -> None:
    """Videos hold such frames; stepping shows them."""
    played = Round.of(dwell_times(3, 10.0, (0.0, 0.2, 0.2)), PlayMode.LOOP, 0, 2)

    assert [played.frame(played.step_at(moment)) for moment in (0.0, 0.1, 0.201, 0.25)] == [0, 0, 2, 2]


@given(st.lists(st.integers(1, 2000), min_size=1, max_size=30).filter(lambda steps: len(set(steps)) > 1))
def test_a_cine_of_uneven_steps_has_a_time_for_each_frame(steps_ms: list[int]) -> None:
    times_s = [0.0, *accumulate(step / 1000 for step in steps_ms)]
    dwell = dwell_times(len(times_s), len(steps_ms) / times_s[-1], times_s)
    played = Round.of(dwell, PlayMode.LOOP, 0, len(times_s) - 1)
    for moment in (0.3 * times_s[-1], 0.5 * times_s[-1], 0.99 * times_s[-1]):
        expected = bisect_right(times_s, moment + 1e-6) - 1

        assert played.frame(played.step_at(moment)) == expected


def test_of_two_frames_at_one_moment_the_later_one_is_seen() -> None:
    played = Round.of(dwell_times(4, 10.0, (0.0, 0.1, 0.1, 0.3)), PlayMode.SWEEP, 0, 3)
    seen = [played.frame(played.step_at(moment)) for moment in (0.05, 0.1, 0.2, 0.35, 0.45, 0.65)]

    assert seen == [0, 2, 2, 3, 2, 0]


@given(st.floats(1.0, 200.0))
def test_a_rate_that_was_rounded_or_cut_to_a_whole_number_agrees(hz: float) -> None:
    data = Dataset()
    data.FrameTime, data.CineRate, data.RecommendedDisplayFrameRate = f"{1000 / hz:.9f}", int(hz), round(hz)

    assert timing_of(data, 10).rate.remarks == ()


def test_the_vector_s_increments_become_the_moments_of_the_frames(tmp_path: Path) -> None:
    clip = cine(tmp_path, FrameTimeVector=[0, 20, 30, 50])

    assert clip.rate == FrameRate(pytest.approx(30.0), RateSource.FRAME_TIME_VECTOR, is_uneven=True)
    assert clip.times_s == pytest.approx((0.0, 0.02, 0.05, 0.1))


def test_even_increments_are_a_rate_and_no_list(tmp_path: Path) -> None:
    clip = cine(tmp_path, FrameTimeVector=[0, 40, 40, 40])

    assert clip.rate == FrameRate(pytest.approx(25.0), RateSource.FRAME_TIME_VECTOR)
    assert clip.times_s is None


@pytest.mark.parametrize(
    ("pointer", "source", "hz"),
    [
        ({}, RateSource.FRAME_TIME, 25.0),
        ({"FrameIncrementPointer": TIME}, RateSource.FRAME_TIME, 25.0),
        ({"FrameIncrementPointer": VECTOR}, RateSource.FRAME_TIME_VECTOR, 30.0),
        ({"FrameIncrementPointer": [Tag("StageNumber"), VECTOR]}, RateSource.FRAME_TIME_VECTOR, 30.0),
    ],
)
def test_of_two_that_disagree_the_pointer_says_which_holds(
    pointer: dict[str, Any], source: RateSource, hz: float, tmp_path: Path
) -> None:
    clip = cine(tmp_path, FrameTime=40, FrameTimeVector=[0, 20, 30, 50], **pointer)
    other = {RateSource.FRAME_TIME, RateSource.FRAME_TIME_VECTOR} - {source}

    assert clip.rate is not None
    assert (clip.rate.source, clip.rate.hz) == (source, pytest.approx(hz))
    assert (clip.times_s is not None) == (source is RateSource.FRAME_TIME_VECTOR)
    assert doubts(clip) == dict.fromkeys(other, RateDoubt.DISAGREES)


@pytest.mark.parametrize(
    ("tags", "doubt"),
    [
        ({"FrameTimeVector": [0, 20, 30]}, RateDoubt.WRONG_COUNT),
        ({"FrameTimeVector": [0, 20, -30, 50]}, RateDoubt.NONSENSE),
        ({"FrameTimeVector": [0, 20, 0, 50]}, RateDoubt.NONSENSE),
        ({"FrameTimeVector": [0, 20, 30, 40_000]}, RateDoubt.NONSENSE),
        ({"FrameTimeVector": ["0", "20", "nan", "50"]}, RateDoubt.NONSENSE),
    ],
)
def test_a_vector_that_makes_no_sense_is_passed_over_and_remarked(
    tags: dict[str, Any], doubt: RateDoubt, tmp_path: Path
) -> None:
    clip = cine(tmp_path, CineRate=12, **tags)

    assert clip.rate is not None
    assert (clip.rate.source, clip.rate.hz, clip.times_s) == (RateSource.CINE_RATE, 12.0, None)
    assert doubts(clip) == {RateSource.FRAME_TIME_VECTOR: doubt}


@pytest.mark.parametrize("milliseconds", ["0", "-5", "nan", "inf", "1e-9", "1e9", "abc"])
def test_a_frame_time_that_makes_no_sense_is_passed_over_and_remarked(milliseconds: str, tmp_path: Path) -> None:
    data = files.dataset_of(files.cine(4), FrameTime=40)
    path = files.write(tmp_path / "cine", data)
    content = path.read_bytes()
    wanted = milliseconds.encode().ljust(len(milliseconds) + len(milliseconds) % 2)
    head = b"\x18\x00\x63\x10DS"
    place = content.index(head)
    old = int.from_bytes(content[place + 6 : place + 8], "little")
    path.write_bytes(content[: place + 6] + len(wanted).to_bytes(2, "little") + wanted + content[place + 8 + old :])
    clip = read_clip(path)

    assert clip.rate is not None
    assert (clip.rate.source, clip.rate.hz) == (RateSource.ASSUMED, 30.0)
    assert doubts(clip) == {RateSource.FRAME_TIME: RateDoubt.NONSENSE}


def test_a_stated_rate_that_says_otherwise_is_remarked_and_rounding_is_not(tmp_path: Path) -> None:
    clip = cine(tmp_path, FrameTime="34.99", CineRate=29, RecommendedDisplayFrameRate=60)

    assert clip.rate is not None
    assert clip.rate.remarks == (RateRemark(RateSource.RECOMMENDED_RATE, RateDoubt.DISAGREES, 60.0),)
    told = wording.rate_told(clip.rate)
    assert told.startswith("28.6\u2009frames/s, from the file's frame time\n")
    assert "recommended display rate says something else: 60.0\u2009frames/s" in told


@pytest.mark.parametrize("doubt", RateDoubt)
@pytest.mark.parametrize("source", RateSource)
def test_every_remark_has_a_sentence(source: RateSource, doubt: RateDoubt) -> None:
    said = wording.rate_remark(RateRemark(source, doubt, 12.0))

    assert said[0].isupper() and said.endswith(".") and "{" not in said


@pytest.mark.parametrize(("number", "mode"), [(0, PlayMode.LOOP), (1, PlayMode.SWEEP), (7, None), (None, None)])
def test_the_file_says_whether_it_loops_or_sweeps(number: int | None, mode: PlayMode | None, tmp_path: Path) -> None:
    tags = {} if number is None else {"PreferredPlaybackSequencing": number}

    assert cine(tmp_path, FrameTime=40, **tags).playback.mode is mode


@pytest.mark.parametrize(
    ("tags", "trim"),
    [
        ({"StartTrim": 2, "StopTrim": 3}, (1, 2)),
        ({"StartTrim": 3}, (2, 3)),
        ({"StopTrim": 2}, (0, 1)),
        ({"StartTrim": 1, "StopTrim": 4}, None),
        ({"StartTrim": 3, "StopTrim": 2}, None),
        ({"StartTrim": 0, "StopTrim": 2}, None),
        ({"StartTrim": 2, "StopTrim": 9}, None),
        ({}, None),
    ],
)
def test_a_trim_is_kept_where_it_names_a_part_of_the_cine(
    tags: dict[str, int], trim: tuple[int, int] | None, tmp_path: Path
) -> None:
    assert cine(tmp_path, FrameTime=40, **tags).playback.trim == trim


def test_a_cut_file_has_the_times_of_the_frames_that_it_holds(tmp_path: Path) -> None:
    data = files.dataset_of(files.cine(4), FrameTimeVector=[0, 20, 30, 50], StartTrim=2, StopTrim=4)
    path = files.write(tmp_path / "cine", data)
    path.write_bytes(path.read_bytes()[:-10])
    clip = read_clip(path)

    assert (len(clip), clip.missing_frames) == (3, 1)
    assert clip.times_s == pytest.approx((0.0, 0.02, 0.05))
    assert clip.playback.trim is None

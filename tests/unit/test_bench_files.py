"""The bench of files: numbers survive compression, lateness is judged by paints, the page tells what failed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import files as program
from bench import files_scene as scene
from bench.files_decode import WORKERS, Decoding, compare, two_at_once
from bench.files_late import Lateness, Paint, judge
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.ui.frames import AT_ONCE

HZ, FRAME_S = 25.0, 0.04


def played(delays_s: list[float], *, first: int = 0, count: int = 10, pressed_s: float = 100.0) -> list[Paint]:
    """Return the paints of a cine whose k-th frame after the first was delayed by so much."""
    return [Paint(pressed_s + (k + 1) * FRAME_S + delay, (first + k + 1) % count) for k, delay in enumerate(delays_s)]


def judged(paints: list[Paint], *, first: int = 0, count: int = 10, released_s: float | None = None) -> Lateness:
    """Judge a cine that was stopped at once after its last paint, or when told."""
    end_s = paints[-1].ended_s if released_s is None else released_s
    return judge(paints, pressed_s=100.0, released_s=end_s, loop=(first, count), hz=HZ)


@given(st.lists(st.floats(-0.0019, 0.0199), min_size=5, max_size=60), st.integers(0, 9))
def test_a_cine_in_time_has_no_late_frame(delays_s: list[float], first: int) -> None:
    found = judged(played(delays_s, first=first), first=first, count=10)

    assert (found.late, found.never_shown) == (0, 0)
    assert found.due >= len(delays_s) - 2


@given(st.lists(st.booleans(), min_size=20, max_size=60))
def test_each_frame_that_comes_half_a_frame_late_is_counted(is_late: list[bool]) -> None:
    paints = played([0.0205 if late else 0.001 for late in is_late] + [0.0])
    found = judged(paints, first=0, count=10)

    assert found.late == sum(is_late[: found.due])


def test_a_frame_that_was_skipped_is_late_and_one_that_came_early_too() -> None:
    paints = played([0.0, 0.0, 0.0, 0.0, -0.01, 0.0, 0.0, 0.0])
    del paints[2]
    found = judged(paints, first=0, count=10)

    assert (found.late, found.never_shown) == (2, 1)


def test_a_cine_that_is_held_up_and_goes_on_later_lost_time() -> None:
    """Dropping time and no frame is what must not pass."""
    paints = played([0.0] * 10) + [
        Paint(paint.ended_s + 0.2, (paint.number + 10) % 50) for paint in played([0.4] * 30, count=50)
    ]
    found = judged(paints, first=0, count=50)

    assert found.share > 0.6


def test_a_cine_that_runs_slow_has_another_rate() -> None:
    paints = [Paint(100.0 + 1.05 * k * FRAME_S, k % 200) for k in range(1, 150)]

    assert judged(paints, first=0, count=200).rate_hz == pytest.approx(HZ / 1.05)


@given(st.integers(0, 50), st.integers(2, 60))
def test_a_cine_that_freezes_for_good_is_late_with_all_that_follows(shown: int, missed: int) -> None:
    """Pause was pressed half a frame time after the last one was due."""
    found = judged(played([0.001] * shown, count=100), count=100, released_s=100.0 + (shown + missed + 0.51) * FRAME_S)

    assert (found.due, found.late, found.never_shown) == (shown + missed, missed, missed)
    assert found.rate_hz < 0.99 * HZ


def test_what_is_painted_after_pause_was_pressed_does_not_count() -> None:
    found = judged(played([0.0] * 20), released_s=100.0 + 10.6 * FRAME_S)

    assert (found.due, found.late) == (10, 0)
    assert found.rate_hz == pytest.approx(HZ)


def test_no_time_is_no_measurement() -> None:
    with pytest.raises(ValueError, match=r"played for 0\.050 s"):
        judged([], released_s=100.05)


def test_the_number_in_a_frame_survives_its_compression(tmp_path: Path) -> None:
    clip = read_clip(scene.write_cine(tmp_path / "cine.dcm", range(518, 521), 60, mark=2))

    assert [scene.code_of(clip.frame(index).pixels) for index in range(3)] == [(518, 2), (519, 2), (520, 2)]
    assert clip.rate is not None
    assert clip.rate.hz == pytest.approx(scene.RATE_HZ)


def test_both_sides_decode_the_same_frames(tmp_path: Path) -> None:
    found = compare(scene.write_cine(tmp_path / "cine.dcm", range(2), 60), rounds=1)

    assert len(found.ours_s) == len(found.theirs_s) == 2
    assert found.plugins
    assert found.mean_difference < 1.0


def test_a_cine_is_decoded_by_as_many_workers_as_the_window_has() -> None:
    assert WORKERS == AT_ONCE


@pytest.mark.parametrize(("lowest", "holds"), [(5.02, True), (4.9, False)])
def test_it_is_the_lower_end_of_the_interval_that_must_reach_five(lowest: float, holds: bool) -> None:
    slow, fast = (lowest,) * 40, (9.0,) * 45
    found = Decoding((1.0,) * 85, slow + fast, ("pillow",), 0, 0.0)
    assert found.ratio > 5.0

    assert program.decoding_row("50 kB", found).holds is holds


def test_both_sides_decode_a_whole_cine_with_as_many_workers(tmp_path: Path) -> None:
    ours_s, theirs_s = two_at_once(scene.write_cine(tmp_path / "cine.dcm", range(3), 60), rounds=1)

    assert ours_s > 0 and theirs_s > 0
    assert not program.together_row("50 kB", (ours_s, theirs_s)).asked


LATE = {"due": 700, "late": 7, "never_shown": 2, "rate_hz": 30.5, "worst_s": 0.02}


def test_one_late_frame_more_than_asked_fails() -> None:
    worse = LATE | {"late": 8, "rate_hz": 30.7}
    rows = [row for late in (LATE, worse) for row in program.late_rows("Playing", Lateness(**late))]

    assert [row.holds for row in rows] == [True, True, False, False]


def test_playing_beside_a_model_that_did_not_read_proves_nothing() -> None:
    found = {"late": LATE, "read_playing_hz": 9.0, "read_alone_hz": 10.0, "was_reading": False}

    assert not any(row.holds for row in program.model_rows(found) if row.asked)


def test_memory_counts_only_where_the_whole_loop_was_seen() -> None:
    found = {"first_s": [0.1, 0.2], "opened_bytes": 1, "added_bytes": 10**8, "seen": 899, "late": LATE}
    half = found | {"seen": 450, "first_s": [0.1, 0.31]}

    assert [row.holds for row in program.window_rows(found, 1)][:2] == [True, True]
    assert [row.holds for row in program.window_rows(half, 1)][:2] == [False, False]


def test_the_page_says_which_figure_failed() -> None:
    text = program.page([program.Row("a", "less than 1", "2", holds=False)], load=1.5, seconds=60)

    assert "| a | less than 1 | 2 | FAIL |" in text
    assert "load 1.5" in text and "1.0 minutes" in text

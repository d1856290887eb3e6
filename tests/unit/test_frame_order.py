from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetalclip_app.inference.frame_order import coarse_to_fine


@given(count=st.integers(0, 700), strides=st.lists(st.integers(2, 40), max_size=3))
def test_every_frame_comes_once_whatever_the_passes(count: int, strides: list[int]) -> None:
    assert sorted(coarse_to_fine(count, [*strides, 1])) == list(range(count))


@given(count=st.integers(1, 700), share=st.floats(0, 0.999))
def test_the_frame_that_is_looked_at_comes_first_and_each_pass_goes_on_from_it(count: int, share: float) -> None:
    looked_at = int(share * count)
    order = coarse_to_fine(count, looked_at=looked_at)

    assert sorted(order) == list(range(count))
    assert order[0] == looked_at
    backwards = sum(after < before for before, after in itertools.pairwise(order))
    assert backwards <= 5, "three passes, each of which goes round the clip's end once"


def test_what_plays_next_is_read_next() -> None:
    assert coarse_to_fine(24, looked_at=10) == (
        10, 16, 0, 12, 20, 4, 8, 11, 13, 14, 15, 17, 18, 19, 21, 22, 23, 1, 2, 3, 5, 6, 7, 9
    )  # fmt: skip


def test_looking_outside_the_clip_begins_at_its_start() -> None:
    assert coarse_to_fine(20, looked_at=20) == coarse_to_fine(20, looked_at=-1) == coarse_to_fine(20)


def test_the_whole_clip_is_seen_coarsely_before_it_is_filled() -> None:
    assert coarse_to_fine(20) == (0, 16, 4, 8, 12, 1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15, 17, 18, 19)


def test_each_pass_goes_forward_so_that_a_video_is_decoded_three_times_at_most() -> None:
    order = coarse_to_fine(300)

    assert sum(after < before for before, after in itertools.pairwise(order)) == 2


def test_passes_that_leave_frames_out_are_refused() -> None:
    with pytest.raises(ValueError, match="leave frames out"):
        coarse_to_fine(20, (8, 2))

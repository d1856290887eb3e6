from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetalclip_app.inference.frame_order import coarse_to_fine


@given(count=st.integers(0, 700), strides=st.lists(st.integers(2, 40), max_size=3))
def test_every_frame_comes_once_whatever_the_passes(count: int, strides: list[int]) -> None:
    assert sorted(coarse_to_fine(count, [*strides, 1])) == list(range(count))


def test_the_whole_clip_is_seen_coarsely_before_it_is_filled() -> None:
    assert coarse_to_fine(20) == (0, 16, 4, 8, 12, 1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15, 17, 18, 19)


def test_each_pass_goes_forward_so_that_a_video_is_decoded_three_times_at_most() -> None:
    order = coarse_to_fine(300)

    assert sum(after < before for before, after in itertools.pairwise(order)) == 2


def test_passes_that_leave_frames_out_are_refused() -> None:
    with pytest.raises(ValueError, match="leave frames out"):
        coarse_to_fine(20, (8, 2))

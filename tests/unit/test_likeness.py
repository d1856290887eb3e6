"""Frames ranked by how like a sentence they are, and where they stand among other pictures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetalclip_app.domain.likeness import NEIGHBOURS, Background, moments, ranked

SENTENCE = np.array([1.0, 0.0], np.float32)


def rows(*cosines: float) -> np.ndarray:
    """Unit rows in the plane with these cosines to `SENTENCE`."""
    first = np.array(cosines, np.float32)
    return np.stack([first, np.sqrt(1 - first**2)], axis=1)


def test_the_frames_of_all_clips_are_ranked_together() -> None:
    far = [0.0] * NEIGHBOURS
    one, two = rows(0.1, *far, 0.9), rows(0.5, *far, 0.7)

    hits = ranked([("one", one), ("two", two)], SENTENCE, None, 3)

    assert [(hit.clip, hit.frame_index) for hit in hits] == [("one", 6), ("two", 6), ("two", 0)]
    assert [hit.similarity for hit in hits] == pytest.approx([0.9, 0.7, 0.5], abs=1e-6)
    assert {hit.share_below for hit in hits} == {None}


def test_frames_side_by_side_are_one_moment() -> None:
    similarity = np.array([0.1, 0.2, 0.9, 0.8, 0.7, 0.2, 0.1, 0.1, 0.5], np.float32)

    assert moments(similarity, apart=2) == (2, 8, 5)


def test_frames_that_are_not_known_yet_are_left_out() -> None:
    assert moments(np.array([np.nan, 0.3, np.nan], np.float32), apart=0) == (1,)


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=60), st.integers(0, 6))
def test_every_frame_is_near_a_listed_one_that_is_as_like(values: list[float], apart: int) -> None:
    similarity = np.array(values, np.float32)

    listed = moments(similarity, apart)

    assert all(abs(a - b) > apart for i, a in enumerate(listed) for b in listed[:i])
    assert all(
        any(abs(frame - one) <= apart and similarity[one] >= similarity[frame] for one in listed)
        for frame in range(len(values))
    )


def test_a_similarity_stands_above_the_share_of_the_background_that_is_less_like() -> None:
    background = Background(rows(0.2, 0.4, 0.6, 0.8), np.full(4, 0.25), ("brain",))

    shares = background.shares_below(SENTENCE, np.array([0.1, 0.4, 0.7, 0.9], np.float32))

    assert shares.tolist() == pytest.approx([0.0, 0.25, 0.75, 1.0])


def test_pictures_of_a_common_plane_count_for_less() -> None:
    background = Background(rows(0.2, 0.8, 0.8, 0.8), np.array([0.5, 1 / 6, 1 / 6, 1 / 6]), ("brain", "heart"))

    assert background.shares_below(SENTENCE, np.array([0.5], np.float32)).tolist() == pytest.approx([0.5])


def test_hits_carry_their_share() -> None:
    background = Background(rows(0.2, 0.6), np.array([0.5, 0.5]), ("brain",))

    hits = ranked([("one", rows(0.7))], SENTENCE, background, 5)

    assert [hit.share_below for hit in hits] == [1.0]

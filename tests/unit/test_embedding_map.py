"""The map of frames: principal components, the same each time, with the share of the variance that they hold."""

from __future__ import annotations

import numpy as np
import pytest

from fetalclip_app.domain.embedding_map import embedding_map


def _rows(count: int, seed: int, dimension: int = 32) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, dimension)) * np.linspace(3, 0.1, dimension) + 1.0
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_points_and_shares_are_those_of_the_singular_values() -> None:
    clips = [_rows(40, 1), _rows(25, 2)]
    found = embedding_map(clips)
    rows = np.concatenate(clips).astype(np.float64)
    left, singular, _right = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    expected = left[:, :2] * singular[:2]

    assert found is not None
    np.testing.assert_allclose(np.abs(found.points), np.abs(expected), atol=2e-5)
    np.testing.assert_allclose(found.shares, (singular**2 / (singular**2).sum())[:2], rtol=1e-4)
    assert found.shares[0] >= found.shares[1] > 0


def test_the_same_rows_give_the_same_map_whichever_way_they_are_cut_into_clips() -> None:
    rows = _rows(60, 3)
    one, two = embedding_map([rows]), embedding_map([rows[:20], rows[20:]])

    assert one is not None and two is not None
    np.testing.assert_array_equal(one.points, two.points)
    assert two.clip_of.tolist() == [0] * 20 + [1] * 40
    assert two.frame_of.tolist() == [*range(20), *range(40)]


def test_mirroring_no_axis_is_left_to_chance() -> None:
    rows = _rows(50, 4)
    found = embedding_map([rows])
    again = embedding_map([rows[::-1].copy()])

    assert found is not None and again is not None
    np.testing.assert_allclose(again.points[::-1], found.points, atol=1e-4)


@pytest.mark.parametrize("clips", [[], [_rows(2, 5)], [np.repeat(_rows(1, 6), 30, axis=0)]])
def test_what_cannot_be_told_apart_has_no_map(clips: list[np.ndarray]) -> None:
    assert embedding_map(clips) is None

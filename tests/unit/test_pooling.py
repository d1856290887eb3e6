"""Repeats of a length: their median, their spread, and which of them lie too far off."""

from __future__ import annotations

import numpy as np
import pytest

from fetalclip_app.biometry.pooling import pool
from fetalclip_app.domain.biometry import Beyond


def _by_frame(values: object) -> dict[int, float]:
    return {frame: float(value) for frame, value in enumerate(values)}  # type: ignore[call-overload]


def _published_outliers(values: np.ndarray) -> set[int]:
    """Restated from Iglewicz & Hoaglin 1993: |0.6745 (x - median) / MAD| > 3.5."""
    deviations = values - np.median(values)
    return set(np.flatnonzero(np.abs(0.6745 * deviations / np.median(np.abs(deviations))) > 3.5).tolist())


@pytest.mark.parametrize("seed", range(20))
def test_outliers_are_those_of_the_published_rule(seed: int) -> None:
    values = 180 + np.random.default_rng(seed).standard_t(df=2, size=41)

    size, marked = pool(_by_frame(values), resolution_mm=0.0)

    assert {one.frame_index for one in marked if one.beyond} == _published_outliers(values)
    assert size.median_mm == pytest.approx(np.median(values))


def test_the_spread_is_the_standard_deviation_of_a_bell() -> None:
    values = np.random.default_rng(3).normal(200, 2.0, 20_000)

    size, _marked = pool(_by_frame(values), 0.0)

    assert size.spread_mm == pytest.approx(2.0, rel=0.03)


def test_a_few_wrong_frames_are_found_and_hardly_move_the_value() -> None:
    rng = np.random.default_rng(5)
    values = np.append(rng.normal(170, 1.0, 30), [120.0, 95.0, 260.0])

    size, marked = pool(_by_frame(values), 0.5)

    assert {one.frame_index: one.beyond for one in marked if one.beyond} == {
        30: Beyond.BELOW,
        31: Beyond.BELOW,
        32: Beyond.ABOVE,
    }
    assert abs(size.median_mm - 170) < 0.5 and size.spread_mm < 1.6


def test_what_a_pixel_cannot_tell_apart_is_no_outlier() -> None:
    values = _by_frame([50.0] * 9 + [50.6, 52.0])

    size, marked = pool(values, resolution_mm=0.7)

    assert size.spread_mm == 0
    assert [one.frame_index for one in marked if one.beyond] == [10]
    assert [one.frame_index for one in pool(values, resolution_mm=0.1)[1] if one.beyond] == [9, 10]


@pytest.mark.parametrize("values", [{}, {0: 1.0, 1: float("nan"), 2: 1.0}])
def test_what_is_no_number_is_not_pooled(values: dict[int, float]) -> None:
    with pytest.raises(ValueError, match="cannot be pooled"):
        pool(values, 0.5)

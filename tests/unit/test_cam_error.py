"""What errors of the scores do to a Score-CAM: the prediction beside the package's own scaling, many draws of each."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from pytorch_grad_cam.utils.image import scale_cam_image
from scipy.stats import chi2

from fetalclip_app.model.cam_error import (
    SAMPLES,
    LogOddsError,
    expected_change,
    log_odds,
    probabilities,
    rivals,
    slopes,
    softmax,
)

SIZE = (48, 56)
CHANNELS, GRID = 200, 8
DRAWS = 150

Maps = NDArray[np.float32]


def maps_of(kind: str) -> Maps:
    """Activations of which the sum is of a certain kind."""
    chance = np.random.default_rng(1)
    noise = chance.normal(size=(CHANNELS, GRID, GRID))
    ramp = np.linspace(-1, 1, GRID * GRID).reshape(1, GRID, GRID)
    tied = 0.2 * noise + ramp
    tied[:, 0, 0] = tied[:, -1, -1] + 0.1 * chance.normal(size=CHANNELS)
    kinds = {
        "above zero": 0.3 * noise + 2,
        "on both sides of zero": noise + 0.3 * chance.normal(size=(CHANNELS, 1, 1)),
        "a ramp, half of it below zero": 0.3 * noise + ramp,
        "channels of very different level": 0.1 * noise + chance.normal(size=(CHANNELS, 1, 1)) + 0.2,
        "two highest places": tied,
        "hardly above zero": 0.3 * noise - 0.05 * np.abs(chance.normal(size=(1, GRID, GRID))),
        "nearly flat": 0.05 * noise + 1,
        "far below zero": 0.01 * noise - 0.5,
    }
    return kinds[kind].astype(np.float32)


KINDS = (
    "above zero",
    "on both sides of zero",
    "a ramp, half of it below zero",
    "channels of very different level",
    "two highest places",
    "hardly above zero",
    "nearly flat",
)


def shown(scores: Maps, maps: Maps) -> Maps:
    """The package's steps from scores to the map (`BaseCAM.compute_cam_per_layer`, `aggregate_multi_layers`)."""
    summed = np.maximum(np.tensordot(softmax(scores), maps, axes=1), 0)
    found: Maps = scale_cam_image(scale_cam_image(summed[None], SIZE[::-1]))[0]
    return found


def real_changes(scores: Maps, maps: Maps, error: LogOddsError) -> NDArray[np.float64]:
    chance = np.random.default_rng(7)
    plain = shown(scores, maps)

    def draw() -> NDArray[np.float64]:
        return error.common * chance.normal() + error.own * chance.normal(size=len(scores))

    drawn = [(scores + slopes(scores) * draw()).astype(np.float32) for _ in range(DRAWS)]
    return np.array([np.abs(shown(one, maps) - plain).max() for one in drawn])


def scores_of(maps: Maps) -> Maps:
    return np.random.default_rng(3).uniform(0.2, 0.8, len(maps)).astype(np.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_expected_is_what_such_errors_do(kind: str) -> None:
    maps = maps_of(kind)
    scores, error = scores_of(maps), LogOddsError(0.0, 5e-4)

    found = real_changes(scores, maps, error)

    assert found.max() <= expected_change(scores, maps, error, SIZE) <= 2 * found.max()


@pytest.mark.parametrize("kind", KINDS)
def test_errors_so_large_that_places_change_their_part_are_not_taken_for_less(kind: str) -> None:
    maps = maps_of(kind)
    scores, error = scores_of(maps), LogOddsError(2e-2, 0.1)

    assert real_changes(scores, maps, error).max() <= expected_change(scores, maps, error, SIZE)


def test_what_is_nearly_sure_is_hardly_wrong() -> None:
    """Nine in ten probabilities are near zero or one, and nothing to speak of changes them."""
    maps, error = maps_of("above zero"), LogOddsError(0.0, 3e-3)
    scores = np.random.default_rng(0).choice([0.5, 1e-4, 1 - 1e-4], CHANNELS, p=[0.1, 0.45, 0.45]).astype(np.float32)

    found = real_changes(scores, maps, error)

    assert found.max() <= expected_change(scores, maps, error, SIZE) <= 2 * found.max()


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_that_all_log_odds_have_in_common_counts_too(kind: str) -> None:
    maps, error = maps_of(kind), LogOddsError(2e-3, 0.0)
    scores = scores_of(maps)

    found = real_changes(scores, maps, error)

    assert found.max() <= expected_change(scores, maps, error, SIZE) <= 4 * found.max()


def test_where_all_probabilities_are_alike_a_common_error_changes_nothing() -> None:
    maps = maps_of("above zero")

    assert expected_change(np.full(CHANNELS, 0.15, np.float32), maps, LogOddsError(0.1, 0.0), SIZE) < 1e-9


@pytest.mark.parametrize("best", [2.0, 0.5], ids=["highest", "lowest"])
def test_a_place_that_is_nearly_the_best_may_take_its_part(best: float) -> None:
    """Of three corners that tie, one is sure; the others' errors are each other's opposite, twice as far apart."""
    noise = np.random.default_rng(0).normal(size=CHANNELS)
    maps = np.ones((CHANNELS, GRID, GRID))
    maps[:, [0, 0, -1], [0, -1, 0]] = best
    maps[:, 0, 0] += np.sign(best - 1) * 1e-6
    maps[:, 0, -1] += noise - noise.mean()
    maps[:, -1, 0] -= noise - noise.mean()
    scores, error = np.full(CHANNELS, 0.5, np.float32), LogOddsError(0.0, 1e-2)

    found = real_changes(scores, maps.astype(np.float32), error)

    assert found.max() <= expected_change(scores, maps.astype(np.float32), error, SIZE) <= 4 * found.max()


def test_what_the_maps_height_may_lose_makes_each_error_larger() -> None:
    """Ten times the error changes such a map by more than ten times as much: it comes near to being flat."""
    noise = np.random.default_rng(0).normal(size=(CHANNELS, 1, 1))
    small, large = LogOddsError(0.0, 0.01), LogOddsError(0.0, 0.1)
    height = 6 * large.own * 0.25 / np.sqrt(CHANNELS)
    maps = np.ones((CHANNELS, GRID, GRID))
    maps[:, :2] += height + noise - noise.mean()
    maps[:, 2:4] += 0.8 * height + noise - noise.mean()
    maps, scores = maps.astype(np.float32), np.full(CHANNELS, 0.5, np.float32)

    assert real_changes(scores, maps, large).max() > 12 * real_changes(scores, maps, small).max()
    assert expected_change(scores, maps, large, SIZE) > 12 * expected_change(scores, maps, small, SIZE)


def test_what_lies_below_zero_for_sure_adds_no_error() -> None:
    maps = maps_of("a ramp, half of it below zero")
    scores, error = scores_of(maps), LogOddsError(0.0, 5e-4)
    noisier = maps.copy()
    noisier[:, :2] = 50 * (maps[:, :2] - maps[:, :2].mean(axis=0)) - 20

    assert expected_change(scores, noisier, error, SIZE) == pytest.approx(
        expected_change(scores, maps, error, SIZE), rel=1e-6
    )


def test_a_map_that_is_blank_for_sure_does_not_change() -> None:
    maps = maps_of("far below zero")
    scores, error = scores_of(maps), LogOddsError(1e-2, 5e-2)

    assert expected_change(scores, maps, error, SIZE) == 0
    assert real_changes(scores, maps, error).max() == 0


@pytest.mark.parametrize("highest", [-1e-5, 0.0, 1e-5])
def test_of_a_map_that_is_almost_blank_anything_is_expected(highest: float) -> None:
    """A single place decides whether the map is blank, or has a peak of one."""
    maps = maps_of("far below zero").astype(np.float64)
    scores, error = scores_of(maps.astype(np.float32)), LogOddsError(1e-2, 5e-2)
    weights = softmax(scores).astype(np.float64)
    maps[:, 3, 3] += highest - weights @ maps[:, 3, 3]

    assert expected_change(scores, maps.astype(np.float32), error, SIZE) > 0.5
    assert real_changes(scores, maps.astype(np.float32), error).max() > 0.5


def test_dead_channels_alone_make_a_blank_map() -> None:
    dead = np.zeros((40, 2, 2), np.float32)

    assert expected_change(np.full(40, 0.5, np.float32), dead, LogOddsError(1e-3, 1e-3), SIZE) == 0


def test_the_factors_are_those_of_chi_square() -> None:
    for count, factor in SAMPLES.items():
        assert factor == pytest.approx(np.sqrt((count - 1) / chi2.ppf(0.01, count - 1)), abs=1e-3)


@pytest.mark.parametrize("count", SAMPLES)
def test_a_samples_limits_are_below_the_error_once_in_a_hundred(count: int) -> None:
    chance = np.random.default_rng(0)
    exact = chance.uniform(-9, 9, size=(3000, count, 1))
    quick = exact + 5e-4 + 1e-3 * chance.normal(size=exact.shape)
    found = [LogOddsError.of(*pair, np.zeros((1, 1))) for pair in zip(quick, exact, strict=True)]

    assert 0.003 <= np.mean([one.own[0] < 1e-3 for one in found]) <= 0.02
    assert np.mean([np.linalg.norm(one.common) < 5e-4 for one in found]) <= 0.01


def test_a_sample_speaks_for_channels_with_another_rival() -> None:
    """Two rivals, of which the sample meets the first alone; the second is missed by a hundred times as much."""
    chance = np.random.default_rng(0)
    exact = np.tile(np.float32([0, 20]), (16, 1))
    missed = chance.normal(size=(16, 2)) * [1e-3, 0.1]
    channels = np.float32([[0, 20], [20, 0], [3, 3]])

    found = LogOddsError.of((exact + missed).astype(np.float32), exact, channels)

    spread = np.stack([missed[:, 0], missed[:, 1], missed.mean(axis=1)]).std(axis=1, ddof=1)
    np.testing.assert_allclose(found.own, SAMPLES[16] * spread, rtol=1e-2)
    at_least = np.abs([missed[:, 0].mean(), missed[:, 1].mean(), missed.mean()]) + 2 * found.own / 4
    assert (np.linalg.norm(found.common, axis=0) >= 0.99 * at_least).all()


def test_what_the_log_odds_change_by_is_the_rivals_share_of_each_margin() -> None:
    margins = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
    change = 1e-2 * np.random.default_rng(1).normal(size=6)

    found = log_odds((margins + change).astype(np.float32)) - log_odds(margins)

    np.testing.assert_allclose(found, rivals(margins) @ change, atol=1e-4)
    np.testing.assert_allclose(log_odds(margins), -np.log(np.exp(-margins).sum(axis=1)), rtol=1e-5, atol=1e-6)


def test_probabilities_are_those_of_a_softmax_to_their_last_digit() -> None:
    log_odds = np.array([-200.0, -20.0, -1.0, 0.0, 1.0, 12.0, 100.0], np.float32)

    expected = [0, 2.0611537e-09, 0.26894143, 0.5, 0.7310586, 0.99999386, 1]
    np.testing.assert_allclose(probabilities(log_odds), expected, rtol=2e-7)

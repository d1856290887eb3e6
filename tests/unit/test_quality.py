"""How good frames are beside each other, on generated scans whose faults are known."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from fakes import fan_picture
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.quality import FAN_COMPLETE, GRID, ClipQuality, quality_of
from fetalclip_app.imaging.quality import look_at

HEIGHT, WIDTH = 240, 320
CROP = Box(0, 0, WIDTH, HEIGHT)


def _scan(seed: int = 0, turn: float = 0.0) -> NDArray[np.uint8]:
    return fan_picture(HEIGHT, WIDTH, seed=seed, turn=turn)


def _blurred(pixels: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), np.uint8) if sigma else pixels


def _judged(pictures: list[NDArray[np.uint8]]) -> ClipQuality:
    looks = [look_at(pixels, CROP) for pixels in pictures]
    inputs = np.stack([np.frombuffer(pixels.tobytes()[:: 7 * WIDTH], np.uint8)[:300] for pixels in pictures])
    sharpness = np.array([look.sharpness for look in looks], np.float32)
    return quality_of(sharpness, np.stack([look.grid for look in looks]), inputs, np.ones(len(looks), bool))


@pytest.mark.parametrize("seed", range(4))
def test_the_more_a_scan_is_blurred_the_less_sharp_it_is(seed: int) -> None:
    found = [look_at(_blurred(_scan(seed), sigma), CROP).sharpness for sigma in (0.0, 0.8, 1.5, 2.5, 4.0)]

    assert found == sorted(found, reverse=True)
    assert found[0] > 2 * found[2] > 4 * found[4]


@pytest.mark.parametrize("seed", range(4))
def test_a_scan_smeared_by_motion_is_less_sharp(seed: int) -> None:
    along = np.full((1, 9), 1 / 9, np.float32)
    smeared = np.asarray(cv2.filter2D(_scan(seed), -1, along), np.uint8)

    assert look_at(smeared, CROP).sharpness < 0.8 * look_at(_scan(seed), CROP).sharpness


@pytest.mark.parametrize("gain", [0.6, 0.8, 1.2])
def test_sharpness_hardly_depends_on_the_gain(gain: float) -> None:
    other = np.clip(_scan().astype(np.float32) * gain, 0, 255).astype(np.uint8)

    assert look_at(other, CROP).sharpness == pytest.approx(look_at(_scan(), CROP).sharpness, rel=0.15)


def test_the_blurred_frames_of_a_clip_stand_out() -> None:
    quality = _judged([_blurred(_scan(seed), 3.0 if seed in {4, 5} else 0.0) for seed in range(12)])

    assert set(np.flatnonzero(quality.sharpness < 0.5)) == {4, 5}
    assert quality.sharpness.max() == 1.0


def test_a_blank_frame_and_half_a_fan_are_told_from_whole_ones() -> None:
    pictures = [_scan(seed) for seed in range(9)]
    pictures[3] = np.zeros_like(pictures[3])
    pictures[6] = pictures[6].copy()
    pictures[6][:, : WIDTH // 2] = 0
    quality = _judged(pictures)

    assert quality.fan[3] == 0.0
    assert quality.sharpness[3] == 0.0
    assert 0.3 < quality.fan[6] < 0.7
    assert (np.delete(quality.fan, [3, 6]) >= FAN_COMPLETE).all()


def test_noise_without_a_scan_is_not_what_sharpness_is_measured_by() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 1), np.uint8).repeat(3, 2)
    looks = [look_at(pixels, CROP) for pixels in [*(_scan(seed) for seed in range(6)), noise, noise]]
    sharpness = np.array([look.sharpness for look in looks], np.float32)
    inputs = np.arange(8, dtype=np.uint8)[:, None]
    quality = quality_of(sharpness, np.stack([look.grid for look in looks]), inputs, np.ones(8, bool), {6, 7})

    assert (quality.sharpness[:6] > 0.85).all()
    assert (quality.fan[:6] >= FAN_COMPLETE).all()


def test_a_probe_that_is_paused_is_stable_and_its_frames_repeat() -> None:
    still = [_scan(5, turn=15.0)] * 4
    quality = _judged([*(_scan(seed, turn=5.0 * seed) for seed in range(5)), *still])

    assert quality.repeats.tolist() == [False] * 6 + [True] * 3
    assert (quality.stability[6:] == 1.0).all()
    assert (quality.stability[:5] < 0.7).all()


def test_of_a_single_picture_only_the_fan_is_told_and_nothing_is_compared() -> None:
    quality = _judged([_scan()])

    assert np.isnan(quality.sharpness).all() and np.isnan(quality.stability).all()
    assert quality.fan.tolist() == [1.0]


@given(done=st.lists(st.booleans(), min_size=1, max_size=20))
def test_nothing_is_said_of_frames_that_were_not_looked_at(done: list[bool]) -> None:
    known = np.array(done)
    rng = np.random.default_rng(len(done))
    grids = rng.integers(0, 255, (len(done), GRID, GRID), np.uint8)
    quality = quality_of(rng.random(len(done), np.float32), grids, rng.integers(0, 2, (len(done), 4), np.uint8), known)

    for column in (quality.sharpness, quality.fan, quality.stability):
        assert np.isnan(column[~known]).all()
        assert ((column[~np.isnan(column)] >= 0) & (column[~np.isnan(column)] <= 1)).all()
    assert not quality.repeats[~known].any()


def test_a_frame_is_judged_by_both_neighbours_or_not_yet() -> None:
    known = np.array([True, True, False, True, True, True])
    grids = np.random.default_rng(0).integers(0, 255, (6, GRID, GRID), np.uint8)
    stability = quality_of(np.ones(6, np.float32), grids, np.arange(6, dtype=np.uint8)[:, None], known).stability

    assert np.flatnonzero(~np.isnan(stability)).tolist() == [0, 4, 5]


def test_a_look_takes_less_than_three_milliseconds_of_the_processor() -> None:
    pixels = fan_picture(600, 800)
    look_at(pixels, Box(0, 0, 800, 600))
    spent = []
    for _ in range(15):
        began = time.thread_time()
        look_at(pixels, Box(0, 0, 800, 600))
        spent.append(time.thread_time() - began)

    assert np.median(spent) < 0.003

"""Which frames are repeats: spread over the clip, and a picture that stands still counts once."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from fakes import fan_picture
from hypothesis import given
from hypothesis import strategies as st

from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Frame, Pixels
from fetalclip_app.imaging.preprocess import PreprocessSpec, crop_of, prepare
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.tasks.repeats import Looks, evenly

SPEC = PreprocessSpec()


@given(count=st.integers(1, 400), most=st.integers(1, 80))
def test_frames_are_chosen_evenly_from_the_first_to_the_last(count: int, most: int) -> None:
    frames = list(range(7, 7 + count))

    chosen = evenly(frames[::-1], most)

    assert len(chosen) == len(set(chosen)) == min(count, most) and chosen == sorted(chosen)
    assert set(chosen) <= set(frames) and chosen[0] == frames[0]
    if most > 1:
        assert chosen[-1] == frames[-1]
        steps = np.diff(chosen)
        assert steps.size == 0 or steps.max() - steps.min() <= 1


def _seen(pixels: Pixels) -> np.ndarray:
    return prepare(Frame(pixels), SPEC, Box(0, 0, pixels.shape[1], pixels.shape[0]))


def _grainy(pixels: Pixels, seed: int) -> Pixels:
    noise = np.random.default_rng(seed).normal(0, 2.0, pixels.shape[:2])[..., None]
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def test_a_picture_that_stands_still_is_new_once_whatever_its_noise() -> None:
    looks, picture = Looks(), fan_picture(240, 320)

    assert [looks.is_new(_seen(_grainy(picture, seed))) for seed in range(4)] == [True, False, False, False]


def test_a_picture_that_comes_back_is_not_new() -> None:
    looks = Looks()
    pictures = [_seen(fan_picture(240, 320, seed=seed, turn=3.0 * seed)) for seed in (0, 1, 2, 1, 0)]

    assert [looks.is_new(picture) for picture in pictures] == [True, True, True, False, False]


def test_a_probe_that_moves_a_little_shows_something_new() -> None:
    looks, picture = Looks(), fan_picture(240, 320)
    moved = np.roll(picture, (3, 3), axis=(0, 1))

    assert looks.is_new(_seen(picture)) and looks.is_new(_seen(moved))


def test_pictures_without_detail_are_no_pictures_of_the_same_thing() -> None:
    looks, black = Looks(), np.zeros((64, 64, 3), np.uint8)

    assert looks.is_new(_seen(black)) and looks.is_new(_seen(black))


@pytest.mark.skipif(
    "FETALCLIP_DATA" not in os.environ, reason="needs the real scans: FETALCLIP_DATA names their folder"
)
@pytest.mark.parametrize(("name", "least", "most"), [("voluson_s8_ob_cine87", 1, 1), ("sonosite_cine120", 25, 30)])
def test_of_real_cines_a_still_one_has_one_picture_and_a_moving_one_many(name: str, least: int, most: int) -> None:
    clip = read_clip(Path(os.environ["FETALCLIP_DATA"]) / "dicom" / f"{name}.dcm")
    looks, crop = Looks(), crop_of(clip)

    new = sum(looks.is_new(prepare(clip.frame(index), SPEC, crop)) for index in range(min(len(clip), 30)))

    assert least <= new <= most

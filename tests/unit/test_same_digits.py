"""What is cheaper on the road to the network gives the very digits of the plain way, which is written out here."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from fakes import FakeBackbone, make_clip
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Clip, Frame, FramesInMemory
from fetalclip_app.imaging.preprocess import PreprocessSpec, inside, letterboxed, prepare, scaled
from fetalclip_app.imaging.quality import look_at
from fetalclip_app.inference.encoding import Encoding
from fetalclip_app.inference.frame_bank import GRIDS, SHARPNESS, FrameBank
from fetalclip_app.inference.frame_order import coarse_to_fine
from fetalclip_app.inference.listening import NOBODY
from fetalclip_app.progress import CancelToken

SPEC = PreprocessSpec()


def _plain(pixels: NDArray[np.uint8], crop: Box, size: int) -> NDArray[np.float32]:
    """Pad, resample in one go, and count each digit."""
    part = pixels[crop.top : crop.bottom, crop.left : crop.right]
    side = max(part.shape[:2])
    top, left = (side - part.shape[0]) // 2, (side - part.shape[1]) // 2
    square = np.zeros((side, side, 3), np.uint8)
    square[top : top + part.shape[0], left : left + part.shape[1]] = part
    small = np.asarray(Image.fromarray(square).resize((size, size), Image.Resampling.BICUBIC))
    unit = small.astype(np.float32) / 255.0
    normal = (unit - np.array(SPEC.mean, np.float32)) / np.array(SPEC.std, np.float32)
    return normal.transpose(2, 0, 1)


def _picture(height: int, width: int, seed: int, kind: str) -> NDArray[np.uint8]:
    chance = np.random.default_rng(seed)
    colours = chance.integers(0, 256, (height, width, 3), dtype=np.uint8)
    grey = np.repeat(colours[..., :1], 3, axis=2)
    if kind == "a spot":
        grey[chance.integers(height), chance.integers(width), chance.integers(3)] ^= 1
    return colours if kind == "colours" else grey


sides = st.integers(1, 400)
kinds = st.sampled_from(["grey", "colours", "a spot"])


@settings(max_examples=60, deadline=None)
@given(height=sides, width=sides, size=st.sampled_from([1, 97, 224]), kind=kinds, seed=st.integers(0, 99))
def test_what_the_network_sees_is_the_plain_way_to_the_digit(
    height: int, width: int, size: int, kind: str, seed: int
) -> None:
    pixels = _picture(height + 5, width + 7, seed, kind)
    crop = Box(3, 2, 3 + width, 2 + height)

    np.testing.assert_array_equal(prepare(Frame(pixels), PreprocessSpec(size=size), crop), _plain(pixels, crop, size))


@pytest.mark.parametrize("kind", ["grey", "colours", "a spot"])
@pytest.mark.parametrize(("height", "width"), [(768, 1024), (1024, 768), (540, 960), (224, 224), (600, 600)])
def test_so_it_is_for_the_pictures_of_scanners(height: int, width: int, kind: str) -> None:
    pixels, crop = _picture(height, width, 1, kind), Box(0, 0, width, height)

    np.testing.assert_array_equal(prepare(Frame(pixels), SPEC, crop), _plain(pixels, crop, SPEC.size))


def test_a_square_in_three_channels_comes_back_in_three() -> None:
    pixels = _picture(90, 60, 0, "grey")
    square = letterboxed(pixels, Box(0, 0, 60, 90))

    assert scaled(square, 40).shape == (40, 40, 3)
    assert inside(pixels, Box(0, 0, 60, 90)).shape == (90, 60)


def test_one_spot_of_colour_is_seen_wherever_it_lies() -> None:
    whole = Box(0, 0, 50, 70)
    for row in range(70):
        pixels = np.full((70, 50, 3), 9, np.uint8)
        pixels[row, row % 50, row % 3] = 10
        assert inside(pixels, whole).ndim == 3


@settings(max_examples=60, deadline=None)
@given(height=st.integers(1, 900), width=st.integers(1, 1100), seed=st.integers(0, 99))
def test_the_look_at_a_grey_picture_is_that_at_its_three_channels(height: int, width: int, seed: int) -> None:
    pixels, crop = _picture(height, width, seed, "grey"), Box(0, 0, width, height)
    scale = min(1.0, 256 / max(width, height))
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)

    look = look_at(pixels, crop)
    as_colours = look_at(np.ascontiguousarray(np.dstack([grey] * 3)), Box(0, 0, size[0], size[1]))

    np.testing.assert_array_equal(look.grid, cv2.resize(grey, look.grid.shape, interpolation=cv2.INTER_AREA))
    assert look.sharpness == as_colours.sharpness


class _KeepingBackbone(FakeBackbone):
    """Keeps what it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[NDArray[np.float32]] = []

    def encode_frames(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        self.shown.extend(batch.copy())
        return super().encode_frames(batch)


def _coloured(clip: Clip) -> Clip:
    """Return the clip with a bar of colour in each of its frames."""
    pictures = [clip.frame(index).pixels.copy() for index in range(len(clip))]
    for index, pixels in enumerate(pictures):
        pixels[30:60, 40 + index : 50 + index, 1] //= 2
    return replace(clip, source=FramesInMemory(pictures))


@pytest.mark.parametrize("crop", [Box(21, 13, 140, 97), Box(40, 5, 95, 118)], ids=["wide", "tall"])
@pytest.mark.parametrize("has_colour", [False, True])
def test_what_a_reading_keeps_and_shows_of_a_part_of_each_frame_is_that_of_the_plain_ways(
    crop: Box, has_colour: bool
) -> None:
    clip, network = make_clip(19), _KeepingBackbone()
    clip = _coloured(clip) if has_colour else clip
    encoding = Encoding(network, SPEC, FrameBank("fake"), with_textures=False)
    kept = encoding.fill(clip, crop, CancelToken(), NOBODY, lambda features: None).columns

    frames = [clip.frame(index) for index in range(len(clip))]
    looks = [look_at(frame.pixels, crop) for frame in frames]
    np.testing.assert_array_equal(kept[SHARPNESS], np.array([look.sharpness for look in looks], np.float32))
    np.testing.assert_array_equal(kept[GRIDS], np.stack([look.grid for look in looks]))
    seen = [prepare(frames[index], SPEC, crop) for index in coarse_to_fine(len(clip))]
    np.testing.assert_array_equal(np.stack(network.shown), np.stack(seen))
    np.testing.assert_array_equal(seen[0], _plain(frames[coarse_to_fine(len(clip))[0]].pixels, crop, SPEC.size))


@pytest.mark.parametrize("size", [(96, 160), (120, 139)], ids=["too low", "too narrow"])
def test_a_frame_that_does_not_hold_the_crop_is_refused(size: tuple[int, int]) -> None:
    crop = Box(21, 13, 140, 97)
    inside(_picture(97, 140, 0, "grey"), crop)

    with pytest.raises(ValueError, match="does not hold the crop"):
        inside(_picture(*size, 0, "grey"), crop)

"""The lossless JPEG streams that tests write are right: libjpeg-turbo decodes every sample as it was."""

from __future__ import annotations

import io

import dicom_files as files
import numpy as np
import pytest
from PIL import Image

from bench.fuzz import lossless_jpeg

RANDOM = np.random.default_rng(5)


def noise(*shape: int) -> np.ndarray:
    return RANDOM.integers(0, 256, shape, dtype=np.uint8)


PICTURES = {
    "grey noise": noise(37, 53),
    "colour noise": noise(41, 29, 3),
    "noise larger than a buffer": noise(120, 160, 3),
    "grey ramp": files.grey_picture().astype(np.uint8),
    "smooth colours": files.colour_picture(),
    "one pixel": noise(1, 1, 3),
    "one line": noise(1, 70),
    "one column": noise(70, 1, 3),
    "black": np.zeros((9, 11), np.uint8),
    "white": np.full((9, 11, 3), 255, np.uint8),
    "largest steps": np.tile(np.array([[0, 255], [255, 0]], np.uint8), (16, 16)),  # all ones: many stuffed bytes
}


@pytest.mark.parametrize("kind", PICTURES)
def test_libjpeg_returns_every_sample(kind: str) -> None:
    picture = PICTURES[kind]
    with Image.open(io.BytesIO(lossless_jpeg.encode(picture))) as image:
        np.testing.assert_array_equal(np.asarray(image), picture)


def test_the_largest_steps_need_stuffed_bytes() -> None:
    """Else the picture above would not test them."""
    assert lossless_jpeg.encode(PICTURES["largest steps"]).count(b"\xff\x00") > 9


@pytest.mark.parametrize("picture", [np.zeros((4, 4, 2), np.uint8), np.zeros((4, 4), np.int16), np.zeros(4, np.uint8)])
def test_other_pixels_are_refused(picture: np.ndarray) -> None:
    with pytest.raises(ValueError, match="neither grey nor three colours"):
        lossless_jpeg.encode(picture)

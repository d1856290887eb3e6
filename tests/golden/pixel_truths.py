"""The formula pictures of the golden pixels, how they are stored, and by how much what is shown may differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dicom_files as files
import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset

from bench.fuzz.dicom_objects import palette

HEIGHT, WIDTH = 48, 64
BLOCK = 16
"""Side of the squares of pure colour, a multiple of every codec's block."""

PURE = ((230, 20, 20), (20, 220, 30), (25, 35, 235), (128, 128, 128))
"""Red, green, blue and grey: the upper row of the picture."""

Writer = Callable[[Path], Path]
Truth = NDArray[np.uint8]


@dataclass(frozen=True)
class Case:
    """One file.

    Attributes:
        variant: What else is special about it.
        truth: uint8 (H, W, 3), RGB.
        largest, mean: Bounds of the difference, in grey levels; 0 for lossless ones that are never converted.
    """

    syntax: str
    photometric: str
    variant: str
    write: Writer
    truth: Truth
    largest: int = 0
    mean: float = 0.0

    @property
    def name(self) -> str:
        """Name of the test."""
        return " ".join(filter(None, (uid.UID(self.syntax).name, self.photometric, self.variant)))


def colours() -> Truth:
    """Return squares of pure colour above smooth colours: (H, W, 3)."""
    picture = files.colour_picture(HEIGHT, WIDTH)
    for number, colour in enumerate(PURE):
        picture[:BLOCK, number * BLOCK : (number + 1) * BLOCK] = colour
    return picture


def greys() -> NDArray[np.uint8]:
    """Return a ramp over all grey levels: (H, W)."""
    return files.grey_picture(HEIGHT, WIDTH).astype(np.uint8)


RGB, GREY = colours(), greys()
GREY_RGB = np.repeat(GREY[..., None], 3, axis=2)
SMOOTH = np.repeat(np.repeat(RGB[::8, ::8], 8, axis=0), 8, axis=1)
"""Constant in blocks of 8: nothing is lost where neighbours share their chroma."""

_TURN = 2 * np.pi * np.add.outer(np.arange(HEIGHT), np.arange(WIDTH)) / 160
GENTLE = np.stack([127 + 90 * np.cos(_TURN + phase) for phase in (0, 2, 4)], axis=2).astype(np.uint8)
"""Slow in all colours: what libjpeg interpolates between shared chroma is right."""

ROUNDED = {"largest": 2, "mean": 0.7}
"""What rounding YCbCr to whole numbers, there and back, may cost."""

FILM = {"largest": 110, "mean": 3.0}
"""Chroma of four pixels is one, so that the edges between pure colours are soft."""

LOSSY = {"largest": 20, "mean": 2.0}
NEAR = 2
"""Grey levels by which a near-lossless sample may differ: the encoder is told so."""

PALETTE = palette([np.roll(np.arange(256) * 257, 50 * shift).astype("<u2") for shift in range(3)])
PALETTE_RGB = np.stack([np.roll(np.arange(256), 50 * shift)[GREY] for shift in range(3)], axis=2).astype(np.uint8)


def grey(photometric: str = "MONOCHROME2", bits: int = 8, **tags: Any) -> Dataset:
    """Return the ramp, in the upper ``bits`` of its own range."""
    values = GREY if bits == 8 else GREY.astype(np.uint16) << (bits - 8)
    return files.dataset_of(values, photometric, bits_stored=bits, **tags)


def wide_truth(bits: int) -> Truth:
    """Return how the ramp of ``bits`` bits is shown: its full range on the full range."""
    shown = np.floor((GREY.astype(np.int64) << (bits - 8)) * 255 / ((1 << bits) - 1) + 1e-9).astype(np.uint8)
    return np.repeat(shown[..., None], 3, axis=2)


def ycc(picture: Truth = RGB, photometric: str = "YBR_FULL", **tags: Any) -> Dataset:
    """Return full-range YCbCr."""
    return files.dataset_of(files.to_ycc(picture), photometric, **tags)


def half_chroma(picture: Truth, photometric: str) -> Dataset:
    """Return uncompressed YCbCr whose chroma two pixels share: Y Y Cb Cr (PS3.3 C.7.6.3.1.2)."""
    full = files.to_ycc(picture).astype(float)
    if photometric == "YBR_PARTIAL_422":
        full = np.stack([16 + full[..., 0] * 219 / 255, *(128 + (full[..., i] - 128) * 224 / 255 for i in (1, 2))], 2)
    pairs = np.rint(full).astype(np.uint8).reshape(HEIGHT, WIDTH // 2, 2, 3)
    data = files.dataset_of(full.astype(np.uint8), photometric)
    packed = np.stack([pairs[..., 0, 0], pairs[..., 1, 0], pairs[..., 0, 1], pairs[..., 0, 2]], axis=-1)
    data.PixelData = packed.tobytes()
    return data

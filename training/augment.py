"""Changes to a picture that keep what its caption says: no mirroring, and the scale follows the zoom."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from fetalclip_app.imaging.preprocess import PreprocessSpec, normalised

Grey = NDArray[np.uint8]
"""uint8, (S, S): B-mode is grey."""


@dataclass(frozen=True, slots=True)
class AugmentConfig:
    """How far a picture may be changed.

    Attributes:
        zoom: Smallest and largest factor; a pixel of the result is 1 / zoom as many mm.
        shift: Largest move, as a share of the side.
        turn_deg: Largest rotation either way.
        keep: Share of pictures that are shown as `prepare` would show them.
    """

    zoom: tuple[float, float] = (0.7, 1.15)
    shift: float = 0.08
    turn_deg: float = 20.0
    gamma: tuple[float, float] = (0.7, 1.4)
    gain: tuple[float, float] = (0.75, 1.3)
    noise: float = 6.0
    keep: float = 0.15


@dataclass(frozen=True, slots=True)
class Geometry:
    """A similarity in network pixels: (2, 3) from the plain picture to the changed one, and its zoom."""

    matrix: NDArray[np.float64]
    zoom: float


def plain(size: int, side: int) -> Geometry:
    """Return the change of ``side`` to ``size`` pixels and nothing else."""
    scale = size / side
    shift = 0.5 * scale - 0.5
    return Geometry(np.array([[scale, 0.0, shift], [0.0, scale, shift]]), 1.0)


def random_geometry(size: int, side: int, config: AugmentConfig, rng: np.random.Generator) -> Geometry:
    """Return a random zoom, turn and move of a picture of ``side`` pixels, shown at ``size`` pixels."""
    if rng.random() < config.keep:
        return plain(size, side)
    zoom = float(np.exp(rng.uniform(*np.log(config.zoom))))
    turn = math.radians(rng.uniform(-config.turn_deg, config.turn_deg))
    move = rng.uniform(-config.shift, config.shift, 2) * size
    scale = zoom * size / side
    cosine, sine = scale * math.cos(turn), scale * math.sin(turn)
    centre_in, centre_out = (side - 1) / 2, (size - 1) / 2
    matrix = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0]])
    matrix[:, 2] = centre_out + move - matrix[:, :2] @ np.array([centre_in, centre_in])
    return Geometry(matrix, zoom)


def warp(picture: Grey, geometry: Geometry, size: int) -> Grey:
    """Return the picture under the geometry: uint8, (size, size), black outside."""
    shown = cv2.warpAffine(picture, geometry.matrix, (size, size), flags=cv2.INTER_LINEAR)
    return np.asarray(shown, np.uint8)


def random_tone(picture: Grey, config: AugmentConfig, rng: np.random.Generator) -> Grey:
    """Return the picture with another gain, gamma and a little speckle noise; black stays black."""
    if rng.random() < config.keep:
        return picture
    levels = np.arange(256, dtype=np.float32) / 255.0
    toned = np.take(np.float32(rng.uniform(*config.gain)) * levels ** np.float32(rng.uniform(*config.gamma)), picture)
    toned += rng.normal(0.0, rng.uniform(0, config.noise) / 255.0, picture.shape).astype(np.float32)
    toned[picture == 0] = 0.0
    if rng.random() < 0.2:
        toned = np.asarray(cv2.GaussianBlur(toned, (0, 0), rng.uniform(0.4, 1.0)), np.float32)
    return np.asarray(np.clip(toned * 255.0, 0, 255), np.uint8)


def grey_input(grey: Grey, spec: PreprocessSpec) -> NDArray[np.float32]:
    """Return a grey network picture, uint8 (S, S), as the network's float32 (3, S, S)."""
    return np.stack([np.take(channel, grey) for channel in _input_of_levels(spec)])


@cache
def _input_of_levels(spec: PreprocessSpec) -> NDArray[np.float32]:
    """Return what the network sees of each grey level: float32, (3, 256). Looked up, a picture costs a quarter."""
    levels = np.arange(256, dtype=np.uint8)
    return normalised(np.repeat(levels[None, :, None], 3, axis=2), spec)[:, 0]


def changed_input(
    stored: Grey, geometry: Geometry, spec: PreprocessSpec, config: AugmentConfig, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return a stored picture under the geometry and with another tone, as the network's float32 (3, S, S)."""
    return grey_input(random_tone(warp(stored, geometry, spec.size), config, rng), spec)

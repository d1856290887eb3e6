"""Pictures for a fine-tuning: the app's own view of each, and changed copies of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.clip import Pixels
from fetalclip_app.errors import UnreadableFile
from fetalclip_app.imaging.preprocess import PreprocessSpec, crop_of, letterboxed, normalised, scaled
from fetalclip_app.imaging.readers import read_clip
from training import augment
from training.augment import Geometry, Grey
from training.dataset import STORED_SIDE

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class CopyConfig:
    """How FetalCLIP changed a probe's training pictures (probing/: brightness and contrast, CLAHE, shift, turn).

    The original is not among the copies. Colour does not change: B-mode has none. CLAHE's limits are those of the
    library that was used there.

    Attributes:
        count: Copies of a picture.
        tone: Largest change of brightness and of contrast, as a share.
        tone_share, clahe_share: How many copies get one.
        shift: Largest move, as a share of the side; what comes in is black.
    """

    count: int = 5
    tone: float = 0.2
    tone_share: float = 0.5
    clahe_share: float = 0.5
    clahe_limit: tuple[float, float] = (1.0, 4.0)
    clahe_tiles: int = 8
    shift: float = 0.2
    turn_deg: float = 20.0


@dataclass(frozen=True, eq=False, slots=True)
class Picture:
    """A picture in memory.

    Attributes:
        seen: uint8, (S, S, 3): what `prepare` shows the network before it normalises.
        grey: uint8, (STORED_SIDE, STORED_SIDE): larger, for copies that are turned and moved.
    """

    seen: Pixels
    grey: Grey


def read_picture(path: Path, size: int) -> Picture:
    """Read a still picture by the app's own road: its reader, its crop, its padding, its resampling.

    Raises:
        UnreadableFile: It holds no picture.
    """
    clip = read_clip(path)
    square = letterboxed(clip.frame(0).pixels, crop_of(clip))
    return Picture(scaled(square, size), scaled(square, STORED_SIDE).max(axis=2))


def readable(
    data: Path, things: Sequence[tuple[Thing, str]], size: int
) -> tuple[list[tuple[Thing, Picture]], list[str]]:
    """Return what could be read of (thing, path below ``data``), and the paths that could not."""
    read: list[tuple[Thing, Picture]] = []
    lost: list[str] = []
    for thing, name in things:
        try:
            read.append((thing, read_picture(data / name, size)))
        except UnreadableFile:
            lost.append(name)
    return read, lost


def plain_input(picture: Picture, spec: PreprocessSpec) -> NDArray[np.float32]:
    """Return what the app shows the network: float32, (3, S, S)."""
    return normalised(picture.seen, spec)


def published_copy(picture: Picture, size: int, config: CopyConfig, rng: np.random.Generator) -> Grey:
    """Return one changed copy as FetalCLIP's probes saw them: uint8, (size, size)."""
    grey = picture.grey
    if rng.random() < config.tone_share:
        grey = _jittered(grey, config, rng)
    if rng.random() < config.clahe_share:
        tiles = (config.clahe_tiles, config.clahe_tiles)
        grey = np.asarray(cv2.createCLAHE(rng.uniform(*config.clahe_limit), tiles).apply(grey), np.uint8)
    return augment.warp(grey, _moved(size, config, rng), size)


def _jittered(grey: Grey, config: CopyConfig, rng: np.random.Generator) -> Grey:
    brightness, contrast = 1 + rng.uniform(-config.tone, config.tone, 2)
    lit = grey.astype(np.float32) * brightness
    mean = lit.mean()
    return np.asarray(np.clip((lit - mean) * contrast + mean, 0, 255), np.uint8)


def _moved(size: int, config: CopyConfig, rng: np.random.Generator) -> Geometry:
    turn = math.radians(rng.uniform(-config.turn_deg, config.turn_deg))
    move = rng.uniform(-config.shift, config.shift, 2) * size
    scale = size / STORED_SIDE
    cosine, sine = scale * math.cos(turn), scale * math.sin(turn)
    matrix = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0]])
    middle = (STORED_SIDE - 1) / 2
    matrix[:, 2] = (size - 1) / 2 + move - matrix[:, :2] @ np.array([middle, middle])
    return Geometry(matrix, 1.0)

"""Pictures made poor on purpose: stand-ins for a quality label where nobody gave one."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from fetalclip_app.imaging.preprocess import scaled
from training.augment import Grey
from training.finetune.pictures import Picture

Harm = Callable[[Grey, np.random.Generator], Grey]


def blurred(grey: Grey, rng: np.random.Generator) -> Grey:
    """Return the picture out of focus."""
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), rng.uniform(2.0, 5.0)), np.uint8)


def wrong_gain(grey: Grey, rng: np.random.Generator) -> Grey:
    """Return the picture far too dark or saturated."""
    factor = rng.uniform(0.2, 0.4) if rng.random() < 0.5 else rng.uniform(2.2, 3.5)
    return np.asarray(np.clip(grey.astype(np.float32) * factor, 0, 255), np.uint8)


def cut(grey: Grey, rng: np.random.Generator) -> Grey:
    """Return the picture with a third to a half of it in shadow, from one side."""
    share = rng.uniform(0.33, 0.5)
    side, keep = len(grey), round((1 - share) * len(grey))
    shadow = np.ones((side, side), np.float32)
    shadow[keep:] = 0.05
    turned = np.rot90(shadow, int(rng.integers(4)))
    return np.asarray(grey * turned, np.uint8)


HARMS: tuple[Harm, ...] = (blurred, wrong_gain, cut)


def shown(grey: Grey, size: int) -> Picture:
    """Return a stored picture as if it had been read: good and poor ones take the same road."""
    return Picture(scaled(np.repeat(grey[:, :, None], 3, axis=2), size), grey)


def poor(picture: Picture, rng: np.random.Generator) -> Picture:
    """Return a picture with one harm, drawn at random."""
    return shown(HARMS[int(rng.integers(len(HARMS)))](picture.grey, rng), len(picture.seen))

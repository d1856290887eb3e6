"""Generated moving pictures of a beating shape, some with a planted fault: for trying clip labels without real clips.

They look like no patient's heart. A head that tells them apart proves the road, and nothing about hearts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from fetalclip_app.domain.clip import Pixels

SIDE = 160
FRAMES_OF_A_BEAT = 8


@dataclass(frozen=True, slots=True)
class Beat:
    """A shape with two chambers.

    Attributes:
        share: Of the width that the left chamber takes: about a half, or the planted fault.
        depth: How far it contracts, as a share of its size.
    """

    share: float
    depth: float
    turn_deg: float
    size: float
    seed: int


def random_beat(is_faulty: bool, rng: np.random.Generator) -> Beat:
    """Return a shape of random size and turn; a faulty one has a small left chamber."""
    share = rng.uniform(0.1, 0.2) if is_faulty else rng.uniform(0.45, 0.55)
    return Beat(share, rng.uniform(0.1, 0.25), rng.uniform(-30, 30), rng.uniform(0.28, 0.36), int(rng.integers(2**31)))


def frames_of(beat: Beat, count: int) -> list[Pixels]:
    """Return ``count`` frames in order: uint8, (SIDE, SIDE, 3)."""
    rng = np.random.default_rng(beat.seed)
    return [_frame(beat, 2 * math.pi * number / FRAMES_OF_A_BEAT, rng) for number in range(count)]


def _frame(beat: Beat, phase: float, rng: np.random.Generator) -> Pixels:
    centre, radius = SIDE / 2, beat.size * SIDE * (1 - beat.depth * (0.5 - 0.5 * math.cos(phase)))
    echo = np.full((SIDE, SIDE), 70, np.float32)
    cv2.ellipse(echo, ((centre, centre), (2.2 * radius, 1.7 * radius), beat.turn_deg), 190.0, -1)
    turn = math.radians(beat.turn_deg)
    across = np.array([math.cos(turn), math.sin(turn)])
    for share, left in ((beat.share, -1.0), (1 - beat.share, 0.0)):
        start = -1.0 if left < 0 else 2 * beat.share - 1.0
        middle = centre + across * (start + share) * radius
        size = (max(1.7 * share * radius, 1.0), 1.2 * radius)
        cv2.ellipse(echo, ((float(middle[0]), float(middle[1])), size, beat.turn_deg), 15.0, -1)
    speckle = cv2.GaussianBlur(rng.rayleigh(0.8, echo.shape).astype(np.float32), (0, 0), 1.0)
    shown = np.clip(echo * speckle, 1, 255).astype(np.uint8)
    return np.repeat(shown[:, :, None], 3, axis=2)

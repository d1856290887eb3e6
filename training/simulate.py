"""Simulated pictures of random fetal heads whose circumference is known exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fetalclip_app.biometry.ellipse_lengths import circumference
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.views import BRAIN_PLANES
from training.brain import BrainLook
from training.phantom import Bone, Surroundings
from training.section import HeadSpec, SimulatedPicture, head
from training.speckle import Fan, Scanner, View

__all__ = ["HeadSpec", "SimulatedPicture", "head", "random_head", "random_spec"]

HC_RANGE_MM = (90.0, 345.0)
RATIO_RANGE = (0.70, 0.88)
"""BPD over OFD."""

_FINEST_MM = 0.12
"""Smallest pixel of a picture 640 wide."""

_MARGIN_MM = 3.0
"""Between the skull's outer edge and the sector's rim: room for the line's blur."""


def random_head(rng: np.random.Generator, width: int = 640, height: int = 480) -> SimulatedPicture:
    """Return a random picture of a random head."""
    return head(random_spec(rng, width, height), rng)


def random_spec(rng: np.random.Generator, width: int = 640, height: int = 480) -> HeadSpec:
    """Return a random head under a random scanner; the skull's outer edge lies wholly inside fan and picture."""
    hc_mm, ratio = float(rng.uniform(*HC_RANGE_MM)), float(rng.uniform(*RATIO_RANGE))
    tilted = rng.random() < 0.3
    angle_deg = float(np.clip(rng.normal(0, 22 if tilted else 8), -40, 40))
    a_mm = hc_mm / circumference(1.0, ratio)
    size = _Size(a_mm, a_mm * ratio, angle_deg)
    half_wide, half_high = size.reach(0), size.reach(90)
    fan, x_mm, y_mm = _random_place(rng, size)
    view = _random_view(rng, fan, (x_mm, y_mm, half_wide, half_high), (width, height))
    plane = str(rng.choice(BRAIN_PLANES))
    near_mm = float(np.clip(y_mm - half_high * rng.uniform(0.9, 1.3), 6, 40))
    return HeadSpec(
        hc_mm,
        ratio,
        angle_deg,
        x_mm,
        y_mm,
        plane,
        fan,
        view,
        scanner=_random_scanner(rng, y_mm, fan),
        brain=BrainLook(
            plane,
            rng.uniform(-21, -6),
            rng.uniform(2, 6),
            rng.uniform(12, 26),
            rng.uniform(0, 7),
            float(rng.uniform(0.5, 1.0)),
        ),
        bone=_random_bone(rng, size.b_mm),
        world=_random_world(rng, near_mm),
        brow_left=bool(rng.random() < 0.5),
    )


@dataclass(frozen=True, slots=True)
class _Size:
    """The outer edge of a skull, wherever it lies: semi-axes in mm and the tilt of the major one."""

    a_mm: float
    b_mm: float
    angle_deg: float

    def reach(self, direction_deg: float) -> float:
        """Return how far it reaches from its centre in a direction (0: right, 90: down), in mm."""
        off = math.radians(direction_deg - self.angle_deg)
        return math.hypot(self.a_mm * math.cos(off), self.b_mm * math.sin(off))


def _random_place(rng: np.random.Generator, size: _Size) -> tuple[Fan, float, float]:
    """Return a fan and a centre (x, y) in mm at which the skull's outer edge lies wholly inside it."""
    radius, half_deg = float(rng.uniform(38, 62)), float(rng.uniform(30, 40))
    sin, cos = math.sin(math.radians(half_deg)), math.cos(math.radians(half_deg))
    # Towards either side of the sector, across it.
    left, right = size.reach(180 + half_deg) + _MARGIN_MM, size.reach(-half_deg) + _MARGIN_MM
    half_high = size.reach(90)
    y_mm = max(half_high + float(rng.uniform(10, 40)), max(left, right) / sin - radius)
    free = (y_mm + radius) * sin
    middle, room = (left - right) / (2 * cos), (2 * free - left - right) / (2 * cos)
    x_mm = middle + float(rng.uniform(-0.9, 0.9)) * room
    depth = (y_mm + half_high) * float(rng.uniform(1.06, 1.5)) + 4
    edge = Ellipse(x_mm, y_mm + radius, size.a_mm, size.b_mm, size.angle_deg).points()
    # A wide head beside the middle line reaches the lowest arc first with its flank.
    depth = max(depth, float(np.hypot(*edge.T).max()) - radius + _MARGIN_MM)
    return Fan(radius, half_deg, depth), x_mm, y_mm


def _random_view(
    rng: np.random.Generator, fan: Fan, place: tuple[float, float, float, float], size: tuple[int, int]
) -> View:
    """Return the whole fan, or a window that is zoomed to the head, as operators do before they measure."""
    x_mm, y_mm, half_wide, half_high = place
    width, height = size
    whole = max(2 * fan.half_width_mm / (width * 0.97), (fan.depth_mm - fan.top_mm) / (height * 0.97))
    if rng.random() < 0.28:
        left, top = -whole * width / 2, (fan.top_mm + fan.depth_mm) / 2 - whole * height / 2
        return View(width, height, whole, left, top)
    share = float(rng.uniform(0.45, 0.94))
    # Nobody zooms beyond what the beam resolves: young heads stay small.
    pixel_mm = min(
        max(2 * half_wide / (width * share), 2 * half_high / (height * share), _FINEST_MM * 640 / width), whole
    )
    slack_x, slack_y = width * pixel_mm / 2 - half_wide, height * pixel_mm / 2 - half_high
    left = x_mm + slack_x * float(rng.uniform(-0.7, 0.7)) - pixel_mm * width / 2
    top = y_mm + slack_y * float(rng.uniform(-0.7, 0.7)) - pixel_mm * height / 2
    return View(width, height, pixel_mm, left, top)


def _random_scanner(rng: np.random.Generator, focus_mm: float, fan: Fan) -> Scanner:
    # Shallow pictures are made at higher frequencies, with a finer beam.
    fine = min(fan.depth_mm / 120, 1.2)
    return Scanner(
        gain_db=float(rng.normal(-1, 4)),
        range_db=float(rng.uniform(48, 72)),
        axial_mm=fine * float(rng.uniform(0.2, 0.42)),
        lateral_deg=fine * float(rng.uniform(0.22, 0.5)),
        focus_mm=float(focus_mm * rng.uniform(0.7, 1.2)),
        looks=int(rng.choice((1, 2, 3), p=(0.1, 0.45, 0.45))),
        noise_db=float(rng.uniform(-45, -22)),
        smooth=float(rng.uniform(0.8, 2.0)),
        sharpen=float(rng.uniform(0, 0.8)),
    )


def _random_bone(rng: np.random.Generator, b_mm: float) -> Bone:
    grown = min(b_mm / 45, 1.0)
    return Bone(
        thickness_mm=float(rng.uniform(1.0, 1.8) + rng.uniform(0.2, 2.0) * grown),
        bright_db=float(rng.uniform(30, 46)),
        dropout_db=float(rng.uniform(28, 68)),
        skirt_db=float(rng.uniform(-28, -16)),
        wobble_mm=float(b_mm * rng.uniform(0.0, 0.012)),
        gaps_db=float(rng.uniform(1.5, 6)),
        loss_db_per_mm=float(rng.uniform(0.4, 1.6)),
        sutures=int(rng.integers(0, 5)),
        shadow_db=float(rng.uniform(8, 26)),
        haze=float(rng.uniform(0.0, 0.03)),
    )


def _random_world(rng: np.random.Generator, near_mm: float) -> Surroundings:
    return Surroundings(
        fluid=float(rng.uniform(0.05, 0.7)) if rng.random() < 0.5 else 0.0,
        fluid_shift=(float(rng.normal(0, 0.25)), float(rng.normal(0, 0.15))),
        near_mm=near_mm,
        layers_db=float(rng.uniform(3, 10)),
        clutter_db=float(rng.uniform(0, 14)),
        texture_db=float(rng.uniform(1.5, 5)),
        patches_db=float(rng.uniform(2, 9)),
        walls_db=float(rng.uniform(0, 10)),
        slope_db=float(rng.uniform(0, 14)),
        stripes_db=float(rng.uniform(0.5, 4)),
    )

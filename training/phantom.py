"""What the beam meets: a head with its brain, and what lies around it, as echo strengths on a polar grid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.speckle import Fan, Grid, Plane
from training.tissue import RIM, Tissue, look_up


@dataclass(frozen=True, slots=True)
class Outline:
    """Where the head is drawn: the centre of the skull line, in mm of the fan; its true size is the outer edge's.

    Attributes:
        x_mm, y_mm: Centre.
        a_mm, b_mm: Semi-axes, a >= b.
        angle_deg: Of the major axis, towards y (downwards).
    """

    x_mm: float
    y_mm: float
    a_mm: float
    b_mm: float
    angle_deg: float


@dataclass(frozen=True, slots=True)
class Bone:
    """How the skull shows.

    Attributes:
        thickness_mm: From the outer edge to the inner one. The echo itself is narrower: the beam's blur and the
            logarithm widen the grey line to about this at half its height.
        bright_db: Where the beam meets it at right angles, over tissue.
        dropout_db: What is lost where the beam runs along it.
        wobble_mm: How far it deviates from its ellipse, as a standard deviation.
        gaps_db: Unevenness along the line.
        sutures: Number of narrow gaps.
        skirt_db: Of the blur beside the line, against the line.
        loss_db_per_mm: Two-way loss of the beam in bone.
        shadow_db: Where its shadows level off.
        haze: Reverberation behind the near wall, share of the bone's echo.
    """

    thickness_mm: float = 3.0
    bright_db: float = 38.0
    dropout_db: float = 36.0
    wobble_mm: float = 0.3
    gaps_db: float = 3.0
    sutures: int = 2
    skirt_db: float = -20.0
    loss_db_per_mm: float = 1.0
    shadow_db: float = 14.0
    haze: float = 0.02


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is not the head.

    Attributes:
        fluid: How far amniotic fluid reaches beyond the head, in shares of the head; 0 for none.
        fluid_shift: (x, y) offset of the fluid from the head, in shares of the head.
        near_mm: Thickness of the mother's layers under the probe.
        layers_db: Contrast of these layers.
        clutter_db: Haze under the probe's face.
        texture_db: Contrast of lumps in tissue.
        patches_db: Contrast between wide parts of it: placenta, muscle, gut.
        walls_db: Brightness of the walls between them.
        slope_db: Gain lost from the face to the deepest row.
        stripes_db: Uneven contact of the probe.
    """

    fluid: float = 0.3
    fluid_shift: tuple[float, float] = (0.0, 0.0)
    near_mm: float = 20.0
    layers_db: float = 5.0
    clutter_db: float = 4.0
    texture_db: float = 3.0
    patches_db: float = 3.0
    walls_db: float = 6.0
    slope_db: float = 6.0
    stripes_db: float = 2.0


# eq=False: holds arrays.
@dataclass(frozen=True, eq=False, slots=True)
class HeadFrame:
    """The polar grid as the head sees it.

    Attributes:
        u, v: mm along and across the midline; the brow is at positive u.
        radial: 1 on the centre of the skull line.
        distance: mm outside the skull's centre line; accurate near it.
        incidence: 1 where the beam meets the skull at right angles, 0 where it runs along it.
        along: 1 where the beam is across the midline, 0 where it runs along it.
        rim: Index into the tables around the skull.
    """

    u: Plane
    v: Plane
    radial: Plane
    distance: Plane
    incidence: Plane
    along: Plane
    rim: NDArray[np.int32]


def head_frame(head: Outline, grid: Grid, *, brow_left: bool) -> HeadFrame:
    """Return the head's coordinates of every sample."""
    turn = math.radians(head.angle_deg)
    cos, sin = math.cos(turn), math.sin(turn)
    dx, dy = grid.x - np.float32(head.x_mm), grid.y - np.float32(head.y_mm)
    u, v = dx * cos + dy * sin, dy * cos - dx * sin
    beam_u = np.sin(grid.angle) * cos + np.cos(grid.angle) * sin
    beam_v = np.cos(grid.angle) * cos - np.sin(grid.angle) * sin
    normal_u, normal_v = u / head.a_mm**2, v / head.b_mm**2
    slope = np.maximum(cv2.magnitude(normal_u, normal_v), 1e-6)
    radial, phase = cv2.cartToPolar(u / head.a_mm, v / head.b_mm)
    incidence = np.abs(normal_u * beam_u + normal_v * beam_v) / slope
    distance = (radial - 1) * np.maximum(radial, 0.05) / slope
    if brow_left:
        u = -u
    rim = (phase * (RIM / (2 * math.pi))).astype(np.int32) % RIM
    along = np.broadcast_to(np.abs(beam_v), u.shape)
    return HeadFrame(u, v, single(radial), single(distance), single(incidence), single(along), rim)


def single(values: NDArray[Any]) -> Plane:
    """Return the values as float32."""
    return np.asarray(values, np.float32)


def bump(offset: Plane, width: float) -> Plane:
    """Return a Gaussian hill of height 1 and standard deviation ``width``."""
    return np.asarray(np.exp(offset * offset * np.float32(-0.5 / width**2)), np.float32)


def step(value: Plane, width: float) -> Plane:
    """Return 0 where ``value`` is below -width, 1 above width, smooth between."""
    t = np.clip(value * np.float32(0.5 / width) + np.float32(0.5), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def amplitude(decibels: Plane) -> Plane:
    """Return decibels as linear amplitude."""
    return np.asarray(np.exp(np.asarray(decibels * np.float32(math.log(10) / 20), np.float32)), np.float32)


def skull_echo(look: Bone, tissue: Tissue, frame: HeadFrame) -> tuple[Plane, Plane]:
    """Return the bone's echo (linear) and the bone itself (0 to 1)."""
    distance = frame.distance - tissue.wobble[frame.rim] * np.float32(look.wobble_mm)
    uneven = tissue.gaps[frame.rim]
    # A hill and no box: on a logarithmic scale the line is thick where it is bright and thin where it fades.
    scaled = single(distance / (1 + 0.14 * np.clip(uneven + 0.25 * tissue.rough[frame.rim], -2, 2)))
    bone = bump(scaled, look.thickness_mm * 0.12)
    # Side lobes: a faint skirt on either side of the line.
    bone = bone + np.float32(10 ** (look.skirt_db / 20)) * bump(scaled, look.thickness_mm * 0.4)
    grazing = np.power(np.clip(1 - frame.incidence, 0, 1), np.float32(0.8))
    decibels = look.bright_db - look.dropout_db * grazing + look.gaps_db * np.clip(uneven, -3, 1.2)
    mottled = 2.5 * look_up(tissue.texture, frame.u * 2.2, frame.v * 2.2, 83.0)
    mottled = mottled + 1.2 * tissue.rough[frame.rim]
    return single(bone * amplitude(single(decibels + mottled - _sutures_db(look, tissue)[frame.rim]))), bone


def _sutures_db(look: Bone, tissue: Tissue) -> Plane:
    """Return what the narrow gaps between the skull's plates take from its echo, (1024,)."""
    lost = np.zeros(RIM, np.float32)
    for start in tissue.signs[: look.sutures]:
        away = np.abs(np.arange(RIM) - float(start) * RIM)
        lost += 24 * np.exp(-0.5 * (np.minimum(away, RIM - away) / 7) ** 2).astype(np.float32)
    return lost


def shadow_db(bone: Plane, look: Bone, fan: Fan) -> Plane:
    """Return what the beam has lost to bone above each sample.

    The loss is counted from behind the bone: a wall does not darken its own far side, so the middle of
    the bright line stays the middle of the bone.
    """
    passed = np.cumsum(bone, axis=0, dtype=np.float32) * np.float32(fan.row_mm * look.loss_db_per_mm)
    lag = max(round(look.thickness_mm * 1.2 / fan.row_mm), 1)
    delayed = np.zeros_like(passed)
    delayed[lag:] = passed[:-lag]
    return single(look.shadow_db * (1 - np.exp(-delayed / look.shadow_db)))


def outside_db(world: Surroundings, head: Outline, tissue: Tissue, grid: Grid, fan: Fan) -> tuple[Plane, Plane]:
    """Return the echo strength around the head in dB, and where fluid is (0 to 1)."""
    texture = look_up(tissue.texture, grid.x, grid.y)
    lumps = look_up(tissue.lumps, grid.x, grid.y, 151.0)
    wide = look_up(tissue.lumps, grid.x * 0.28, grid.y * 0.62, 301.0)
    decibels = world.texture_db * (0.5 * texture + 0.6 * lumps) + world.patches_db * wide
    # Walls of the uterus and of what lies beyond: on one flank of the wide lumps, in pieces.
    decibels = decibels + world.walls_db * bump(wide - 0.5, 0.12) * step(lumps, 0.5)
    fluid = np.zeros_like(texture)
    if world.fluid > 0:
        edge = _fluid_edge(world, head, grid) + 0.06 * lumps + 0.10 * wide
        fluid = step(single(edge), 0.06) * step(grid.y - world.near_mm * 0.7, 3.0)
        decibels = decibels + world.walls_db * bump(single(edge + 0.02), 0.02) - 32 * fluid
    warp = grid.depth + 2.0 * lumps * step(grid.depth, 6.0)
    index = np.clip(warp * (40 / world.near_mm), 0, 63)
    profile = np.interp(index, np.arange(64), tissue.layers)
    near = 1 - step(single(warp - world.near_mm), 0.25 * world.near_mm)
    decibels = decibels + world.layers_db * near * profile + world.clutter_db * np.exp(-grid.depth / 8)
    return single(decibels - _uneven_db(world, tissue, grid, fan)), single(fluid)


def _fluid_edge(world: Surroundings, head: Outline, grid: Grid) -> Plane:
    """Return a field that is positive where fluid may be: an oval around the head, somewhat off its centre."""
    reach_x, reach_y = head.a_mm * (1 + world.fluid), head.b_mm * (1 + 0.6 * world.fluid)
    dx = (grid.x - (head.x_mm + world.fluid_shift[0] * head.a_mm)) / reach_x
    dy = (grid.y - (head.y_mm + world.fluid_shift[1] * head.b_mm)) / reach_y
    return single(1 - np.sqrt(dx * dx + dy * dy))


def _uneven_db(world: Surroundings, tissue: Tissue, grid: Grid, fan: Fan) -> Plane:
    """Return what is lost with depth, towards the sector's sides and under a probe that touches unevenly."""
    stripes = np.interp(np.linspace(0, 22, grid.angle.shape[1]), np.arange(64), tissue.stripes)
    fall = world.slope_db * grid.depth / fan.depth_mm + 5 * (grid.angle / fan.half_angle) ** 4
    return single(fall + world.stripes_db * np.maximum(stripes, -0.5)[None, :])

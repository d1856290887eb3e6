"""Simulated pictures of a fetal head whose circumference is known exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.biometry.ellipse import circumference, ellipse_of, filled_ellipse
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.views import BRAIN_PLANES
from training.brain import BrainLook, brain_echo, elevation_detail, near_haze
from training.phantom import (
    Skull,
    Surroundings,
    Tissue,
    amplitude,
    head_frame,
    look_up,
    outside_db,
    random_tissue,
    shadow_db,
    skull_echo,
    step,
)
from training.speckle import (
    Fan,
    Plane,
    Scanner,
    View,
    envelope,
    log_compress,
    polar_grid,
    scan_convert,
    sharpen,
    speckle_gain,
)

HC_RANGE_MM = (90.0, 345.0)
RATIO_RANGE = (0.70, 0.88)

_DECORRELATION_MM = 2.0
"""A section this far away shows other scatterers."""


@dataclass(frozen=True, slots=True)
class HeadSpec:
    """Everything about a simulated picture but its grain.

    Attributes:
        hc_mm: Circumference of the ellipse through the centre of the skull line.
        ratio: Minor over major axis (BPD over OFD).
        angle_deg: Of the major axis, towards y (downwards), in [-90, 90).
        x_mm, y_mm: Centre of the head: right of and below the middle of the probe's face.
        plane: One of `BRAIN_PLANES`.
        skull: Its place and size are ignored: they follow from the fields above.
        brow_left: Which way the fetus looks.
        haze: Reverberation behind the near wall, share of the bone's echo.
        shadow_db: How deep shadows of bone become.
        elevation_mm: Distance of the section from the plane that shows the landmarks.

    Raises:
        ValueError: An unknown plane, or a size that is no head.
    """

    hc_mm: float
    ratio: float
    angle_deg: float
    x_mm: float
    y_mm: float
    plane: str
    fan: Fan
    view: View
    scanner: Scanner = Scanner()
    brain: BrainLook = BrainLook("trans-thalamic")
    skull: Skull = Skull(0, 0, 1, 1, 0)
    world: Surroundings = field(default_factory=Surroundings)
    brow_left: bool = False
    haze: float = 0.02
    shadow_db: float = 14.0
    elevation_mm: float = 0.0

    def __post_init__(self) -> None:
        if self.plane not in BRAIN_PLANES:
            raise ValueError(f"{self.plane!r} is no section of the head")
        if self.hc_mm <= 0 or not 0 < self.ratio <= 1:
            raise ValueError(f"a head of {self.hc_mm} mm and ratio {self.ratio}")

    @property
    def semi_axes_mm(self) -> tuple[float, float]:
        """Half of OFD and half of BPD."""
        a = self.hc_mm / circumference(1.0, self.ratio)
        return a, a * self.ratio


# eq=False: holds an array.
@dataclass(frozen=True, eq=False, slots=True)
class SimulatedPicture:
    """A picture with its truth.

    Attributes:
        pixels: uint8, (H, W, 3), three equal channels.
        ellipse: Through the centre of the skull line, in frame pixels.
        pixel_mm: Side of a pixel.
        hc_mm: Circumference of the ellipse.
        plane: One of `BRAIN_PLANES`.
    """

    pixels: Pixels
    ellipse: Ellipse
    pixel_mm: float
    hc_mm: float
    plane: str

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The filled ellipse, bool (H, W); made at every call."""
        return filled_ellipse(self.ellipse, *self.pixels.shape[:2])


def head(spec: HeadSpec, rng: np.random.Generator) -> SimulatedPicture:
    """Return a picture of a new fetus; the same spec and seed give the same bytes."""
    return section(spec, random_tissue(rng))


def random_head(rng: np.random.Generator, width: int = 640, height: int = 480) -> SimulatedPicture:
    """Return a random picture of a random head."""
    return head(random_spec(rng, width, height), rng)


def section(spec: HeadSpec, tissue: Tissue, tick: int = 0) -> SimulatedPicture:
    """Return one picture of a fetus that stays the same: what a cine is made of.

    Args:
        tick: Number of the picture: the receiver's noise changes with it.
    """
    a_mm, b_mm = spec.semi_axes_mm
    skull = replace(spec.skull, x_mm=spec.x_mm, y_mm=spec.y_mm, a_mm=a_mm, b_mm=b_mm, angle_deg=spec.angle_deg)
    grey = _polar_grey(spec, skull, tissue, tick)
    picture = scan_convert(grey, spec.fan, spec.view)
    cx, cy = spec.view.to_pixels(spec.x_mm, spec.y_mm)
    pixel_mm = spec.view.pixel_mm
    ellipse = ellipse_of(cx, cy, a_mm / pixel_mm, b_mm / pixel_mm, spec.angle_deg)
    assert ellipse is not None  # a HeadSpec has positive axes
    return SimulatedPicture(np.repeat(picture[..., None], 3, axis=2), ellipse, pixel_mm, spec.hc_mm, spec.plane)


def _polar_grey(spec: HeadSpec, skull: Skull, tissue: Tissue, tick: int) -> Plane:
    """Return the grey picture on the polar grid, 0 to 1."""
    fan, scanner = spec.fan, spec.scanner
    grid = polar_grid(fan)
    frame = head_frame(skull, grid, brow_left=spec.brow_left)
    detail = spec.brain.detail * elevation_detail(spec.elevation_mm)
    look = replace(spec.brain, plane=spec.plane, detail=detail)
    bone_echo, bone = skull_echo(skull, tissue, frame)
    inner_db, walls = brain_echo(look, skull, tissue, frame, spec.hc_mm)
    outer_db, fluid = outside_db(spec.world, skull, tissue, grid, fan)
    inside = step(-frame.distance, 0.8)
    scalp = step(frame.distance, 0.5) * step(0.045 * skull.b_mm + 1.5 - frame.distance, 0.5)
    outer_db = outer_db + scalp * fluid * 26.0
    loss = shadow_db(bone, skull, fan, spec.shadow_db)
    # Fluid takes less from the beam than the scanner's gain curve gives back.
    gained = np.cumsum(fluid * (1 - inside), axis=0, dtype=np.float32) * np.float32(fan.row_mm * 0.06)
    passed = amplitude(np.minimum(gained, 5) - loss)
    fall = amplitude(outer_db * 0 - 4.0 * (grid.depth / fan.depth_mm))
    diffuse = amplitude(outer_db) * (1 - inside) + amplitude(inner_db) * fall * inside
    specular = (walls * inside * fall + bone_echo) * passed + near_haze(bone_echo, fan.row_mm, spec.haze) * inside
    noise = amplitude(scanner.noise_db * (2 - grid.depth / fan.depth_mm) + 0 * fluid)
    total = np.zeros_like(diffuse)
    power = speckle_gain(fan, scanner)
    for number in range(scanner.looks):
        scatter = _scatter(spec, tissue, (frame.u, frame.v, grid.x, grid.y), inside, 37.0 + 97.0 * number)
        echo = envelope(diffuse * passed * power, specular, scatter, fan, scanner)
        total += echo * echo
    flicker = look_up(tissue.scatter[0], grid.x * 1.9, grid.y * 1.9, 11.0 + 53.0 * tick)
    amplitude_all = np.sqrt(total / scanner.looks) + noise * np.abs(flicker)
    return sharpen(log_compress(amplitude_all, scanner), scanner.sharpen)


def _scatter(
    spec: HeadSpec, tissue: Tissue, places: tuple[Plane, Plane, Plane, Plane], inside: Plane, offset: float
) -> tuple[Plane, Plane]:
    """Return the scatterers: those of the head move with it, the others stay in the room."""
    u, v, room_x, room_y = places
    held = inside > 0.5
    x, y = np.where(held, u, room_x), np.where(held, v, room_y)
    turn = spec.elevation_mm / _DECORRELATION_MM
    real, imaginary = (look_up(plane, x, y, offset) for plane in tissue.scatter)
    if turn == 0:
        return real, imaginary
    other_real, other_imaginary = (look_up(plane, x, y, offset + 251.0) for plane in tissue.scatter)
    cos, sin = np.float32(math.cos(turn)), np.float32(math.sin(turn))
    return real * cos + other_real * sin, imaginary * cos + other_imaginary * sin


def random_spec(rng: np.random.Generator, width: int = 640, height: int = 480) -> HeadSpec:
    """Return a random head under a random scanner, wholly inside the fan and the picture."""
    hc_mm, ratio = float(rng.uniform(*HC_RANGE_MM)), float(rng.uniform(*RATIO_RANGE))
    tilted = rng.random() < 0.3
    angle_deg = float(np.clip(rng.normal(0, 22 if tilted else 8), -40, 40))
    a_mm = hc_mm / circumference(1.0, ratio)
    turn = math.radians(angle_deg)
    half_wide = math.hypot(a_mm * math.cos(turn), a_mm * ratio * math.sin(turn))
    half_high = math.hypot(a_mm * math.sin(turn), a_mm * ratio * math.cos(turn))
    fan, x_mm, y_mm = _random_place(rng, half_wide, half_high)
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
            plane, rng.uniform(-15, -4), rng.uniform(3, 6), rng.uniform(14, 28), float(rng.uniform(0.5, 1.0))
        ),
        skull=_random_skull(rng, a_mm * ratio),
        world=_random_world(rng, near_mm),
        brow_left=bool(rng.random() < 0.5),
        haze=float(rng.uniform(0.0, 0.05)),
        shadow_db=float(rng.uniform(6, 22)),
    )


def _random_place(rng: np.random.Generator, half_wide: float, half_high: float) -> tuple[Fan, float, float]:
    """Return a fan and a centre (x, y) in mm at which the head lies wholly inside it."""
    radius, half_deg = float(rng.uniform(38, 62)), float(rng.uniform(30, 40))
    edge = math.tan(math.radians(half_deg)) * 0.96
    # The lowest depth at which the sector is wide enough for the head's widest row.
    needed = half_wide / edge - radius + 0.45 * half_high
    y_mm = max(half_high + rng.uniform(10, 40), needed + 3)
    room = max((y_mm - 0.45 * half_high + radius) * edge - half_wide, 0.0)
    x_mm = float(rng.uniform(-0.9, 0.9)) * room
    depth = (y_mm + half_high) * float(rng.uniform(1.06, 1.5)) + 4
    return Fan(radius, half_deg, depth), x_mm, float(y_mm)


def _random_view(
    rng: np.random.Generator, fan: Fan, place: tuple[float, float, float, float], size: tuple[int, int]
) -> View:
    """Return the whole fan, or a window that is zoomed to the head, as operators do before they measure."""
    x_mm, y_mm, half_wide, half_high = place
    width, height = size
    whole = max(2 * fan.half_width_mm / (width * 0.97), (fan.depth_mm - fan.top_mm) / (height * 0.97))
    if rng.random() < 0.35:
        left, top = -whole * width / 2, (fan.top_mm + fan.depth_mm) / 2 - whole * height / 2
        return View(width, height, whole, left, top)
    share = float(rng.uniform(0.45, 0.94))
    pixel_mm = min(max(2 * half_wide / (width * share), 2 * half_high / (height * share)), whole)
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
        looks=int(rng.choice((1, 2, 3), p=(0.15, 0.45, 0.4))),
        noise_db=float(rng.uniform(-45, -22)),
        sharpen=float(rng.uniform(0, 0.8)),
    )


def _random_skull(rng: np.random.Generator, b_mm: float) -> Skull:
    grown = min(b_mm / 45, 1.0)
    return Skull(
        0,
        0,
        1,
        1,
        0,
        thickness_mm=float(rng.uniform(1.2, 2.2) + rng.uniform(0.3, 2.2) * grown),
        bright_db=float(rng.uniform(30, 46)),
        dropout_db=float(rng.uniform(20, 60)),
        wobble_mm=float(b_mm * rng.uniform(0.0, 0.012)),
        gaps_db=float(rng.uniform(1.5, 6)),
        loss_db_per_mm=float(rng.uniform(0.4, 1.6)),
    )


def _random_world(rng: np.random.Generator, near_mm: float) -> Surroundings:
    return Surroundings(
        fluid=float(rng.uniform(0.05, 0.7)) if rng.random() < 0.5 else 0.0,
        fluid_shift=(float(rng.normal(0, 0.25)), float(rng.normal(0, 0.15))),
        near_mm=near_mm,
        layers_db=float(rng.uniform(2, 8)),
        clutter_db=float(rng.uniform(0, 14)),
        texture_db=float(rng.uniform(1.5, 5)),
        slope_db=float(rng.uniform(0, 14)),
        stripes_db=float(rng.uniform(0.5, 4)),
    )

"""One section through a simulated head: from what is there to the picture that a scanner shows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.biometry.ellipse import filled_ellipse
from fetalclip_app.biometry.ellipse_lengths import circumference, ellipse_of
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.views import BRAIN_PLANES
from training.brain import BrainLook, brain_echo, elevation_detail, near_haze
from training.phantom import (
    Bone,
    HeadFrame,
    Outline,
    Surroundings,
    amplitude,
    head_frame,
    outside_db,
    shadow_db,
    single,
    skull_echo,
    step,
)
from training.speckle import (
    Fan,
    Grid,
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
from training.tissue import Tissue, look_up, random_tissue

_DECORRELATION_MM = 2.0
"""A section this far away shows other scatterers."""


@dataclass(frozen=True, slots=True)
class HeadSpec:
    """Everything about a simulated picture but its grain.

    Attributes:
        hc_mm: Circumference of the ellipse along the outer edge of the skull, as HC18's annotators drew theirs.
        ratio: Minor over major axis of that ellipse (BPD over OFD).
        angle_deg: Of the major axis, towards y (downwards), in [-90, 90).
        x_mm, y_mm: Centre of the head: right of and below the middle of the probe's face.
        plane: One of `BRAIN_PLANES`.
        brow_left: Which way the fetus looks.
        elevation_mm: Distance of the section from the plane that shows the landmarks.

    Raises:
        ValueError: An unknown plane, a size that is no head, or bone that fills it.
    """

    hc_mm: float
    ratio: float
    angle_deg: float
    x_mm: float
    y_mm: float
    plane: str
    fan: Fan
    view: View
    scanner: Scanner = field(default_factory=Scanner)
    brain: BrainLook = field(default_factory=BrainLook)
    bone: Bone = field(default_factory=Bone)
    world: Surroundings = field(default_factory=Surroundings)
    brow_left: bool = False
    elevation_mm: float = 0.0

    def __post_init__(self) -> None:
        if self.plane not in BRAIN_PLANES:
            raise ValueError(f"{self.plane!r} is no section of the head")
        if self.hc_mm <= 0 or not 0 < self.ratio <= 1:
            raise ValueError(f"a head of {self.hc_mm} mm and ratio {self.ratio}")
        if self.bone.thickness_mm >= 2 * self.outer_axes_mm[1]:
            raise ValueError(f"bone of {self.bone.thickness_mm} mm fills a head of {self.hc_mm} mm")

    @property
    def outer_axes_mm(self) -> tuple[float, float]:
        """Semi-axes (a, b) of the skull's outer edge."""
        a = self.hc_mm / circumference(1.0, self.ratio)
        return a, a * self.ratio

    @property
    def outline(self) -> Outline:
        """The head's place and size as it is drawn: the centre of the skull line.

        Both axes end half the bone's thickness inside the outer edge, so the gap along the normal is half
        the thickness to within 2 % for the ratios of heads (0.70 and more).
        """
        a, b = self.outer_axes_mm
        half = self.bone.thickness_mm / 2
        return Outline(self.x_mm, self.y_mm, a - half, b - half, self.angle_deg)


# eq=False: holds an array.
@dataclass(frozen=True, eq=False, slots=True)
class SimulatedPicture:
    """A picture with its truth.

    Attributes:
        pixels: uint8, (H, W, 3), three equal channels.
        ellipse: Along the outer edge of the skull, in frame pixels. Where the beam meets the skull squarely, the
            grey line's outer half-maximum lies on it: 0.1 mm outside in the median of 26 random heads, from
            0.25 mm inside to 0.75 mm outside. On the flanks the beam's width smears the line about 1 mm outwards.
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


def section(spec: HeadSpec, tissue: Tissue, tick: int = 0) -> SimulatedPicture:
    """Return one picture of a fetus that stays the same: what a cine is made of.

    Args:
        tick: Number of the picture: the receiver's noise changes with it.
    """
    view = spec.view
    a_mm, b_mm = spec.outer_axes_mm
    picture = scan_convert(_polar_grey(spec, tissue, tick), spec.fan, view)
    cx, cy = view.to_pixels(spec.x_mm, spec.y_mm)
    ellipse = ellipse_of(cx, cy, a_mm / view.pixel_mm, b_mm / view.pixel_mm, spec.angle_deg)
    assert ellipse is not None  # a HeadSpec has positive axes
    return SimulatedPicture(np.repeat(picture[..., None], 3, axis=2), ellipse, view.pixel_mm, spec.hc_mm, spec.plane)


# eq=False: holds arrays.
@dataclass(frozen=True, eq=False, slots=True)
class _Echoes:
    """What comes back before interference, as linear amplitude on the polar grid."""

    diffuse: Plane
    specular: Plane
    inside: Plane


def _echoes(spec: HeadSpec, tissue: Tissue, grid: Grid, frame: HeadFrame) -> _Echoes:
    """Return the strengths of tissue and of smooth walls, with what the beam lost on its way."""
    fan, outline = spec.fan, spec.outline
    bone_echo, bone = skull_echo(spec.bone, tissue, frame)
    detail = spec.brain.detail * elevation_detail(spec.elevation_mm)
    look = replace(spec.brain, plane=spec.plane, detail=detail)
    inner_db, walls = brain_echo(look, outline, tissue, frame, spec.hc_mm)
    outer_db, fluid = outside_db(spec.world, outline, tissue, grid, fan)
    inside = step(-frame.distance, 0.8)
    scalp = step(frame.distance, 0.5) * step(0.045 * outline.b_mm + 1.5 - frame.distance, 0.5)
    outer_db = outer_db + scalp * fluid * 26.0
    # Fluid takes less from the beam than the scanner's gain curve gives back.
    gained = np.cumsum(fluid * (1 - inside), axis=0, dtype=np.float32) * np.float32(fan.row_mm * 0.06)
    passed = amplitude(single(np.minimum(gained, 5) - shadow_db(bone, spec.bone, fan)))
    fall = amplitude(single(-4.0 * grid.depth / fan.depth_mm))
    diffuse = amplitude(outer_db) * (1 - inside) + amplitude(inner_db) * fall * inside
    haze = near_haze(bone_echo, fan.row_mm, spec.bone.haze) * inside
    specular = (walls * inside * fall + bone_echo) * passed
    return _Echoes(single(diffuse * passed + 0.7 * haze), single(specular + 0.5 * haze), inside)


def _polar_grey(spec: HeadSpec, tissue: Tissue, tick: int) -> Plane:
    """Return the grey picture on the polar grid, 0 to 1."""
    fan, scanner = spec.fan, spec.scanner
    grid = polar_grid(fan)
    frame = head_frame(spec.outline, grid, brow_left=spec.brow_left)
    echoes = _echoes(spec, tissue, grid, frame)
    held = echoes.inside > 0.5
    x, y = np.where(held, frame.u, grid.x), np.where(held, frame.v, grid.y)
    total = np.zeros_like(grid.x)
    diffuse = echoes.diffuse * np.float32(speckle_gain(fan, scanner))
    for number in range(scanner.looks):
        scatter = _scatter(tissue, (x, y), spec.elevation_mm, 37.0 + 97.0 * number)
        echo = envelope(diffuse, echoes.specular, scatter, fan, scanner)
        total += echo * echo
    flicker = np.abs(look_up(tissue.scatter[0], grid.x * 1.9, grid.y * 1.9, 11.0 + 53.0 * tick))
    noise = amplitude(single(scanner.noise_db * (2 - grid.depth / fan.depth_mm))) * flicker
    return sharpen(log_compress(single(np.sqrt(total / scanner.looks) + noise), scanner), scanner.sharpen)


def _scatter(tissue: Tissue, place: tuple[Plane, Plane], elevation_mm: float, offset: float) -> tuple[Plane, Plane]:
    """Return the scatterers at ``place``: those of the head move with it, the others stay in the room."""
    real, imaginary = (look_up(plane, *place, offset) for plane in tissue.scatter)
    if elevation_mm == 0:
        return real, imaginary
    other_real, other_imaginary = (look_up(plane, *place, offset + 251.0) for plane in tissue.scatter)
    turn = elevation_mm / _DECORRELATION_MM
    cos, sin = np.float32(math.cos(turn)), np.float32(math.sin(turn))
    return single(real * cos + other_real * sin), single(imaginary * cos + other_imaginary * sin)

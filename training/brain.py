"""What lies inside the skull in the three standard sections of a fetal head, as echo strengths."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from training.phantom import HeadFrame, Outline, bump, single, step
from training.speckle import Plane
from training.tissue import Tissue, look_up

_YOUNG_MM = 150.0
"""Heads with a smaller circumference show large choroid plexus and little else."""


@dataclass(frozen=True, slots=True)
class BrainLook:
    """How the inside of the head shows.

    Attributes:
        plane: One of `fetalclip_app.domain.views.BRAIN_PLANES`.
        base_db: Echo of the hemispheres, over the tissue outside.
        texture_db: Contrast of their lumps.
        midline_db: Echo of the midline and other walls, over tissue.
        core_db: How much brighter the middle of the brain is.
        detail: 0 where the section just misses the landmarks, 1 where it meets them.
    """

    plane: str = "trans-thalamic"
    base_db: float = -10.0
    texture_db: float = 3.5
    midline_db: float = 15.0
    core_db: float = 4.0
    detail: float = 1.0


# eq=False: holds arrays.
@dataclass(eq=False, slots=True)
class _Canvas:
    """Echoes under construction: tissue in dB, walls as linear amplitude. p and q are 1 on the head.

    Attributes:
        sheen: What is left of a smooth wall's echo where the beam runs along the midline.
    """

    p: Plane
    q: Plane
    bend: Plane
    line_mm: float
    b_mm: float
    sheen: Plane
    wall: float
    decibels: Plane
    lines: Plane = field(init=False)

    def __post_init__(self) -> None:
        self.lines = np.zeros_like(self.p)

    def line(self, start: float, end: float, q: float, strength: float, *, tilt: float = 0.0, bow: float = 0.0) -> None:
        """Draw a wall along the midline's direction from p = start to end, at height q in its middle.

        Args:
            tilt: Rise of q with p.
            bow: How far its middle lies beyond its ends, in the direction of q.
        """
        t = (self.p - np.float32((start + end) / 2)) / np.float32((end - start) / 2)
        rise = tilt * (end - start) / 2
        offset = (self.q - q - rise * t - bow * (1 - t * t) + self.bend) * np.float32(self.b_mm)
        window = step(single(1 - np.abs(t)), 0.15)
        self.lines += np.float32(strength * self.wall) * bump(single(offset), self.line_mm) * window * self.sheen

    def across(self, p: float, q: float, half: float, strength: float) -> None:
        """Draw a short wall across the midline's direction."""
        offset = (self.p - p) * np.float32(self.b_mm * 1.25)
        window = step(single(half - np.abs(self.q - q)), 0.03)
        self.lines += np.float32(strength * self.wall) * bump(offset, self.line_mm) * window * (1.2 - self.sheen)

    def oval(self, p: float, q: float, size: tuple[float, float], soft: float = 0.2) -> Plane:
        """Return an oval of semi-axes ``size``: 1 inside, 0 outside."""
        dp, dq = (self.p - p) / np.float32(size[0]), (self.q - q + self.bend) / np.float32(size[1])
        return step(single(1 - np.sqrt(dp * dp + dq * dq)), soft)

    def add(self, shape: Plane, decibels: float) -> None:
        """Make a shape brighter or darker."""
        self.decibels += shape * np.float32(1.4 * decibels)


def brain_echo(look: BrainLook, head: Outline, tissue: Tissue, frame: HeadFrame, hc_mm: float) -> tuple[Plane, Plane]:
    """Return the tissue inside the head in dB, and its smooth walls as linear amplitude."""
    p, q = frame.u / np.float32(head.a_mm), frame.v / np.float32(head.b_mm)
    texture = look_up(tissue.texture, frame.u * 1.6, frame.v * 1.6, 67.0)
    lumps = look_up(tissue.lumps, frame.u, frame.v, 231.0)
    base = look.base_db + look.texture_db * (0.55 * texture + 0.85 * lumps)
    canvas = _Canvas(
        p,
        q,
        bend=0.025 * lumps,
        line_mm=max(0.28, 0.011 * head.b_mm),
        b_mm=head.b_mm,
        sheen=0.25 + 0.75 * frame.along**4,
        wall=float(10 ** (look.midline_db / 20)),
        decibels=np.asarray(base, np.float32),
    )
    if hc_mm < _YOUNG_MM:
        _draw_young(canvas, look)
    else:
        _draw_cortex(canvas, look, tissue, texture)
        _draw_common(canvas, look, tissue)
        _PLANES[look.plane](canvas, look, tissue)
    # Fluid between brain and bone.
    canvas.add(bump(frame.radial - 0.93, 0.035), -5.0)
    patchy = np.clip(0.75 + 0.75 * look_up(tissue.texture, frame.u * 2, frame.v * 2, 19.0), 0.03, 1.8)
    return canvas.decibels, np.asarray(canvas.lines * patchy, np.float32)


def _draw_young(canvas: _Canvas, look: BrainLook) -> None:
    """The butterfly of the first and early second trimester: plexus left and right of a straight midline."""
    canvas.add(np.ones_like(canvas.p), -5.0)
    canvas.line(-0.9, 0.9, 0.0, 0.8)
    for side in (-1, 1):
        canvas.add(canvas.oval(-0.12, 0.45 * side, (0.5, 0.27)), 9.0 * look.detail)


def _draw_cortex(canvas: _Canvas, look: BrainLook, tissue: Tissue, texture: Plane) -> None:
    """Insula and furrows: short bright echoes between midline and bone."""
    signs, detail = [float(sign) for sign in tissue.signs], look.detail
    for side in (-1, 1):
        depth = 0.59 + 0.08 * signs[side]
        canvas.line(-0.15, 0.3, side * (depth - 0.04), 0.1 + 0.3 * signs[2 + side], tilt=-0.1 * side, bow=0.06 * side)
        canvas.line(-0.5, -0.2, side * (depth - 0.05), 0.2 * signs[4 + side] * detail, tilt=0.5 * side, bow=0.05 * side)
        canvas.line(0.35, 0.6, side * (depth - 0.2), 0.2 * signs[5 + side] * detail, tilt=-0.7 * side, bow=0.03 * side)
    furrows = np.maximum(texture - 1.0, 0) * bump(single(np.abs(canvas.q) - 0.7), 0.25)
    canvas.add(single(furrows), 4.0)
    # The middle of the brain is brighter than the hemispheres' white matter.
    canvas.add(canvas.oval(-0.05, 0.0, (0.75, 0.6), 0.5), look.core_db)


def _draw_common(canvas: _Canvas, look: BrainLook, tissue: Tissue) -> None:
    """Falx in front and behind, and the cavum between them: two short lines around a dark box."""
    start, end = 0.30 + 0.06 * float(tissue.signs[2]), 0.50 + 0.06 * float(tissue.signs[3])
    half = 0.055 + 0.03 * float(tissue.signs[4])
    canvas.line(end + 0.04, 0.93, 0.0, 0.9)
    canvas.line(-0.93, -0.42, 0.0, 0.75)
    cavum = step(canvas.p - start, 0.03) * step(end - canvas.p, 0.03)
    box = cavum * step(single(half - np.abs(canvas.q + canvas.bend)), 0.02)
    canvas.add(box, -16.0 * look.detail)
    for side in (-1, 1):
        canvas.line(start, end, side * (half + 0.02), 0.8 * look.detail)
    canvas.across(end + 0.01, 0.0, half, 0.25 * look.detail)
    # Where the cavum fades out of the section, the falx closes.
    canvas.line(start - 0.05, end + 0.05, 0.0, 0.7 * (1 - look.detail))


def _draw_thalami(canvas: _Canvas, strength: float) -> None:
    """Two dark ovals beside the slit of the third ventricle, in brighter surroundings."""
    canvas.add(canvas.oval(-0.04, 0.0, (0.36, 0.40), 0.35), 4.0 * strength)
    for side in (-1, 1):
        canvas.add(canvas.oval(-0.03, 0.17 * side, (0.24, 0.15), 0.15), -8.0 * strength)
    canvas.line(-0.24, 0.2, 0.015, 0.45 * strength)
    canvas.line(-0.20, 0.15, -0.03, 0.25 * strength)


def _draw_thalamic(canvas: _Canvas, look: BrainLook, tissue: Tissue) -> None:
    """Thalami with the folds of the hippocampus behind them."""
    _draw_thalami(canvas, look.detail)
    for side in (-1, 1):
        canvas.line(-0.42, -0.2, 0.27 * side, 0.45 * look.detail, tilt=0.5 * side)
        canvas.across(-0.33, 0.2 * side, 0.12, 0.2 * look.detail)
    canvas.add(canvas.oval(-0.38, 0.45, (0.16, 0.14)), 6.0 * look.detail * float(tissue.signs[5]))


def _draw_ventricular(canvas: _Canvas, look: BrainLook, tissue: Tissue) -> None:
    """Lateral ventricles: dark channels between two walls, with bright plexus in them."""
    width = 0.09 + 0.05 * float(tissue.signs[5])
    for side, seen in ((1, 1.0), (-1, 0.3)):
        tilt = 0.22 * side
        slanted = canvas.q - 0.38 * side + tilt * (canvas.p + 0.41) + canvas.bend
        channel = (
            step(single(width - np.abs(slanted)), 0.03) * step(canvas.p + 0.80, 0.06) * step(-0.02 - canvas.p, 0.06)
        )
        canvas.add(channel, -13.0 * seen * look.detail)
        canvas.line(-0.8, -0.02, 0.38 * side + width, 0.55 * seen * look.detail, tilt=-tilt, bow=0.03)
        canvas.line(-0.7, -0.08, 0.38 * side - width, 0.5 * seen * look.detail, tilt=-tilt, bow=-0.03)
        canvas.add(canvas.oval(-0.3, 0.36 * side, (0.24, width * 1.1)), 20.0 * seen * look.detail)
    canvas.line(-0.4, 0.25, 0.0, 0.7)


def _draw_cerebellum(canvas: _Canvas, look: BrainLook, tissue: Tissue) -> None:
    """The dumbbell: two round lobes with bright rims, the vermis between, dark cistern behind."""
    _draw_thalami(canvas, 0.75 * look.detail)
    centre, size = -0.58 - 0.05 * float(tissue.signs[6]), (0.17, 0.235)
    canvas.add(canvas.oval(centre - 0.17, 0.0, (0.16, 0.42)), -13.0 * look.detail)
    for side in (-1, 1):
        lobe = canvas.oval(centre, 0.24 * side, size, 0.1)
        core = canvas.oval(centre, 0.24 * side, (size[0] * 0.78, size[1] * 0.8), 0.15)
        canvas.add(lobe, 13.0 * look.detail)
        canvas.add(core, -9.0 * look.detail)
    canvas.add(canvas.oval(centre, 0.0, (0.11, 0.09)), 10.0 * look.detail)


_PLANES = {
    "trans-thalamic": _draw_thalamic,
    "trans-ventricular": _draw_ventricular,
    "trans-cerebellum": _draw_cerebellum,
}


def near_haze(bone_echo: Plane, row_mm: float, strength: float) -> Plane:
    """Return the reverberation that hides the hemisphere next to the probe, as linear amplitude.

    Echoes bounce inside the near wall and arrive late: weaker copies of the bone, further down.
    """
    haze = np.zeros_like(bone_echo)
    for bounce in range(1, 6):
        rows = round(bounce * 4.2 / row_mm)
        if rows < len(bone_echo):
            haze[rows:] += bone_echo[:-rows] * np.float32(strength * 0.62**bounce)
    soft = 1.2 / row_mm
    return single(cv2.GaussianBlur(haze, (0, 0), sigmaX=2.0, sigmaY=soft))


def elevation_detail(offset_mm: float) -> float:
    """Return how much of the landmarks a section shows that misses them by ``offset_mm``."""
    return float(np.exp(-0.5 * (offset_mm / 2.5) ** 2))

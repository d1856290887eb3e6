"""The random part of a simulated fetus: scatterers, lumps and unevenness, which a cine keeps from frame to frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from training.speckle import Plane

_FIELD = 512
"""Side of the random fields, in cells; they repeat beyond."""

CELL_MM = 0.4
"""Side of a scatterer's cell."""

RIM = 1024
"""Samples around the skull."""


# eq=False: holds arrays.
@dataclass(frozen=True, eq=False, slots=True)
class Tissue:
    """Everything random about one fetus and its surroundings; a cine keeps it, a new picture draws it anew.

    Attributes:
        scatter: (2, 512, 512) white Gaussian.
        texture: (512, 512) fine and coarse lumps, unit variance.
        lumps: (512, 512) coarse lumps only, unit variance.
        wobble: (1024,) deviation of the skull from its ellipse, unit size, no harmonic below the third.
        gaps: (1024,) unit variance, along the skull: sutures and bad angles.
        rough: (1024,) unit variance, along the skull: its finer grain.
        layers: (64,) unit variance, along the first centimetres.
        stripes: (64,) unit variance, across the sector.
        signs: (8,) uniform in 0 to 1: sizes and sides of small parts.
    """

    scatter: Plane
    texture: Plane
    lumps: Plane
    wobble: Plane
    gaps: Plane
    rough: Plane
    layers: Plane
    stripes: Plane
    signs: Plane


def random_tissue(rng: np.random.Generator) -> Tissue:
    """Return new tissue."""
    coarse, middle, fine = (_lumps(rng, cells) for cells in (14, 44, 120))
    texture = 0.62 * coarse + 0.6 * middle + 0.5 * fine
    return Tissue(
        scatter=rng.standard_normal((2, _FIELD, _FIELD), dtype=np.float32),
        texture=np.asarray(texture, np.float32),
        lumps=coarse,
        wobble=_around(rng, range(3, 7)),
        gaps=_around(rng, range(1, 14)),
        rough=_around(rng, range(6, 48)),
        layers=rng.standard_normal(64, dtype=np.float32),
        stripes=rng.standard_normal(64, dtype=np.float32),
        signs=rng.random(8, dtype=np.float32),
    )


def _lumps(rng: np.random.Generator, cells: int) -> Plane:
    """Return a smooth random field of unit variance that repeats at its borders."""
    small = rng.standard_normal((cells, cells), dtype=np.float32)
    padded = np.pad(small, 2, mode="wrap")
    scale = _FIELD / cells
    large = cv2.resize(padded, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    start = round(2 * scale)
    field = large[start : start + _FIELD, start : start + _FIELD]
    return np.asarray(field / field.std(), np.float32)


def _around(rng: np.random.Generator, harmonics: range) -> Plane:
    """Return a periodic random line of unit variance, (1024,)."""
    phase = np.linspace(0, 2 * math.pi, RIM, endpoint=False)
    line = np.zeros(RIM)
    for k in harmonics:
        line += rng.normal() / math.sqrt(k) * np.cos(k * phase + rng.uniform(0, 2 * math.pi))
    return np.asarray(line / line.std(), np.float32)


def look_up(field: Plane, x_mm: Plane, y_mm: Plane, offset: float = 0.0) -> Plane:
    """Return a random field at points in mm; ``offset`` cells further on it is another field."""
    x, y = _wrapped(x_mm, offset), _wrapped(y_mm, offset * 0.7)
    return np.asarray(cv2.remap(field, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), np.float32)


def _wrapped(place_mm: Plane, offset: float) -> Plane:
    """Return millimetres as cells inside the field (several times faster than np.mod)."""
    turns = place_mm * np.float32(1 / (CELL_MM * _FIELD)) + np.float32(offset / _FIELD)
    turns -= np.floor(turns)
    turns *= np.float32(_FIELD)
    return turns

"""Pictures with the ellipse of their head, read or simulated, in the stored square."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.biometry.ellipse import filled_ellipse
from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.imaging.fan import find_fan
from fetalclip_app.imaging.preprocess import Letterbox
from training import augment, simulate
from training.dataset import STORED_SIDE, Stored, load, stored_simulation
from training.manifest import Sample
from training.outlines import marks_skull, outline_on
from training.pictures import read_still
from training.readable import Unreadable, each_readable

SIMULATED_SEED = 2026


@dataclass(frozen=True, eq=False, slots=True)
class Outlined:
    """A stored picture with its head's ellipse, in pixels of the stored square."""

    stored: Stored
    ellipse: Ellipse


def outlined_pictures(data: Path, samples: Sequence[Sample]) -> tuple[list[Outlined], list[Unreadable]]:
    """Return the pictures whose annotation marks the head, and those of which picture or annotation cannot be read."""

    def read(sample: Sample) -> Outlined | None:
        if sample.outline is None or not marks_skull(data / sample.outline):
            return None
        return with_ellipse(data, load(data, [sample])[0])

    found, unreadable = each_readable(data, samples, lambda sample: sample.picture, read)
    return [item for item in found if item is not None], unreadable


def with_ellipse(data: Path, stored: Stored) -> Outlined:
    """Return a picture with its outline; masks of the head structures lie on a larger copy of the picture.

    Raises:
        ValueError: The annotation holds no ellipse.
    """
    sample = stored.sample
    assert sample.outline is not None
    pixels = read_still(data / sample.picture)
    on_picture = outline_on(data / sample.outline, pixels.shape[1])
    return Outlined(stored, in_stored_square(on_picture, find_fan(pixels)))


def simulated_heads(count: int) -> list[Outlined]:
    """Return simulated heads, the same ones each time."""
    rng = np.random.default_rng(SIMULATED_SEED)
    outlined = []
    for number in range(count):
        picture = simulate.random_head(rng)
        name = f"simulated-{SIMULATED_SEED}-{number}"
        sample = Sample(picture=name, source="simulated", group=name, split="train", plane="brain")
        stored = stored_simulation(sample, picture.pixels)
        outlined.append(Outlined(stored, in_stored_square(picture.ellipse, find_fan(picture.pixels))))
    return outlined


def in_stored_square(ellipse: Ellipse, crop: Box) -> Ellipse:
    """Return an ellipse of a file's pixels in those of its stored square."""
    box = Letterbox(crop, STORED_SIDE)
    cx, cy = box.to_model(np.array([ellipse.cx, ellipse.cy]))
    return Ellipse(float(cx), float(cy), ellipse.a / box.scale, ellipse.b / box.scale, ellipse.angle_deg)


def mask_under(ellipse: Ellipse, geometry: augment.Geometry, size: int) -> NDArray[np.float32]:
    """Return the filled ellipse under a similarity: float32, (size, size), soft at its edge."""
    matrix = geometry.matrix
    cx, cy = matrix @ np.array([ellipse.cx, ellipse.cy, 1.0])
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    turn = float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0])))
    fine = 2
    centre = (np.array([cx, cy]) + 0.5) * fine - 0.5
    moved = Ellipse(
        float(centre[0]), float(centre[1]), ellipse.a * scale * fine, ellipse.b * scale * fine, ellipse.angle_deg + turn
    )
    filled = filled_ellipse(moved, size * fine, size * fine).astype(np.float32)
    soft: NDArray[np.float32] = filled.reshape(size, fine, size, fine).mean(axis=(1, 3))
    return soft

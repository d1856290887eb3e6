"""Captions that differ in the age alone, for pictures whose size and scale are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.biometry.growth import who_median_days
from fetalclip_app.tasks.gestational_age import CANDIDATES
from training.manifest import Sample

FIRST_DAY, LAST_DAY = CANDIDATES[0].days, CANDIDATES[-1].days
"""Ages that the age prompts ask about."""


@dataclass(frozen=True, eq=False, slots=True)
class AgeLadder:
    """For some pictures, captions that differ in the age alone.

    Attributes:
        rows: Which pictures of the batch, (R,).
        texts: R times K captions, row by row.
        target: float32, (R, K): a bell around the true age.
    """

    rows: NDArray[np.intp]
    texts: list[str]
    target: NDArray[np.float32]


def scale_and_age(
    sample: Sample | None, spacing_mm: float | None, rescaled: float, rng: np.random.Generator
) -> tuple[float, float] | None:
    """Return (mm per network pixel as the caption states it, age in days), or None where not both are known.

    Args:
        sample: None for a distractor.
        spacing_mm: mm per network pixel as the picture is shown.
        rescaled: Share of pictures whose scale is re-declared.
        rng: Of the batches.
    """
    if sample is None or spacing_mm is None or sample.hc_mm is None:
        return None
    hc_mm = sample.hc_mm
    if rng.random() < rescaled:
        wanted_mm = rng.uniform(100.0, 338.0)
        factor = float(np.clip(wanted_mm / hc_mm, 0.12 / spacing_mm, 1.7 / spacing_mm))
        spacing_mm, hc_mm = spacing_mm * factor, hc_mm * factor
    printed_mm = round(spacing_mm, 2)
    age = who_median_days("HC", hc_mm * printed_mm / spacing_mm)
    return None if age is None or not FIRST_DAY <= age <= LAST_DAY else (printed_mm, age)


def ladder_days(age: float, count: int, rng: np.random.Generator) -> NDArray[np.int_]:
    """Return ``count`` distinct days that the prompts ask about: the true one, near ones and far ones."""
    near = np.round(age + rng.normal(0, 12, 4 * count)).astype(int)
    far = rng.integers(FIRST_DAY, LAST_DAY + 1, 4 * count)
    wanted = np.concatenate([[round(age)], np.stack([near, far], axis=1).ravel()])
    inside = wanted[(wanted >= FIRST_DAY) & (wanted <= LAST_DAY)]
    _, first = np.unique(inside, return_index=True)
    return inside[np.sort(first)][:count]

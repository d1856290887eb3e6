"""What a head saw in a clip before, or what it sees now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.tasks.base import Kept

Shape = tuple[int | None, ...]
"""None where any length will do."""


def recalled(
    kept: Kept, name: str, shapes: Mapping[str, Shape], look: Callable[[], Mapping[str, NDArray[Any]]]
) -> Mapping[str, NDArray[Any]]:
    """Return the arrays that were kept under a name; what is not there, or not of this form, is looked for and kept.

    Args:
        name: Says all that the arrays depend on besides clip, crop, preprocessing, weights and device.
        shapes: Of each array. All are of floating point numbers and finite.
    """
    found = kept.find(name)
    if found is not None and found.keys() == shapes.keys() and all(_fits(found[one], shapes[one]) for one in shapes):
        return found
    made = look()
    kept.put(name, made)
    return made


def _fits(array: NDArray[Any], shape: Shape) -> bool:
    if array.ndim != len(shape) or not np.issubdtype(array.dtype, np.floating):
        return False
    fits = all(wanted in {None, length} for length, wanted in zip(array.shape, shape, strict=True))
    return fits and bool(np.isfinite(array).all())

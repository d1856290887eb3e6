"""Some of many, spread evenly over them."""

from __future__ import annotations

import numpy as np


def evenly(count: int, most: int) -> list[int]:
    """Return up to ``most`` indices of ``count`` frames, evenly spaced, first and last among them."""
    return sorted({round(place) for place in np.linspace(0, count - 1, min(count, most))})

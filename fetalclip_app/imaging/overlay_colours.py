"""Colours of what lies over a frame, one definition for screen, picture and page; light to import."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]

OUTLINE_COLOUR: Colour = (79, 179, 191)
"""The mask's edge."""

ELLIPSE_COLOUR: Colour = (255, 214, 102)
"""The fitted ellipse and its axes; differs from the outline in lightness too, for grey print."""

HAND_COLOUR: Colour = (150, 235, 130)
"""What a person drew: never the model's colour."""

_STRUCTURES: dict[str, Colour] = {
    "skull": (86, 180, 233),
    "csp": (240, 128, 48),
    "lateral_ventricle": (214, 120, 190),
}
_OTHERS: tuple[Colour, ...] = ((0, 190, 140), (230, 159, 0), (180, 180, 180))
"""After Okabe and Ito 2008, lighter where a scan is dark; none is the outline's or the ellipse's."""


def structure_colour(name: str) -> Colour:
    """Return the colour of a structure's mask, the same on screen, picture and page; its name goes with it."""
    return _STRUCTURES.get(name) or _OTHERS[sum(map(ord, name)) % len(_OTHERS)]


_WARMTH = np.array(
    [
        *((0, 0, 4), (12, 8, 38), (36, 12, 79), (66, 10, 104), (93, 18, 110), (120, 28, 109), (147, 38, 103)),
        *((174, 48, 92), (199, 62, 76), (221, 81, 58), (237, 105, 37), (248, 133, 15), (252, 165, 10)),
        *((250, 198, 45), (242, 230, 97), (252, 255, 164)),
    ],
    dtype=np.float64,
)
"""Sixteen even steps after Inferno, whose lightness rises evenly with the value, so that it reads the same in grey
and for colour-blind eyes (van der Walt and Smith 2015)."""


def _table() -> NDArray[np.uint8]:
    """Return the colour of each of 256 levels, uint8 (256, 4), RGBA: the cover is the level itself."""
    level = np.arange(256)
    channels = [np.interp(level / 255, np.linspace(0, 1, len(_WARMTH)), _WARMTH[:, channel]) for channel in range(3)]
    return np.stack([*(np.rint(channel) for channel in channels), level], axis=1).astype(np.uint8)


_TABLE = _table()


def heat_rgba(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return a heatmap's colours: uint8, (H, W, 4), RGBA; a value of 0 covers nothing, 1 everything.

    Args:
        values: (H, W), 0 to 1; what lies outside is held there.
    """
    levels = np.rint(np.clip(values, 0.0, 1.0) * 255).astype(np.uint8)
    return np.ascontiguousarray(_TABLE[levels])

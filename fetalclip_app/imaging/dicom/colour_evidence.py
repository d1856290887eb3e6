"""What three stored components evidently are, where no mark in the stream says it.

Ultrasound is grey almost everywhere: black around the fan, grey inside it, colour in a box or a bar at most. Grey has
three equal components as RGB, and two constant ones (128) as YCbCr. A label under which the picture would be green or
teal nearly everywhere is therefore wrong. Most of the frame must say so, else the label is kept: nothing is concluded
from a picture full of colours, and nothing from an even mid-grey, which both labels show alike.

The shares and distances are ours: wide enough for the noise of a lossy codec, far from what a scan can look like.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_STEP = 4
"""Every fourth pixel of every fourth row is looked at."""

_MOST = 0.9
_ALIKE = 4
"""Grey levels by which two components of a grey pixel may differ."""

_AWAY = 16
"""Grey levels from 128 beyond which a pixel tells both labels apart."""

_GREEN = 100
"""By how much green exceeds red and blue where stored black, (0, 0, 0), was taken for YCbCr: 135."""


def evident_colours(stored: NDArray[np.uint8]) -> str:
    """Return ``RGB`` or ``YBR_FULL`` where the components, (H, W, 3), leave no doubt; else an empty string."""
    first, second, third = np.moveaxis(stored[::_STEP, ::_STEP].astype(np.int16), 2, 0)
    telling = np.abs(first - 128) > _AWAY
    if telling.mean() < 0.5:
        return ""
    neutral = (np.abs(second - 128) <= _ALIKE) & (np.abs(third - 128) <= _ALIKE)
    if neutral.mean() > _MOST:
        return "YBR_FULL"
    equal = (np.abs(first - second) <= _ALIKE) & (np.abs(first - third) <= _ALIKE)
    return "RGB" if equal.mean() > _MOST else ""


def is_mostly_green(pixels: NDArray[np.uint8]) -> bool:
    """Whether most of an RGB picture is the green that black becomes when it is taken for YCbCr."""
    red, green, blue = np.moveaxis(pixels[::_STEP, ::_STEP].astype(np.int16), 2, 0)
    return bool(((green - red > _GREEN) & (green - blue > _GREEN)).mean() > 0.3)

"""What three stored components evidently are, where no mark in the stream says it.

Ultrasound is grey almost everywhere: black around the fan, grey inside it, colour in a box or a bar. Grey has three
equal components as RGB, and two constant ones (128) as YCbCr. So only the grey parts are asked: where half of a frame
is grey of the one kind and next to nothing is grey of the other, the components are of the one kind, whatever the label
says. Nothing is concluded from a picture full of colours, from one that holds both kinds, and from an even mid-grey,
which both labels show alike: the label is kept.

A clip is stored in one way, so it is asked once (`of_clip`): a colour box that grows over half of the frame must not
change what the frames before it were.

The shares and distances are ours: wide enough for the noise of a lossy codec, far from what a scan can look like.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_STEP = 4
"""Every fourth pixel of every fourth row is looked at."""

_LEAST = 0.5
"""Share of a frame that must be grey of one kind."""

_OTHER = 0.02
"""Share of a frame that may be grey of the other kind: colours that look like it by chance."""

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
    neutral = telling & (np.abs(second - 128) <= _ALIKE) & (np.abs(third - 128) <= _ALIKE)
    equal = telling & (np.abs(first - second) <= _ALIKE) & (np.abs(first - third) <= _ALIKE)
    shares = {"YBR_FULL": float(neutral.mean()), "RGB": float(equal.mean())}
    found = max(shares, key=lambda kind: shares[kind])
    return found if shares[found] >= _LEAST and min(shares.values()) <= _OTHER else ""


def is_mostly_green(pixels: NDArray[np.uint8]) -> bool:
    """Whether most of an RGB picture is the green that black becomes when it is taken for YCbCr."""
    red, green, blue = np.moveaxis(pixels[::_STEP, ::_STEP].astype(np.int16), 2, 0)
    return bool(((green - red > _GREEN) & (green - blue > _GREEN)).mean() > 0.3)


class Evidence(NamedTuple):
    """What one frame says.

    Attributes:
        colours: As `evident_colours`.
        is_flat: The frame shows nothing: scanners fill such frames with zeros, whatever zeros mean in the clip.
    """

    colours: str = ""
    is_flat: bool = False


def is_flat(stored: NDArray[np.uint8]) -> bool:
    """Whether a frame, (H, W, 3), has nearly the same first component everywhere."""
    return bool(np.ptp(stored[::_STEP, ::_STEP, 0]) <= _ALIKE)


def asked_frames(count: int) -> tuple[int, ...]:
    """Return which of ``count`` frames are asked: the first, the middle and the last, in this order."""
    return tuple(dict.fromkeys((0, count // 2, count - 1)))


def of_clip(count: int, of_frame: Callable[[int], Evidence]) -> str:
    """Return what the components of a clip of ``count`` frames are; an empty string where none proves anything.

    The first frame that proves something decides, since each that is asked costs a decoding; flat ones only where the
    others prove nothing.
    """
    flat = ""
    for index in asked_frames(count):
        evidence = of_frame(index)
        if evidence.colours and not evidence.is_flat:
            return evidence.colours
        flat = flat or evidence.colours
    return flat

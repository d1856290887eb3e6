"""A decoded video frame -> RGB, by the matrix and the range that the stream names.

Where it names none, the habit of players holds: high definition (720 lines and more) is BT.709, the rest BT.601.
FFmpeg by itself takes BT.601 for both, which turns the colours of a Doppler box by some degrees.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from av.video.reformatter import Colorspace

from fetalclip_app.domain.clip import Pixels

_UNSPECIFIED = 2
"""AVCOL_SPC_UNSPECIFIED: the numbers are those of ITU-T H.273."""

_HIGH_DEFINITION = 720
"""Lines."""


def whole_rgb_of(picture: Any, *, height: int, width: int) -> Pixels:
    """Return a frame that may be shown, as `rgb_of`.

    Raises:
        ValueError: It is damaged, or of another size than its video.
    """
    if picture.is_corrupt:
        raise ValueError("FFmpeg painted over what it could not decode")
    if (picture.height, picture.width) != (height, width):
        raise ValueError("a frame of another size")
    return rgb_of(picture)


def rgb_of(picture: Any) -> Pixels:
    """Return one frame as uint8, (H, W, 3), RGB."""
    wanted = None
    if picture.colorspace == _UNSPECIFIED and picture.height >= _HIGH_DEFINITION:
        wanted = Colorspace.ITU709
    converted = picture.reformat(format="rgb24", src_colorspace=wanted)
    return np.ascontiguousarray(cast(Pixels, converted.to_ndarray()))

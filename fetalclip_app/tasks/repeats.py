"""Which frames of a clip are repeats of a measurement: spread over the clip, and no two of the same picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain import spread

DETAIL_PX = 9
"""Network pixels: what is coarser than this is taken away before two pictures are compared, so that speckle counts and
the fan's own shape does not."""

ALIKE = 0.98
"""Pictures whose detail correlates at least so much are one (our choice).

Between frames of real cines: 0.997 and more where the probe is held still, 0.93 and less where it moves, two frames
apart (docs/whole-clip.md).
"""


def evenly(frames: Sequence[int], most: int) -> list[int]:
    """Return at most ``most`` of the frames, in order, spread evenly over them."""
    ordered = sorted(frames)
    return [ordered[place] for place in spread.evenly(len(ordered), most)]


class Looks:
    """Remembers the pictures of a clip, and tells those that show what an earlier one showed."""

    def __init__(self) -> None:
        self._seen: list[NDArray[np.float32]] = []

    def is_new(self, picture: NDArray[np.float32]) -> bool:
        """Return whether no earlier picture was alike; a new one is remembered.

        Args:
            picture: float32, (3, S, S), as `prepare` returns it.
        """
        detail = _detail(picture)
        if any(float(detail @ earlier) >= ALIKE for earlier in self._seen):
            return False
        self._seen.append(detail)
        return True


def _detail(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the fine structure of a picture, float32, (S * S,), of length one; zero where there is none."""
    grey = picture.mean(axis=0)
    fine = grey - cv2.blur(grey, (DETAIL_PX, DETAIL_PX))
    flat = (fine - fine.mean()).ravel()
    unit: NDArray[np.float32] = flat / max(float(np.linalg.norm(flat)), 1e-6)
    return unit

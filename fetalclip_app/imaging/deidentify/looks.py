"""Which frames of a cine an OCR has to look at: text can come and go while the scan moves."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.clip import Clip, Pixels
from fetalclip_app.imaging.deidentify.mask import Visible, evenly

_SAMPLES = 9
_CALM = 8
"""Grey levels that a still part may differ by; lossy compression alone makes a few."""

_CHANGE = 40
"""Grey levels by which something new stands out."""

_LETTER_PIXELS = 30
"""Pixels of something new that is as large as a letter."""


def frames_to_read(clip: Clip, visible: Visible, check: Callable[[], None] = lambda: None) -> list[int]:
    """Return the first, the middle and the last frame, and every one whose still part shows something new.

    *Still* is what hardly changes over nine frames of the whole cine: the screen around the moving scan. A frame is
    compared with the last one that is read.

    Args:
        check: Called before each frame; raises to stop.
    """
    count = len(clip)
    wanted = {0, count // 2, count - 1}
    if count <= len(wanted):
        return sorted(wanted)
    still = _still(clip, visible)
    known: list[NDArray[np.int16]] = []
    for index in range(count):
        check()
        grey = _grey(clip.frame(index).pixels)
        if index in wanted or all(_shows_more(grey, before, still) for before in known):
            wanted.add(index)
            known.append(grey)
            known = known[-3:]
    return sorted(wanted)


def _still(clip: Clip, visible: Visible) -> NDArray[np.bool_]:
    samples = np.stack([_grey(clip.frame(index).pixels) for index in evenly(len(clip), _SAMPLES)])
    return np.asarray((np.ptp(samples, axis=0) <= _CALM) & visible)


def _shows_more(grey: NDArray[np.int16], before: NDArray[np.int16], still: NDArray[np.bool_]) -> bool:
    """Whether a letter's worth of connected pixels in the still part is new."""
    changed = ((np.abs(grey - before) > _CHANGE) & still).astype(np.uint8)
    if int(changed.sum()) < _LETTER_PIXELS // 2:
        return False
    joined = cv2.morphologyEx(changed, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    _count, _labels, stats, _centres = cv2.connectedComponentsWithStats(joined, connectivity=8)
    return bool((stats[1:, cv2.CC_STAT_AREA] >= _LETTER_PIXELS).any())


def _grey(pixels: Pixels) -> NDArray[np.int16]:
    return np.asarray(pixels.max(axis=2), dtype=np.int16)

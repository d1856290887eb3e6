"""Which frames of a cine an OCR has to look at: every one that shows something else than one it has read.

Nothing cheaper finds text that comes and goes over a moving scan. Differences alone cannot tell letters from speckle,
and a choice of frames misses what is shown between them; so only frames that repeat another are left out.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from fetalclip_app.domain.clip import Clip, Pixels
from fetalclip_app.imaging.deidentify.mask import Visible, shown

_CHANGE = 20
"""Grey levels by which something new stands out; lossy compression of a still picture makes less."""

_LETTER_PIXELS = 12
"""Connected pixels of something new that may be a letter of the smallest print."""

_MANY_PIXELS = 2000
"""So many are something new, whether they are connected or not."""

_KNOWN = 3
"""Frames that are remembered: a screen that flashes goes back to one of them."""


def frames_to_read(clip: Clip, visible: Visible, check: Callable[[], None] = lambda: None) -> list[int]:
    """Return the frames that differ, by as much as a letter, from each of the last frames that are read.

    Every frame of the cine is one of these or repeats one of them, so that who has read them has looked at all.

    Args:
        visible: (H, W): where a difference counts.
        check: Called before each frame; raises to stop.
    """
    wanted: list[int] = []
    known: list[Pixels] = []
    for index in range(len(clip)):
        check()
        now = shown(clip.frame(index).pixels, visible)
        if all(_differs(now, before) for before in known):
            wanted.append(index)
            known = [*known, now][-_KNOWN:]
    return wanted


def few_frames(clip: Clip) -> list[int]:
    """Return the first, the middle and the last frame: enough to find what stands on the screen all the time."""
    return sorted({0, len(clip) // 2, len(clip) - 1})


def _differs(shown: Pixels, before: Pixels) -> bool:
    """Whether a letter's worth of connected pixels is another, in any colour."""
    changed = (cv2.absdiff(shown, before).max(axis=2) > _CHANGE).astype(np.uint8)
    count = int(np.count_nonzero(changed))
    if not _LETTER_PIXELS // 2 <= count < _MANY_PIXELS:
        return count >= _MANY_PIXELS
    joined = cv2.morphologyEx(changed, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    _count, _labels, stats, _centres = cv2.connectedComponentsWithStats(joined, connectivity=8)
    return bool((stats[1:, cv2.CC_STAT_AREA] >= _LETTER_PIXELS).any())

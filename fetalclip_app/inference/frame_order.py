"""In which order a clip's frames are looked at: coarsely first, so that the whole clip is seen early."""

from __future__ import annotations

from collections.abc import Sequence

STRIDES = (16, 4, 1)
"""Each pass goes forward through the clip, by so many frames, and leaves out what was looked at before.

Three passes and no more: a video that is not made of whole pictures is decoded from end to end by each.
"""


def coarse_to_fine(count: int, strides: Sequence[int] = STRIDES) -> tuple[int, ...]:
    """Return every frame of a clip once.

    Raises:
        ValueError: The last pass leaves frames out.
    """
    if not strides or strides[-1] != 1:
        raise ValueError(f"passes by {strides} leave frames out")
    return tuple(dict.fromkeys(index for stride in strides for index in range(0, count, stride)))

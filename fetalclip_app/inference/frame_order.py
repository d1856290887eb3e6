"""In which order a clip's frames are read: coarsely first, so that the whole clip is seen early."""

from __future__ import annotations

from collections.abc import Sequence

STRIDES = (16, 4, 1)
"""Each pass goes forward through the clip, by so many frames, and leaves out what was read before.

Three passes and no more: a video that is not made of whole pictures is decoded from end to end by each.
"""


def coarse_to_fine(count: int, strides: Sequence[int] = STRIDES, looked_at: int = 0) -> tuple[int, ...]:
    """Return every frame of a clip once.

    Args:
        looked_at: The frame that a person looks at. It comes first, and each pass begins there and goes on at the
            clip's start: what plays next is read next, and a decoder still goes forward.

    Raises:
        ValueError: The last pass leaves frames out.
    """
    if not strides or strides[-1] != 1:
        raise ValueError(f"passes by {strides} leave frames out")
    begin = looked_at if 0 <= looked_at < count else 0
    order = dict.fromkeys(range(count)[begin : begin + 1])
    for stride in strides:
        steps = range(0, count, stride)
        first = -(-begin // stride)
        order |= dict.fromkeys((*steps[first:], *steps[:first]))
    return tuple(order)

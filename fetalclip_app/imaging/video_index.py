"""Which frames a video holds and when each is shown."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VideoIndex:
    """What one pass over the packets tells.

    Attributes:
        times: PTS of each frame in the order shown, in ticks of the container.
        keys: (PTS, DTS) of each key frame, in order; containers seek by DTS, which differs where frames are reordered.
        rate_hz: As the container states it, or None.
        quarter_turns: How often the picture is turned left by 90 degrees to stand upright.
        missing: Frames that the container lists and does not hold.
    """

    times: tuple[int, ...]
    keys: tuple[tuple[int, int], ...]
    height: int
    width: int
    rate_hz: float | None
    tick_seconds: float
    codec: str
    quarter_turns: int
    missing: int

    def key_near(self, index: int) -> int:
        """Return the number of the key frame nearest to a frame."""
        keys = [bisect_left(self.times, time) for time, _ in self.keys if self.times[0] <= time <= self.times[-1]]
        return min(keys, key=lambda key: abs(key - index), default=index)

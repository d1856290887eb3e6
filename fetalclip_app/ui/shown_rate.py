"""How many frames a second really reach the screen, counted where they are painted."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

_WINDOW_S = 1.0
"""The rate is measured over this time."""


class ShownRate:
    """Counts paints."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._at_s: deque[float] = deque(maxlen=512)

    def count(self) -> None:
        """A frame that was not there before is on the screen."""
        self._at_s.append(self._clock())

    def clear(self) -> None:
        """Begin anew."""
        self._at_s.clear()

    def hz(self) -> float | None:
        """Return frames a second over the last second, or None while too few were painted.

        An overdue frame counts with the time for which it has been waited already: a cine that stands slows down.
        """
        now = self._clock()
        while self._at_s and now - self._at_s[0] > _WINDOW_S:
            self._at_s.popleft()
        if len(self._at_s) < 3:
            return None
        steps, took_s = len(self._at_s) - 1, self._at_s[-1] - self._at_s[0]
        return steps / took_s if now - self._at_s[-1] <= took_s / steps else (steps + 1) / (now - self._at_s[0])

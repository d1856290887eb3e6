"""Plays a cine by the clock: a slow machine drops frames and never time."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)

_WINDOW_S = 1.0
"""The shown rate is measured over this time."""


class Player(QObject):
    """Says which frame is due.

    Signals:
        frame_due: The frame to show now.
        frame_wanted: The frame that would be due, had it been decoded.
        playing_changed: Whether it plays.
    """

    frame_due = Signal(int)
    frame_wanted = Signal(int)
    playing_changed = Signal(bool)

    def __init__(
        self,
        is_ready: Callable[[int], bool],
        parent: QObject | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__(parent)
        self._is_ready, self._clock = is_ready, clock
        self._timer = QTimer(self, singleShot=True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._count, self._hz, self._speed = 1, 0.0, 1.0
        self.loops = True
        self._index = 0
        self._started_s = 0.0
        self._first = 0
        self._playing = False
        self._shown_at: deque[float] = deque(maxlen=512)

    @property
    def index(self) -> int:
        """The frame that was last due."""
        return self._index

    @property
    def is_playing(self) -> bool:
        """Whether it plays."""
        return self._playing

    @property
    def speed(self) -> float:
        """1 is the clip's own pace."""
        return self._speed

    @property
    def can_play(self) -> bool:
        """Whether there is more than one frame, and a rate."""
        return self._count > 1 and self._hz > 0

    def load(self, count: int, hz: float | None) -> None:
        """Take another clip, paused at its first frame."""
        self.pause()
        self._count, self._hz, self._index = max(count, 1), hz or 0.0, 0

    def play(self) -> None:
        """Go on from the current frame; from the first one where the last is reached."""
        if not self.can_play or self._playing:
            return
        if not self.loops and self._index == self._count - 1:
            self._show(0)
        self._playing = True
        self._rebase()
        self.playing_changed.emit(True)
        self._schedule()

    def pause(self) -> None:
        """Stay at the current frame."""
        self._timer.stop()
        self._shown_at.clear()
        if self._playing:
            self._playing = False
            self.playing_changed.emit(False)

    def toggle(self) -> None:
        """Play or pause."""
        if self._playing:
            self.pause()
        else:
            self.play()

    def seek(self, index: int) -> None:
        """Go to a frame; a cine that plays goes on from there."""
        self._show(min(max(index, 0), self._count - 1))
        if self._playing:
            self._rebase()
            self._schedule()

    def step(self, frames: int) -> None:
        """Pause, and go on or back by some frames, round the end."""
        self.pause()
        self._show((self._index + frames) % self._count)

    def set_speed(self, speed: float) -> None:
        """Play at a multiple of the clip's own pace."""
        self._speed = speed
        if self._playing:
            self._rebase()
            self._schedule()

    def shown_hz(self) -> float | None:
        """Return the frames really shown in the last second, or None while too few were."""
        now = self._clock()
        while self._shown_at and now - self._shown_at[0] > _WINDOW_S:
            self._shown_at.popleft()
        if len(self._shown_at) < 3:
            return None
        return (len(self._shown_at) - 1) / (self._shown_at[-1] - self._shown_at[0])

    def _rebase(self) -> None:
        self._started_s, self._first = self._clock(), self._index

    def _elapsed_frames(self) -> float:
        return (self._clock() - self._started_s) * self._hz * self._speed

    def _tick(self) -> None:
        steps = int(self._elapsed_frames() + 1e-6)
        due = self._first + steps
        if not self.loops and due >= self._count - 1:
            self._show(self._count - 1)
            self.pause()
            return
        ready = self._latest_ready(due)
        if ready is not None and ready != self._index:
            self._show(ready)
            self._shown_at.append(self._clock())
        if ready != due % self._count:
            self.frame_wanted.emit(due % self._count)
        self._schedule()

    def _latest_ready(self, due: int) -> int | None:
        """Return the last frame up to ``due`` that is decoded, as far back as the one now shown."""
        for back in range(min(self._count, 30)):
            index = (due - back) % self._count
            if self._is_ready(index):
                return index
            if index == self._index:
                return None
        return None

    def _schedule(self) -> None:
        elapsed = self._elapsed_frames()
        left = (math.floor(elapsed + 1e-6) + 1 - elapsed) / (self._hz * self._speed)
        self._timer.start(max(1, math.ceil(left * 1000)))

    def _show(self, index: int) -> None:
        self._index = index
        self.frame_due.emit(index)

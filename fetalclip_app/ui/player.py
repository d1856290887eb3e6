"""Plays a cine by the clock: a slow machine drops frames and never time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from fetalclip_app.domain.timing import PlayMode, Round, dwell_times

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)

_LOOK_BACK = 30
"""Steps before the one that is due in which a decoded frame is looked for."""

_SHORTEST_MS = 8
"""Between two frames: no screen shows more of them, and a cine of thousands a second must leave the window time."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The part between A and B, both of which play; None is the cine's own end."""

    a: int | None = None
    b: int | None = None

    @property
    def is_set(self) -> bool:
        """Whether anything less than the whole cine plays."""
        return self.a is not None or self.b is not None


class Player(QObject):
    """Says which frame is due. The one place that knows where the cine is, how fast it goes, and what follows.

    Signals:
        frame_due: The frame to show now.
        frame_wanted: The frame that would be due, had it been decoded.
        playing_changed: Whether it plays.
        part_changed: Mode or marks are others than before.
    """

    frame_due = Signal(int)
    frame_wanted = Signal(int)
    playing_changed = Signal(bool)
    part_changed = Signal()

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
        self._dwell_s: tuple[float, ...] = ()
        self._count, self._speed = 1, 1.0
        self._mode, self._marks = PlayMode.LOOP, Marks()
        self._round = Round((0,), (1.0,))
        self._index = self._step = self._due = 0
        self._started_s = self._offset_s = 0.0
        self._playing = self._backward = False

    @property
    def index(self) -> int:
        """The frame that was last due."""
        return self._index

    @property
    def count(self) -> int:
        """How many frames there are."""
        return self._count

    @property
    def is_playing(self) -> bool:
        """Whether it plays."""
        return self._playing

    @property
    def speed(self) -> float:
        """1 is the clip's own pace."""
        return self._speed

    @property
    def mode(self) -> PlayMode:
        """What follows the last frame."""
        return self._mode

    @property
    def marks(self) -> Marks:
        """Which part plays."""
        return self._marks

    @property
    def part(self) -> tuple[int, int]:
        """The first and the last frame that play."""
        marks = self._marks
        return (0 if marks.a is None else marks.a), (self._count - 1 if marks.b is None else marks.b)

    @property
    def can_play(self) -> bool:
        """Whether there is more than one frame, and a rate."""
        return len(self._dwell_s) > 1

    def load(self, count: int, hz: float | None, times_s: Sequence[float] | None = None) -> None:
        """Take another clip, paused at its first frame, all of which plays.

        Args:
            times_s: When each frame begins, from the first; None where they follow at an even rate.
        """
        self.pause()
        self._count, self._index, self._step, self._due = max(count, 1), 0, 0, 0
        self._dwell_s = dwell_times(count, hz, times_s) if hz and count > 1 else ()
        self._marks, self._backward = Marks(), False
        self._remake()

    def set_mode(self, mode: PlayMode) -> None:
        """Loop, sweep, or play once; a cine that plays goes on from where it is."""
        if mode is not self._mode:
            self._mode = mode
            self._remake()

    def mark(self, *, a: int | None = None, b: int | None = None) -> None:
        """Set one end of the part that plays, or both. An end that would leave less than two frames moves the other."""
        marks = replace(self._marks, **{name: at for name, at in (("a", a), ("b", b)) if at is not None})
        if marks.a is not None and marks.a >= self._count - 1:
            return
        if marks.b is not None and marks.b < 1:
            return
        if marks.a is not None and marks.b is not None and marks.a >= marks.b:
            marks = Marks(a=marks.a) if a is not None else Marks(b=marks.b)
        self._marks = marks
        self._remake()

    def unmark(self) -> None:
        """Let the whole cine play."""
        self._marks = Marks()
        self._remake()

    def play(self) -> None:
        """Go on from the current frame; from the first one where that is the last, or outside the part that plays."""
        if not self.can_play or self._playing:
            return
        first, last = self.part
        is_over = self._mode is PlayMode.ONCE and self._index == last
        self._playing = True
        self._enter(first if is_over else self._index)
        self.playing_changed.emit(True)
        self._schedule()

    def pause(self) -> None:
        """Stay at the current frame."""
        self._timer.stop()
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
        """Go to a frame; a cine that plays goes on from there, inside the part that plays."""
        first, last = self.part if self._playing else (0, self._count - 1)
        index = min(max(index, first), last)
        if self._playing:
            self._rebase(index)
        self._show(index)
        if self._playing:
            self._schedule()

    def step(self, frames: int) -> None:
        """Pause, and go on or back by some frames, round the end."""
        self.pause()
        self._show((self._index + frames) % self._count)

    def set_speed(self, speed: float) -> None:
        """Play at a multiple of the clip's own pace, from this moment on."""
        if self._playing:
            self._offset_s = self._elapsed_s()
            self._started_s = self._clock()
        self._speed = speed
        if self._playing:
            self._schedule()

    def upcoming(self, count: int) -> list[int]:
        """Return the frames that will be due, each once, the next one first; around the cursor while it stands."""
        if not self._playing:
            return self._around(count)
        steps = range(self._due, self._due + min(count, len(self._round)))
        if self._mode is PlayMode.ONCE:
            steps = range(self._due, min(steps.stop, len(self._round)))
        return list(dict.fromkeys(self._round.frame(step) for step in steps))

    def _around(self, count: int) -> list[int]:
        near = [self._index]
        for away in range(1, count):
            near += [self._index + away, self._index - away]
        return list(dict.fromkeys(index % self._count for index in near[:count]))

    def _remake(self) -> None:
        if self.can_play:
            first, last = self.part
            self._round = Round.of(self._dwell_s, self._mode, first, last)
        if self._playing:
            self._enter(self._index)
            self._schedule()
        self.part_changed.emit()

    def _enter(self, index: int) -> None:
        """Let the clock begin at this frame, or at the first one of the part that plays where it lies outside."""
        first, last = self.part
        index = index if first <= index <= last else first
        self._rebase(index)
        if index != self._index:
            self._show(index)

    def _rebase(self, index: int) -> None:
        """Let the clock begin anew at this frame, in the direction that it goes."""
        self._step = self._due = self._round.step_of(index, backward=self._backward)
        self._started_s, self._offset_s = self._clock(), self._round.begins_s(self._step)

    def _elapsed_s(self) -> float:
        """Return the time since the beginning of round 0, in seconds of the cine."""
        return (self._clock() - self._started_s) * self._speed + self._offset_s

    def _tick(self) -> None:
        self._due = self._round.step_at(self._elapsed_s())
        if self._mode is PlayMode.ONCE and self._due >= len(self._round) - 1:
            self._step = self._due = len(self._round) - 1
            self.pause()
            self._show(self._round.frame(self._step))
            return
        ready = self._latest_ready()
        if ready is not None and ready != self._step:
            self._step, self._backward = ready, self._round.goes_back(ready)
            self._show(self._round.frame(ready))
        if ready != self._due:
            self.frame_wanted.emit(self._round.frame(self._due))
        self._schedule()

    def _latest_ready(self) -> int | None:
        """Return the last step up to the one due whose frame is decoded, as far back as the one now shown."""
        for step in range(self._due, max(self._step, self._due - _LOOK_BACK) - 1, -1):
            if self._is_ready(self._round.frame(step)):
                return step
        return None

    def _schedule(self) -> None:
        left_s = (self._round.begins_s(self._due + 1) - self._elapsed_s()) / self._speed
        self._timer.start(min(max(_SHORTEST_MS, math.ceil(left_s * 1000)), 60_000))

    def _show(self, index: int) -> None:
        self._index = index
        self.frame_due.emit(index)

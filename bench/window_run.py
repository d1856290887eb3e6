"""The real window from its first moment: how long its event loop is ever held up.

``python -m bench.window_run FILE FRAMES`` prints one line of JSON. The window opens, the model's process starts
and loads, the file is opened and played at once, until the model has read the last of its frames and answered every
task. All that while a timer asks for a beat every few milliseconds; the time between two beats is a gap.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QWidget

from bench.files_late import judge
from bench.files_scene import RATE_HZ
from bench.files_window import Bench
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.settings import HOME_VARIABLE
from fetalclip_app.ui.open_clip import ReadState

BEAT_MS = 4

MODEL_ROOMS = ("torch", "torchvision", "open_clip", "timm")


@dataclass
class Beats:
    """Times between two beats, by what was under way.

    Attributes:
        gaps_s: Name of the phase -> seconds on the wall between two beats.
        busy_s: The same -> of each gap, the processor time of the window's thread, and of all threads of its process.
    """

    phase: str = ""
    gaps_s: dict[str, list[float]] = field(default_factory=dict)
    busy_s: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._timer = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._last = _now()

    def start(self, phase: str) -> None:
        """Begin to count, or go on under another name."""
        self.phase = phase
        if not self._timer.isActive():
            self._last = _now()
            self._timer.start()

    def stop(self) -> None:
        """Count no longer."""
        self._timer.stop()

    def told(self) -> dict[str, dict[str, Any]]:
        """Return what is told of each phase."""
        return {name: self._told(name) for name in self.gaps_s}

    def _told(self, name: str) -> dict[str, Any]:
        gaps, busy = sorted(self.gaps_s[name]), self.busy_s[name]
        longest = busy[int(np.argmax(self.gaps_s[name]))]
        over = [gap for gap in gaps if gap > 0.05]
        usual = gaps[int(0.999 * (len(gaps) - 1))]
        return {
            "longest_s": gaps[-1],
            "p999_s": usual,
            "over": len(over),
            "beats": len(gaps),
            "busiest_s": max(thread for thread, _process in busy),
            "in_longest_s": longest,
        }

    def _beat(self) -> None:
        now = _now()
        wall_s, thread_s, process_s = (after - before for after, before in zip(now, self._last, strict=True))
        self.gaps_s.setdefault(self.phase, []).append(wall_s)
        self.busy_s.setdefault(self.phase, []).append((thread_s, process_s))
        self._last = now


def _now() -> tuple[float, float, float]:
    """Return the time on the wall, and the processor time of this thread and of the whole process."""
    return time.perf_counter(), time.thread_time(), time.process_time()


class _Painted(QObject):
    """Sees the first paint of the window, which loads fonts and icons: before it nobody sees anything."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.is_done = False
        window.installEventFilter(self)
        window.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Note that a paint has begun; it is over when the event loop is asked again."""
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self, self._note)
        return False

    def _note(self) -> None:
        self.is_done = True


def from_the_first_moment(loop: Path, frames: int) -> dict[str, Any]:
    """Start, load, open, play and read."""
    bench = Bench()
    painted = _Painted(bench.window)
    bench.wait(lambda: painted.is_done)
    session, player = bench.session, bench.window.viewer.player
    beats = Beats()
    beats.start("the model loads")
    began_s = time.perf_counter()
    bench.studio.start([loop], EngineRequest(device="cpu"))
    bench.wait(lambda: bench.window.viewer.on_screen == 0)
    bench.wait(lambda: bool(bench.witness.of(1)))
    shown_s = time.perf_counter() - began_s
    pressed_s, place = time.perf_counter(), player.index
    bench.window.actions_by_name["play"].trigger()
    bench.wait(lambda: session.info is not None or session.model_error is not None)
    if session.model_error is not None:
        raise session.model_error
    loaded_s = time.perf_counter() - began_s
    beats.start("the model reads")
    shown = session.entries[0]
    bench.wait(lambda: shown.state in {ReadState.READ, ReadState.FAILED}, patience_s=200.0)
    released_s = time.perf_counter()
    bench.window.actions_by_name["play"].trigger()
    beats.stop()
    late = judge(bench.witness.of(1), pressed_s=pressed_s, released_s=released_s, loop=(place, frames), hz=RATE_HZ)
    found = {
        "shown_s": shown_s,
        "loaded_s": loaded_s,
        "read_s": released_s - began_s - loaded_s,
        "was_read": shown.state is ReadState.READ,
        "late": asdict(late),
        "gaps": beats.told(),
        "model_rooms": [name for name in MODEL_ROOMS if name in sys.modules],
    }
    bench.studio.end()
    return found


def main() -> int:
    """Measure, and print what was found."""
    loop, frames = sys.argv[1:]
    with tempfile.TemporaryDirectory() as home:
        os.environ[HOME_VARIABLE] = home
        found = from_the_first_moment(Path(loop), int(frames))
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

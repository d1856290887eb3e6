"""The real window, in a process of its own: first picture, memory, thumbnails, lateness while the model reads.

``python -m bench.files_window TASK FILE ...`` prints one line of JSON. What is measured is what was painted: the number
of the frame is read from the very pixels that a paint has just drawn, at the time when that paint ended.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication

from bench.files_late import Lateness, Paint, judge
from bench.files_scene import RATE_HZ, code_of
from bench.forgetful import load_forgetful
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.inference.worker import ModelProcess
from fetalclip_app.settings import HOME_VARIABLE, Settings
from fetalclip_app.ui import theme
from fetalclip_app.ui.app import Studio
from fetalclip_app.ui.collecting import spare_what_stays
from fetalclip_app.ui.frame_view import FrameView
from fetalclip_app.ui.open_clip import ReadState

OPENINGS = 7
"""How often the loop is opened for its first picture."""

PLAY_S = 25.0
"""How long it plays while the model reads; the same again without playing, for what playing costs the reading."""

_PATIENCE_S = 120.0


class Witness:
    """Sees every paint of a picture: frames by their mark and number, and when."""

    def __init__(self) -> None:
        self.paints: list[tuple[int, Paint]] = []
        whole = FrameView.paintEvent

        def watched(view: FrameView, event: QPaintEvent) -> None:
            whole(view, event)
            ended_s, pixels = time.perf_counter(), view.pixels
            if pixels is not None:
                number, mark = code_of(pixels)
                if not self.paints or self.paints[-1][0] != mark or self.paints[-1][1].number != number:
                    self.paints.append((mark, Paint(ended_s, number)))

        FrameView.paintEvent = watched  # type: ignore[method-assign, assignment]

    def of(self, mark: int) -> list[Paint]:
        """Return the paints of one file."""
        return [paint for seen, paint in self.paints if seen == mark]


class Bench:
    """The program, as a user starts it, without its event loop: tasks run that until something has happened."""

    def __init__(self) -> None:
        self.witness = Witness()
        app = QApplication.instance() or QApplication(sys.argv[:1])
        assert isinstance(app, QApplication)
        theme.apply(app)
        self.studio = Studio(Settings(), ModelProcess(load_forgetful))
        self.window, self.session = self.studio.window, self.studio.session
        self.window.show()
        self.wait(self.window.isVisible)
        spare_what_stays()

    def wait(self, until: Callable[[], bool], patience_s: float = _PATIENCE_S) -> None:
        """Run the window until something is so.

        Raises:
            TimeoutError: It did not become so.
        """
        loop, clock = QEventLoop(), QTimer()
        clock.timeout.connect(lambda: loop.quit() if until() else None)
        clock.start(2)
        QTimer.singleShot(round(1000 * patience_s), loop, loop.quit)
        if not until():
            loop.exec()  # and not processEvents with a time, which keeps Python's lock while it waits
        clock.stop()
        if not until():
            raise TimeoutError("the window did not come to what was waited for")

    def run(self, seconds: float, every: Callable[[], object] = lambda: None) -> None:
        """Run the window for a time, in its own event loop; ``every`` is called ten times a second."""
        loop, clock, end = QEventLoop(), QTimer(), QTimer(singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        clock.timeout.connect(every)
        end.timeout.connect(loop.quit)
        clock.start(100)
        end.start(round(1000 * seconds))
        loop.exec()
        clock.stop()

    def open(self, path: Path, mark: int) -> float:
        """Open a file and return how long its first picture took, from the call to the end of the paint."""
        self.witness.paints.clear()
        began = time.perf_counter()
        self.window.open_menu.open_paths([path])
        self.wait(lambda: bool(self.witness.of(mark)))
        return self.witness.of(mark)[0].ended_s - began

    def close(self) -> None:
        """Close every clip."""
        while self.session.entries:
            self.session.close(self.session.entries[0])
        self.run(0.1)

    def play(self, seconds: float, every: Callable[[], object] = lambda: None, *, mark: int, count: int) -> Lateness:
        """Press play, let it run, press pause, and judge what was painted."""
        player = self.window.viewer.player
        self.wait(lambda: self.window.viewer.on_screen == player.index)
        first = player.index
        pressed_s = time.perf_counter()
        self.window.actions_by_name["play"].trigger()
        self.run(seconds, every)
        released_s = time.perf_counter()
        self.window.actions_by_name["play"].trigger()
        paints = self.witness.of(mark)
        return judge(paints, pressed_s=pressed_s, released_s=released_s, loop=(first, count), hz=RATE_HZ)


def first_picture_and_memory(warm_up: Path, loop: Path, frames: int) -> dict[str, Any]:
    """Open the loop several times, then play it once from end to end, without a model.

    The small file is opened before, so that interpreter, codecs and fonts are loaded; memory counts from there.
    """
    bench = Bench()
    bench.open(warm_up, 0)
    bench.close()
    before = resident_bytes()
    opened_s = []
    for _ in range(OPENINGS):
        opened_s.append(bench.open(loop, 1))
        if len(opened_s) < OPENINGS:
            bench.close()
    after_opening, peak = resident_bytes(), [resident_bytes()]
    late = bench.play(frames / RATE_HZ + 1.0, lambda: peak.append(resident_bytes()), mark=1, count=frames)
    seen = len({paint.number for paint in bench.witness.of(1)})
    bench.studio.end()
    return {
        "first_s": opened_s,
        "opened_bytes": after_opening - before,
        "added_bytes": max(peak) - before,
        "seen": seen,
        "late": asdict(late),
    }


def thumbnails(warm_up: Path, folder: Path, count: int) -> dict[str, Any]:
    """Open a folder, and wait until every clip is listed with its thumbnail."""
    bench = Bench()
    bench.open(warm_up, 0)
    bench.close()
    began = time.perf_counter()
    bench.window.open_menu.open_paths([folder])
    bench.wait(lambda: len(bench.session.entries) == count)
    listed_s = time.perf_counter() - began
    bench.wait(lambda: all(entry.thumbnail for entry in bench.session.entries))
    seconds = time.perf_counter() - began
    bench.studio.end()
    return {"seconds": seconds, "listed_s": listed_s, "count": count}


def while_the_model_reads(loop: Path, frames: int) -> dict[str, Any]:
    """Play the loop while the bundled model reads it, then let it read without playing."""
    bench = Bench()
    bench.studio.start([], EngineRequest(device="cpu"))
    bench.wait(lambda: bench.session.info is not None or bench.session.model_error is not None)
    if bench.session.model_error is not None:
        raise bench.session.model_error
    pace = Pace(bench)
    bench.open(loop, 1)
    bench.wait(lambda: pace.done >= 8)
    late = bench.play(PLAY_S, pace.look, mark=1, count=frames)
    read_playing_hz, was_reading = pace.take(), pace.is_under_way
    bench.run(PLAY_S / 2, pace.look)
    read_alone_hz = pace.take()
    bench.studio.end()
    return {
        "late": asdict(late),
        "read_playing_hz": read_playing_hz,
        "read_alone_hz": read_alone_hz,
        "was_reading": was_reading,
    }


class Pace:
    """How many frames a second the model reads; once it is through, it is asked to begin again."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.done = 0
        self._total = 0
        self._began_s = time.perf_counter()
        self._idle = 0
        self._looks = 0
        bench.session.activity_changed.connect(self._told)

    @property
    def is_under_way(self) -> bool:
        """Whether the model was reading at nine of ten looks."""
        return self._looks > 0 and self._idle <= self._looks / 10

    def look(self) -> None:
        """Ask for another reading where there is none under way."""
        shown = self._bench.session.shown
        self._looks += 1
        if shown is not None and shown.state in {ReadState.READ, ReadState.FAILED}:
            self._idle += 1
            self._bench.session.read_again()

    def take(self) -> float:
        """Return frames a second since this was asked last."""
        now = time.perf_counter()
        hz, self._total, self._began_s = self._total / (now - self._began_s), 0, now
        return hz

    def _told(self, activity: Any) -> None:
        if activity is None or activity.total == 0:
            return
        if activity.done < self.done:
            self.done = 0
        self._total += activity.done - self.done
        self.done = activity.done


def resident_bytes() -> int:
    """Return the memory of this process that is in RAM, as the system counts it."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> int:
    """Do one task and print what was found."""
    task, *arguments = sys.argv[1:]
    with tempfile.TemporaryDirectory() as home:
        os.environ[HOME_VARIABLE] = home
        match task, arguments:
            case "first", [warm_up, loop, frames]:
                found = first_picture_and_memory(Path(warm_up), Path(loop), int(frames))
            case "thumbnails", [warm_up, folder, count]:
                found = thumbnails(Path(warm_up), Path(folder), int(count))
            case "model", [loop, frames]:
                found = while_the_model_reads(Path(loop), int(frames))
            case _:
                raise SystemExit(__doc__)
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

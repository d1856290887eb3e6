"""Walks through the program at random: no exception, no warning, no thread, process or memory left.

``python -m bench.walk --minutes 10 --seed 1`` starts the program with its model in its own process, as a user does, on
generated scans, one of them damaged; it prints what went wrong, and ends with 1 where something did.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PIL import Image
from PySide6.QtGui import QDesktopServices
from PySide6.QtPrintSupport import QPrintDialog
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMessageBox

from bench.files_scene import COARSE, picture, write_cine
from bench.walk_steps import Walker
from bench.walk_watch import Watch
from fetalclip_app import resources
from fetalclip_app.settings import HOME_VARIABLE, Settings
from fetalclip_app.ui import theme
from fetalclip_app.ui.app import Studio
from fetalclip_app.ui.model_menu import engine_request

SAMPLE = "samples/simulated_head.dcm"
_LATE = (
    *("fetalclip_app.report.pdf", "fetalclip_app.report.movie", "fetalclip_app.report.dicom.export"),
    *("fetalclip_app.imaging.dicom.structured", "onnxruntime", "rapidocr"),
)
"""What the window imports when it is first asked for: by chance that may be in the walk's last minute."""

RESTS = 6
"""How often all is closed and memory is looked at."""


def walk(walker: Walker, watch: Watch, seconds: float) -> int:
    """Take steps for a time, resting now and then; return how many steps it were."""
    begun, steps = time.monotonic(), 0
    for rest in range(1, RESTS + 1):
        while time.monotonic() - begun < seconds * rest / RESTS and not watch.said:
            walker.step()
            steps += 1
        walker.rest()
        watch.rest()
    return steps


@contextmanager
def answered(folder: Path, chance: Random) -> Iterator[None]:
    """Let the system's dialogs answer at once: with a file in ``folder``, or as if they were closed."""

    def saved(*given: Any, **named: Any) -> tuple[str, str]:
        return (str(folder / f"written{chance.randrange(4)}{Path(str(given[2])).suffix}"), "") if _nods() else ("", "")

    def opened(*given: Any, **named: Any) -> tuple[str, str]:
        return str(folder / "not_there.json") if _nods() else "", ""

    def _nods() -> bool:
        return chance.random() < 0.5

    answers: list[tuple[Any, str, Callable[..., Any]]] = [
        (QFileDialog, "getOpenFileNames", lambda *given, **named: ([], "")),
        (QFileDialog, "getOpenFileName", opened),
        (QFileDialog, "getSaveFileName", saved),
        (QFileDialog, "getExistingDirectory", lambda *given, **named: str(folder) if _nods() else ""),
        (QMessageBox, "question", lambda *given, **named: QMessageBox.StandardButton.No),
        (QDesktopServices, "openUrl", lambda *given: True),
        (QDialog, "exec", lambda dialog: QDialog.DialogCode.Rejected),
        (QPrintDialog, "exec", lambda dialog: QDialog.DialogCode.Rejected),
    ]
    before = [getattr(kind, name) for kind, name, _answer in answers]
    for kind, name, answer in answers:
        setattr(kind, name, answer if name == "exec" else staticmethod(answer))
    try:
        yield
    finally:
        for (kind, name, _answer), was in zip(answers, before, strict=True):
            setattr(kind, name, was)


def scans(folder: Path) -> list[Path]:
    """Write what is opened: cines, a still, and a cine that ends too early; and the bundled sample."""
    cines = [write_cine(folder / f"cine{mark}.dcm", range(24), 80, mark=mark, grain=COARSE) for mark in (1, 2)]
    still = folder / "still.png"
    Image.fromarray(picture(3, 3, COARSE)).save(still)
    damaged = folder / "damaged.dcm"
    damaged.write_bytes(cines[0].read_bytes()[:-200_000])
    return [*cines, still, damaged, resources.path(SAMPLE)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Walk, and say how it went."""
    parser = argparse.ArgumentParser(prog="python -m bench.walk", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as home:
        os.environ[HOME_VARIABLE] = home
        return _walk(Path(home), given.minutes, given.seed)


def _walk(home: Path, minutes: float, seed: int) -> int:
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    theme.apply(app)
    chance, watch = Random(seed), Watch()
    files = scans(home)
    for name in _LATE:
        importlib.import_module(name)
    watch.begin()
    try:
        with answered(home, chance):
            studio = Studio(Settings())
            app.installEventFilter(studio.keys)
            studio.window.show()
            studio.start(files[:1], engine_request(Settings()))
            walker = Walker(studio.window, files, chance)
            steps = walk(walker, watch, 60 * minutes)
            studio.end()
    finally:
        watch.end()  # it hears of what nobody catches, so that an error of the walk itself would be told to nobody
    faults = watch.faults()
    memory = ", ".join(f"{one:.0f}" for one in watch.rss_mb)
    objects = ", ".join(str(one) for one in watch.objects)
    print(f"seed {seed}: {steps} steps in {minutes:g} minutes")
    print(f"  MB held at each rest: {memory}; objects of Qt: {objects}")
    for fault in faults:
        print(f"  {fault}")
    if faults:
        print("  the last steps: " + " | ".join(walker.taken))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

"""``FetalCLIP-Studio self-check --out FOLDER``: the window reads the bundled sample and exports it, all by itself.

Shows that an installation is whole. The road is a person's: the window is shown, the sample opened, read by the model
in its own process, exported by the menu's commands, and the window closed. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

PATIENCE_S = 300.0
"""How long anything may take: a first start reads gigabytes from the disk."""

EXPORTS = {
    "export_pdf": "sample.pdf",
    "export_json": "sample.json",
    "export_png": "sample.png",
    "export_csv": "sample.csv",
    "export_mp4": "sample.mp4",
    "export_dicom": "objects",
}
"""Command of the window -> what it writes: a file, or a folder of DICOM objects."""


def main(arguments: Sequence[str]) -> int:
    """Check and return the exit status: 0 where all was done."""
    parser = argparse.ArgumentParser(prog="FetalCLIP-Studio self-check", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for what is exported, settings and archive")
    parser.add_argument("--started", type=float, default=time.time(), help="when the program was started, Unix time")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from fetalclip_app.settings import HOME_VARIABLE  # noqa: PLC0415 - after the platform is named

    os.environ[HOME_VARIABLE] = str(given.out / "home")
    told = _Sitting(given.out, given.started).told()
    sys.stdout.write(json.dumps(told) + "\n")
    return 0


class _Sitting:
    """One session at the window, from its first moment to its last."""

    def __init__(self, folder: Path, started: float) -> None:
        from PySide6.QtWidgets import QApplication  # noqa: PLC0415 - only here is Qt needed

        from fetalclip_app.settings import Settings  # noqa: PLC0415
        from fetalclip_app.ui import theme  # noqa: PLC0415
        from fetalclip_app.ui.app import Studio  # noqa: PLC0415

        self._folder, self._started = folder, started
        self._app = QApplication(sys.argv[:1])
        theme.apply(self._app)
        self._studio = Studio(Settings())
        self._window = self._studio.window

    def told(self) -> dict[str, Any]:
        """Do everything and return what was seen."""
        from fetalclip_app import __version__  # noqa: PLC0415
        from fetalclip_app.ui.app import sample  # noqa: PLC0415

        self._window.show()
        self._app.processEvents()
        told: dict[str, Any] = {"version": __version__, "window_s": self._since()}
        path = sample()
        assert path is not None, "the sample is not in the program"
        self._studio.start([path], None)
        session = self._studio.session
        self._wait("the first picture", lambda: self._window.viewer.on_screen == 0)
        told["picture_s"] = self._since()
        self._wait("the model", lambda: session.info is not None or session.model_error is not None)
        if session.info is None:
            raise session.model_error or RuntimeError("no model")
        told |= {"model_s": self._since(), "model": session.info.identity.title, "device": session.info.device}
        self._wait("the reading", lambda: bool(session.entries) and session.entries[0].reading is not None)
        told |= {"read_s": self._since(), "device_on_screen": self._window.status.device.text()}
        told["exported"] = {name: self._exported(name) for name in EXPORTS if name in self._window.actions_by_name}
        self._window.actions_by_name["quit"].trigger()
        self._wait("the end", lambda: not self._window.isVisible())
        self._studio.end()
        return told | {"whole_s": self._since()}

    def _exported(self, name: str) -> int:
        """Export by a command of the window and return the bytes of what was written."""
        exporting, ended = self._window.exporting, list[object]()
        exporting.ask = lambda *_asked: self._folder / EXPORTS[name]
        exporting.ask_folder = lambda *_asked: _made(self._folder / EXPORTS[name])
        for signal in (exporting.written, exporting.failed, exporting.refused):
            signal.connect(ended.append)
        self._window.actions_by_name[name].trigger()
        self._wait(name, lambda: bool(ended))
        for signal in (exporting.written, exporting.failed, exporting.refused):
            signal.disconnect(ended.append)
        if not isinstance(ended[0], Path):
            raise ended[0] if isinstance(ended[0], Exception) else RuntimeError(f"{name}: {ended[0]}")
        files = [ended[0]] if ended[0].is_file() else [path for path in ended[0].rglob("*") if path.is_file()]
        return sum(path.stat().st_size for path in files)

    def _since(self) -> float:
        return round(time.time() - self._started, 2)

    def _wait(self, what: str, until: Callable[[], bool]) -> None:
        """Run the window until something is so.

        Raises:
            TimeoutError: It did not become so.
        """
        from PySide6.QtCore import QEventLoop, QTimer  # noqa: PLC0415

        loop, clock = QEventLoop(), QTimer()
        clock.timeout.connect(lambda: loop.quit() if until() else None)
        clock.start(5)
        QTimer.singleShot(round(1000 * PATIENCE_S), loop, loop.quit)
        if not until():
            loop.exec()
        clock.stop()
        if not until():
            raise TimeoutError(f"{what} did not come within {PATIENCE_S:.0f} seconds")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder

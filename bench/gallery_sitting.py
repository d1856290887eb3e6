"""A sitting at the program, for its pictures: wait, press, and write what the window shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QPoint, QRect, QTimer
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget

from fetalclip_app.settings import Settings, ThemeChoice
from fetalclip_app.ui import theme
from fetalclip_app.ui.app import Studio
from fetalclip_app.ui.first_run import VERSION
from fetalclip_app.ui.open_clip import ReadState

SIZES = {100: (1440, 900), 200: (960, 600)}
"""Of the window, in points: at 200 % as much as a screen of 1920 x 1200 has."""

WHO = "A. Sonographer"

_PATIENCE_S = 240.0


class Sitting:
    """One run of the program."""

    def __init__(self, look: ThemeChoice, percent: int, folder: Path, only: set[str], files: list[Path]) -> None:
        self._look, self._percent, self._folder, self._only, self._files = look, percent, folder, only, files
        self.studio = Studio(Settings(theme=look, language="en", operator=WHO, notice_seen=VERSION))
        self.window = self.studio.window
        self.window.resize(*SIZES[percent])
        self.window.show()
        self.rest(0.3)

    def wait(self, until: Callable[[], object]) -> None:
        """Run the window until something is so."""
        loop, clock = QEventLoop(), QTimer()
        clock.timeout.connect(lambda: loop.quit() if until() else None)
        clock.start(10)
        QTimer.singleShot(round(1000 * _PATIENCE_S), loop, loop.quit)
        loop.exec()
        clock.stop()
        if not until():
            raise TimeoutError("the window did not come to what was waited for")

    def rest(self, seconds: float = 0.5) -> None:
        """Let what is under way come."""
        loop = QEventLoop()
        QTimer.singleShot(round(1000 * seconds), loop, loop.quit)
        loop.exec()

    def press(self, name: str) -> None:
        """Do a command."""
        self.window.actions_by_name[name].trigger()

    def is_wanted(self, name: str) -> bool:
        """Whether a state is to be shown in this run."""
        return not self._only or name in self._only

    def show(self, name: str) -> None:
        """Write what is on the screen now: the window, and what lies over it."""
        if not self.is_wanted(name):
            return
        self.rest()
        self.window.grab()  # lays out what was never painted
        picture = self.window.grab().toImage()
        painter = QPainter(picture)
        for top in QApplication.topLevelWidgets():
            if top.isVisible() and top is not self.window:
                place = self._place(top)
                painter.drawImage(place, top.grab().toImage())
                painter.setPen(QColor(theme.tokens().faint))
                painter.drawRect(QRect(place, top.size()).adjusted(-1, -1, 0, 0))
        painter.end()
        self.save(name, picture)

    def save(self, name: str, picture: QImage) -> None:
        """Write a picture under a state's name, with the place of the scans in it, in pixels."""
        stage = self.window.area.stage
        ratio = self.window.devicePixelRatioF()
        place = QRect(stage.mapTo(self.window, QPoint(0, 0)), stage.size())
        if self.window.area.companion is not None:
            place.setRight(self.window.area.mapTo(self.window, QPoint(self.window.area.width(), 0)).x())
        sides = (place.x(), place.y(), place.right(), place.bottom())
        picture.setText("scans", ",".join(str(round(side * ratio)) for side in sides))
        picture.save(str(self._folder / f"{name}_{self._look}_{self._percent}.png"))

    def _place(self, top: QWidget) -> QPoint:
        """Return where a widget of its own lies in the window: a dialog stands in the middle, others where they are."""
        room = self.window.rect()
        corner = top.mapToGlobal(QPoint(0, 0)) - self.window.mapToGlobal(QPoint(0, 0))
        if top.isWindow() and top.isModal():
            corner = room.center() - top.rect().center()
        x = min(max(corner.x(), 8), max(room.width() - top.width() - 8, 0))
        y = min(max(corner.y(), 8), max(room.height() - top.height() - 8, 0))
        return QPoint(x, y)

    def show_findings(self) -> None:
        """Unfold the findings where the window is too narrow for a column of them."""
        if not self.window.findings.isVisible():
            self.press("panel_findings")

    def close_all(self) -> None:
        """Close what a state left open."""
        for top in QApplication.topLevelWidgets():
            if top is not self.window and top.isVisible():
                top.close()
        for _ in range(6):
            self.press("dismiss")
        self.window.findings.verticalScrollBar().setValue(0)
        self.rest(0.1)

    def open_scans(self) -> None:
        """Open the scans and wait until all are read, and drawn."""
        self.studio.start(self._files, None)
        session = self.studio.session
        done = {ReadState.READ, ReadState.FAILED}
        count = len(self._files)
        self.wait(lambda: len(session.entries) == count and all(entry.state in done for entry in session.entries))
        self.wait(lambda: all(entry.thumbnail is not None for entry in session.entries))
        self.show_clip("head.dcm")

    def show_clip(self, name: str) -> None:
        """Look at a clip, at the frame that its head was measured on."""
        session, window = self.studio.session, self.window
        session.show(next(entry for entry in session.entries if entry.clip.name == name))
        self.wait(lambda: window.viewer.on_screen is not None and window.notebook.clip is not None)
        self.press("measured")
        self.rest(0.3)

"""Tells of many changes seldom: of the first at once, of the others together a little later."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

FEW = 64
"""Up to so many clips every change is told at once."""

_MS_EACH = 0.1
"""Wait for each open clip: showing a list takes longer the longer it is."""


class Seldom(QObject):
    """Keeps the window awake while thousands of clips arrive.

    Signals:
        due: Show what there is now.
    """

    due = Signal()

    def __init__(self, count: Callable[[], int], parent: QObject) -> None:
        super().__init__(parent)
        self._count, self._is_late = count, False
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._pass)

    def ask(self) -> None:
        """Something has changed."""
        if self._timer.isActive():
            self._is_late = True
            return
        self.due.emit()
        if self._count() > FEW:
            self._timer.start(100 + round(_MS_EACH * self._count()))

    def flush(self) -> None:
        """Tell now what was not told yet."""
        self._timer.stop()
        self._pass()

    def _pass(self) -> None:
        if self._is_late:
            self._is_late = False
            self.ask()

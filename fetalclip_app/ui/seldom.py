"""Tells of many changes seldom: of the first in an event of its own, of the others together a little later."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

FEW = 64
"""Up to so many clips nothing is told later than in the next event."""

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
        self._count, self._is_due = count, False
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.flush)

    def ask(self) -> None:
        """Something has changed."""
        self._is_due = True
        if not self._timer.isActive():
            self._timer.start(0)

    def flush(self) -> None:
        """Tell now what was not told yet."""
        self._timer.stop()
        if self._is_due:
            self._is_due = False
            self.due.emit()
            if self._count() > FEW:
                self._timer.start(100 + round(_MS_EACH * self._count()))

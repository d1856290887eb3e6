"""Keys that a field or a list keeps for itself, though the window has commands on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

Answers = Mapping[Qt.Key, Callable[[], object] | None]


class OwnKeys(QObject):
    """While ``widget`` has the focus these keys are its own.

    Args:
        answers: Key -> what it does; None leaves it to the widget.
    """

    def __init__(self, widget: QWidget, answers: Answers) -> None:
        super().__init__(widget)
        self._answers = answers
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep them from the window's commands, and answer them."""
        if not isinstance(event, QKeyEvent) or Qt.Key(event.key()) not in self._answers:
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        answer = self._answers[Qt.Key(event.key())]
        if event.type() != QEvent.Type.KeyPress or answer is None:
            return False
        answer()
        return True

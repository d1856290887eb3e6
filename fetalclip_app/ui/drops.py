"""A window on which files and folders can be dropped."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QMainWindow


class TakesDrops(QMainWindow):
    """Takes what is dragged from a file manager.

    Signals:
        dragged_over: Whether something that can be dropped is over the window.
        dropped: A list of paths.
    """

    dragged_over = Signal(bool)
    dropped = Signal(list)

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self.dragged_over.emit(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Nothing was dropped."""
        self.dragged_over.emit(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Tell what was dropped, once the other program has been let go."""
        self.dragged_over.emit(False)
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        QTimer.singleShot(0, lambda: self.dropped.emit(paths))

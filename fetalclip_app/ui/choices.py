"""What the user chose, as the parts of the window read it and change it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from fetalclip_app.settings import Settings


class Choices(QObject):
    """Holds the settings while the program runs.

    Signals:
        changed: New `Settings`, to be saved.
    """

    changed = Signal(object)

    def __init__(self, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self.now = settings

    def keep(self, **choices: object) -> None:
        """Change some of them."""
        self.now = self.now.model_copy(update=choices)
        self.changed.emit(self.now)

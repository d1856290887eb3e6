"""Opens the window of de-identification on the clips that are open."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from fetalclip_app.ui.deidentify_window import DeidentifyWindow
from fetalclip_app.ui.deidentifying import Deidentifying
from fetalclip_app.ui.jobs import Jobs
from fetalclip_app.ui.session import Session


class DeidentifyDoor(QObject):
    """Holds the work and, once it was wanted, its window."""

    def __init__(self, jobs: Jobs, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._parent = session, window
        self.work = Deidentifying(jobs, self)
        self.window: DeidentifyWindow | None = None

    def open(self) -> None:
        """Show the window; the clips that are open now are its files, unless it is at work."""
        if self.window is None:
            self.window = DeidentifyWindow(self.work, self._parent)
        if not self.work.is_busy:
            self.work.begin([entry.clip.path for entry in self._session.entries])
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

"""Opens the window of de-identification on the clips that are open; until then none of it is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from fetalclip_app.ui.jobs import Jobs
from fetalclip_app.ui.session import Session

if TYPE_CHECKING:
    from fetalclip_app.ui.deidentify_window import DeidentifyWindow
    from fetalclip_app.ui.deidentifying import Deidentifying


class DeidentifyDoor(QObject):
    """Holds the work and its window, once they were wanted.

    Signals:
        activity_changed: An `Activity`, or None.
        copied: The tuple of `Case` of which copies are written.
    """

    activity_changed = Signal(object)
    copied = Signal(object)

    def __init__(self, jobs: Jobs, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._jobs, self._session, self._parent = jobs, session, window
        self.work: Deidentifying | None = None
        self.window: DeidentifyWindow | None = None

    def open(self) -> None:
        """Show the window; the clips that are open now are its files, unless it is at work."""
        work, window = self._made()
        if not work.is_busy:
            work.begin([entry.clip.path for entry in self._session.entries])
        window.show()
        window.raise_()
        window.activateWindow()

    def cancel(self) -> None:
        """Stop what is under way, if anything is."""
        if self.work is not None:
            self.work.cancel()

    def _made(self) -> tuple[Deidentifying, DeidentifyWindow]:
        # The codecs and the mask's finder wait until somebody de-identifies.
        from fetalclip_app.ui.deidentify_window import DeidentifyWindow  # noqa: PLC0415
        from fetalclip_app.ui.deidentifying import Deidentifying  # noqa: PLC0415

        if self.work is None or self.window is None:
            self.work = Deidentifying(self._jobs, self)
            self.work.activity_changed.connect(self.activity_changed)
            self.work.written.connect(lambda _count, _folder: self._tell_copies())
            self.window = DeidentifyWindow(self.work, self._parent)
        return self.work, self.window

    def _tell_copies(self) -> None:
        cases = self.work.cases if self.work is not None else []
        self.copied.emit(tuple(case for case in cases if case.written is not None))

"""Opens the window that finds studies; until then none of it is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from fetalclip_app.archive.store import Archive

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts
    from fetalclip_app.ui.keeping.find_window import FindWindow


class FindDoor(QObject):
    """Holds the window, once it was wanted."""

    def __init__(self, archive: Archive, parts: Parts) -> None:
        super().__init__(parts.window)
        self._archive, self._parts = archive, parts
        self.window: FindWindow | None = None
        parts.actions["find_study"].triggered.connect(lambda checked=False: self.open())

    def open(self) -> None:
        """Show the window, and what fits what stands in it."""
        if self.window is None:
            # What reads files waits until somebody looks for a study.
            from fetalclip_app.ui.keeping.find_window import FindWindow  # noqa: PLC0415
            from fetalclip_app.ui.keeping.studies import Studies  # noqa: PLC0415

            self.window = FindWindow(Studies(self._archive, self._parts, self), self._parts.window)
        self.window.begin()

"""Checks the archive on command: every page, entry and content, off the window's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from fetalclip_app.archive.checking import check
from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.kept import Checked
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.ui.jobs import Lane
from fetalclip_app.ui.model import Activity
from fetalclip_app.wording.kept import checked_told
from fetalclip_app.wording.translate import translate

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts


class CheckDoor(QObject):
    """Says what a check came to; one at a time."""

    def __init__(self, archive: Archive, parts: Parts) -> None:
        super().__init__(parts.window)
        self._archive, self._parts = archive, parts
        self._action = parts.actions["check_archive"]
        self._action.triggered.connect(lambda checked=False: self.check())

    def check(self) -> None:
        """Look at what is on disk now."""
        path, parts = self._archive.path, self._parts
        self._action.setEnabled(False)
        parts.status.show_activity(Activity(translate("Checking the archive"), can_cancel=False))

        def work(cancel: CancelToken, report: Report) -> Checked:
            return check(path)

        job = parts.jobs.start(Lane.FILE, work)
        job.settled.connect(self._settled)
        job.succeeded.connect(lambda found: parts.telling.lines(checked_told(found), is_good=found.is_whole))
        job.failed.connect(parts.telling.trouble)

    def _settled(self) -> None:
        self._action.setEnabled(True)
        self._parts.status.show_activity(None)

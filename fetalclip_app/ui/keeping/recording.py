"""The archive's place in the running program: opened off the window's thread, tried again, closed at the end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from PySide6.QtCore import QObject, QTimer

from fetalclip_app.archive.store import Archive
from fetalclip_app.errors import ArchiveFailed
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.ui.jobs import Jobs, Lane
from fetalclip_app.ui.notebook import Notebook

_log = logging.getLogger(__name__)

AGAIN_MS = 5000
"""What could not be written is tried again after that."""


class Recording(QObject):
    """Gives the archive its work. Whether it succeeds is told by the notebook's own signals."""

    def __init__(self, archive: Archive, jobs: Jobs, notebook: Notebook) -> None:
        super().__init__(notebook)
        self._archive, self._jobs, self._notebook = archive, jobs, notebook
        self._again = QTimer(self, singleShot=True)
        self._again.timeout.connect(self._try_again)
        notebook.failed.connect(self._plan)

    def begin(self) -> None:
        """Open the archive, before anything is asked of it: why it cannot be opened is told at once."""
        self._start(self._archive.open)

    def end(self) -> None:
        """Close the archive, once no job is left that uses it."""
        self._again.stop()
        try:
            self._archive.close()
        except ArchiveFailed as error:
            _log.error("what was done last is not in the archive: %s", error)

    def _plan(self) -> None:
        if self._archive.is_waiting:
            self._again.start(AGAIN_MS)

    def _try_again(self) -> None:
        self._start(self._archive.write_waiting, then=lambda: self._notebook.saved.emit(datetime.now(UTC).astimezone()))

    def _start(self, act: Callable[[], None], then: Callable[[], None] = lambda: None) -> None:
        def work(cancel: CancelToken, report: Report) -> None:
            act()

        job = self._jobs.start(Lane.ARCHIVE, work)
        job.succeeded.connect(lambda _none: then())
        job.failed.connect(self._notebook.failed)

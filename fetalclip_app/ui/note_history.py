"""What was done with each open clip: as the archive tells when its notes come, and as the notebook changes since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from fetalclip_app.domain.history import History, NotesChange
from fetalclip_app.domain.notes import ClipNotes
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.ui.jobs import Lane
from fetalclip_app.ui.open_clip import OpenClip

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts


class NoteHistory(QObject):
    """Knows of every number drawn by hand what it was before, by whom and when."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts, self._book = parts, parts.notebook
        self._kept: dict[str, History] = {}
        self._since: dict[str, History] = {}
        self._last: dict[str, ClipNotes] = {}
        self._book.clip_loaded.connect(self._fetch)
        self._book.changed.connect(self._look)
        parts.findings.history_of = self.of
        parts.window.exporting.history_of = self.of

    def of(self, entry: OpenClip) -> History:
        """Return what was done with a clip, the first first; nothing while its content has no name."""
        if not entry.clip.content_key.is_taken:
            return ()
        key = entry.clip.key
        return (*self._kept.get(key, ()), *self._since.get(key, ()))

    def _fetch(self, entry: OpenClip, notes: ClipNotes) -> None:
        """Ask the archive what was done before; nobody is told where it cannot say: the numbers are as they are."""
        key = entry.clip.key
        if key in self._last:
            return
        self._last[key] = notes
        book = self._book

        def work(cancel: CancelToken, report: Report) -> History:
            return book.load_history(key)

        job = self._parts.jobs.start(Lane.ARCHIVE, work)
        job.succeeded.connect(lambda found: self._kept.setdefault(key, found))

    def _look(self) -> None:
        """Note what was changed: the act is the one by which the notebook keeps it."""
        for key, before in tuple(self._last.items()):
            after = self._book.of_clip(key)
            if after is not before and after != before:
                self._since[key] = (*self._since.get(key, ()), NotesChange(self._book.act(), before, after))
                self._last[key] = after

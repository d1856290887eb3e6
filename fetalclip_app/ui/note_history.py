"""What was done with each open clip: as the archive tells when its notes come, and as the notebook changes since."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject

from fetalclip_app.domain.history import History, NotesChange, StudyChange, StudyHistory
from fetalclip_app.domain.notes import ClipNotes, StudyNotes, study_key
from fetalclip_app.ui.jobs import Lane
from fetalclip_app.ui.open_clip import OpenClip

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts


Found = TypeVar("Found")


class NoteHistory(QObject):
    """Knows of every number drawn by hand what it was before, by whom and when."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts, self._book = parts, parts.notebook
        self._kept: dict[str, History] = {}
        self._since: dict[str, History] = {}
        self._last: dict[str, ClipNotes] = {}
        self._kept_of: dict[str, StudyHistory] = {}
        self._since_of: dict[str, StudyHistory] = {}
        self._last_of: dict[str, StudyNotes] = {}
        self._book.clip_loaded.connect(self._fetch)
        self._book.changed.connect(self._look)
        parts.findings.history_of = self.of
        parts.findings.study_history_of = self.of_study
        parts.window.exporting.history_of = self.of
        parts.window.exporting.study_history_of = self.of_study

    def of(self, entry: OpenClip) -> History:
        """Return what was done with a clip, the first first; nothing while its content has no name."""
        if not entry.clip.content_key.is_taken:
            return ()
        key = entry.clip.key
        return (*self._kept.get(key, ()), *self._since.get(key, ()))

    def of_study(self, entry: OpenClip) -> StudyHistory:
        """Return what was done with the study that a clip is of."""
        key = study_key(entry.group)
        return (*self._kept_of.get(key, ()), *self._since_of.get(key, ()))

    def _fetch(self, entry: OpenClip, notes: ClipNotes) -> None:
        """Ask the archive what was done before; nobody is told where it cannot say: the numbers are as they are."""
        key = entry.clip.key
        if key in self._last:
            return
        self._last[key] = notes
        self._load(lambda: self._book.history_of(key), lambda found: self._kept.setdefault(key, found))

    def _load(self, ask: Callable[[], Callable[[], Found]], then: Callable[[Found], object]) -> None:
        """Ask in the order in which acts are kept, and read what was found beside: no act waits for that."""

        def read(found: Callable[[], Found]) -> None:
            reading = self._parts.jobs.start(Lane.FILE, lambda cancel, report: found())
            reading.succeeded.connect(then)

        asking = self._parts.jobs.start(Lane.ARCHIVE, lambda cancel, report: ask())
        asking.succeeded.connect(read)

    def _look(self) -> None:
        """Note what was changed: the act is the one by which the notebook keeps it."""
        for key, before in tuple(self._last.items()):
            after = self._book.of_clip(key)
            if after is not before and after != before:
                self._since[key] = (*self._since.get(key, ()), NotesChange(self._book.last_act(), before, after))
                self._last[key] = after
        self._look_at_studies()

    def _look_at_studies(self) -> None:
        for key in {study_key(entry.group) for entry in self._parts.session.entries}:
            after, before = self._book.of_study(key), self._last_of.get(key)
            if after is not None and before is None:
                self._fetch_study(key)
            elif after is not None and before is not None and after != before:
                change = StudyChange(self._book.last_act(), before, after)
                self._since_of[key] = (*self._since_of.get(key, ()), change)
            if after is not None:
                self._last_of[key] = after

    def _fetch_study(self, key: str) -> None:
        self._load(lambda: self._book.study_history_of(key), lambda found: self._kept_of.setdefault(key, found))

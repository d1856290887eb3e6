"""The archive's place in the running program: opened off the window's thread, given its work, closed at the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from fetalclip_app import resources
from fetalclip_app.archive.records import KeptEmbeddings, KeptReading
from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.notes import Act, study_key
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.errors import ArchiveFailed, ErrorCode
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.settings import view_sets_folder
from fetalclip_app.tasks.view_sets import own_view_sets
from fetalclip_app.ui.features import Parts
from fetalclip_app.ui.jobs import Lane
from fetalclip_app.ui.keeping import records
from fetalclip_app.ui.open_clip import OpenClip

if TYPE_CHECKING:
    from fetalclip_app.imaging.deidentify.engine import Written
    from fetalclip_app.ui.deidentify_cases import Case

_log = logging.getLogger(__name__)

Made = tuple[KeptReading, KeptEmbeddings]
"""A reading as it is kept."""

AGAIN_MS = 5000
"""What could not be written or read is tried again after that."""

_MAY_PASS = frozenset({ErrorCode.ARCHIVE_LOCKED, ErrorCode.ARCHIVE_FULL})


class Recording(QObject):
    """Gives the archive its work. Whether it succeeds is told by the notebook's own signals."""

    def __init__(self, archive: Archive, parts: Parts) -> None:
        super().__init__(parts.window)
        self._archive, self._parts = archive, parts
        self._read: dict[OpenClip, ClipReading] = {}
        self._copied: list[Written] = []
        self._unmade: dict[int, Callable[[], None]] = {}  # what keeps a reading that no job has made ready yet
        self._numbers = count()
        self._again = QTimer(self, singleShot=True)
        self._again.timeout.connect(self._try_again)
        parts.notebook.failed.connect(self._plan)
        parts.session.reading_changed.connect(self._keep_readings)
        parts.notebook.clip_loaded.connect(lambda entry, _notes: self._keep_names(entry))
        parts.window.deidentify.copied.connect(self._keep_masks)
        parts.window.exporting.handed_out.connect(self._keep_exports)

    def begin(self) -> None:
        """Open the archive, before anything is asked of it: why it cannot be opened is told at once."""
        self._start(self._archive.open)

    def end(self) -> None:
        """Close the archive, once no job is left that uses it; what was read and written last is kept before."""
        self._again.stop()
        act = self._parts.notebook.act()
        last: list[Callable[[], None]] = [*self._unmade.values(), lambda: self._put_exports(act), self._archive.close]
        for keep in last:
            try:
                keep()
            except ArchiveFailed as error:
                _log.error("what was done last is not in the archive: %s", error)

    def _plan(self, error: Exception) -> None:
        may_pass = isinstance(error, ArchiveFailed) and error.code in _MAY_PASS
        if may_pass or self._archive.is_waiting:
            self._again.start(AGAIN_MS)

    def _try_again(self) -> None:
        def tell() -> None:
            self._parts.notebook.saved.emit(datetime.now(UTC).astimezone())
            self._parts.notebook.look_again()

        self._start(self._archive.write_waiting, then=tell)

    def _keep_readings(self) -> None:
        entries = self._parts.session.entries
        self._read = {entry: self._read[entry] for entry in entries if entry in self._read}
        for entry in entries:
            if entry.reading is not None and self._read.get(entry) is not entry.reading:
                self._read[entry] = entry.reading
                self._keep_reading(entry, entry.reading)

    def _keep_reading(self, entry: OpenClip, reading: ClipReading) -> None:
        """Make beside what takes a while to make: no act of a person waits for it in the archive's queue."""
        clip, study = entry.clip, study_key(entry.group)

        def make(cancel: CancelToken, report: Report) -> Made:
            return records.made_of_reading(clip, reading, study)

        def keep(made: Made) -> None:
            del self._unmade[number]
            self._start(partial(self._put_reading, made, reading, own))

        chosen = self._parts.choices.now.views, self._parts.choices.now.brain_views
        own = [path for path in chosen if path is not None]
        number = next(self._numbers)
        self._unmade[number] = lambda: self._put_reading(records.made_of_reading(clip, reading, study), reading, own)
        job = self._parts.jobs.start(Lane.FILE, make)
        job.succeeded.connect(keep)
        job.failed.connect(lambda error: self._unmade.pop(number))
        job.failed.connect(self._parts.notebook.failed)

    def _put_reading(self, made: Made, reading: ClipReading, own: Sequence[Path]) -> None:
        kept, rows = made
        self._archive.keep_reading(kept)
        self._archive.keep_embeddings(rows)
        bundled = resources.list_files("prompts", ".json")  # the sentences of the age among them
        files = (*own, *bundled, *own_view_sets([view_sets_folder()]))
        records.keep_view_sets(self._archive, reading, files)

    def _keep_names(self, entry: OpenClip) -> None:
        if self._parts.choices.now.keep_names:
            archive, clip, group = self._archive, entry.clip, entry.group
            self._start(lambda: records.keep_names(archive, clip, group))

    def _keep_masks(self, cases: tuple[Case, ...]) -> None:
        known = self._copied
        self._copied = [case.written for case in cases if case.written is not None]
        fresh = [case for case in cases if not any(case.written is one for one in known)]
        act = self._parts.notebook.act()
        if fresh:
            self._start(lambda: records.keep_masks(self._archive, fresh, act))

    def _keep_exports(self) -> None:
        act = self._parts.notebook.act()
        self._start(lambda: self._put_exports(act))

    def _put_exports(self, act: Act) -> None:
        unrecorded = self._parts.window.exporting.unrecorded
        while unrecorded:
            self._archive.keep_export(unrecorded.popleft(), act)

    def _start(self, act: Callable[[], None], then: Callable[[], None] = lambda: None) -> None:
        def work(cancel: CancelToken, report: Report) -> None:
            act()

        job = self._parts.jobs.start(Lane.ARCHIVE, work)
        job.succeeded.connect(lambda _none: then())
        job.failed.connect(self._parts.notebook.failed)

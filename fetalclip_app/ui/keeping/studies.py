"""What can be done with studies that are kept, in jobs: find, look for their files, export, import, delete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from fetalclip_app.archive import exporting, finding, importing
from fetalclip_app.archive.store import Archive
from fetalclip_app.archive.study_file import StudyFile
from fetalclip_app.domain.kept import Exported, FoundStudy, Imported, Query
from fetalclip_app.domain.notes import study_key
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.ui.jobs import Job, Lane
from fetalclip_app.wording.kept import exported_told, imported_told, taken_told, traces_wait
from fetalclip_app.wording.translate import translate

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts


class Studies(QObject):
    """Does it, and drops what is found for a query that is no longer the last one.

    Signals:
        found: (tuple of `FoundStudy`, keys of the views that any study has).
        looked: (FoundStudy, paths that are there, paths that are not).
        done: A sentence.
        failed: The exception; nothing is half done.
        busy_changed: Whether something but a search is under way.
    """

    found = Signal(object, object)
    looked = Signal(object, object, object)
    done = Signal(str)
    failed = Signal(Exception)
    busy_changed = Signal(bool)

    def __init__(self, archive: Archive, parts: Parts, parent: QObject) -> None:
        super().__init__(parent)
        self._archive, self._parts = archive, parts
        self._query = Query()
        self._under_way = 0

    @property
    def keeps_names(self) -> bool:
        """Whether whose a study is and where its files lie is kept."""
        return self._parts.choices.now.keep_names

    def is_open(self, study: FoundStudy) -> bool:
        """Whether a clip of a study is open in the window."""
        return study.key in {study_key(entry.group) for entry in self._parts.session.entries}

    def find(self, query: Query) -> None:
        """Look for studies; `found` tells of the last query alone."""
        self._query, path = query, self._archive.path

        def work(cancel: CancelToken, report: Report) -> tuple[tuple[FoundStudy, ...], tuple[str, ...]]:
            return finding.search(path, query)

        job = self._parts.jobs.start(Lane.FILE, work)
        job.succeeded.connect(lambda told: self.found.emit(*told) if query == self._query else None)
        job.failed.connect(self.failed)

    def look(self, study: FoundStudy) -> Job:
        """Look which files of a study still lie where they lay."""

        def work(cancel: CancelToken, report: Report) -> tuple[list[Path], list[Path]]:
            return finding.those_there(study.places)

        job = self._parts.jobs.start(Lane.FILE, work)
        job.succeeded.connect(lambda told: self.looked.emit(study, *told))
        job.failed.connect(self.failed)
        return job

    def open(self, paths: Sequence[Path]) -> None:
        """Open files in the window."""
        self._parts.window.open_menu.open_paths(list(paths))

    def keep_names(self, is_on: bool) -> None:
        """Keep names and places from now on, or take all of them away and keep none."""
        self._parts.choices.keep(keep_names=is_on)
        if is_on:
            self.done.emit(translate("Kept with each study that is opened from now on."))
            return

        def told(is_overwritten: bool) -> None:
            said = translate("All names and places are deleted.")
            self.done.emit(said if is_overwritten else f"{said} {traces_wait()}")

        self._do(Lane.ARCHIVE, self._archive.forget_names, told)

    def delete(self, study: FoundStudy) -> None:
        """Delete all that is kept of a study."""
        act = self._parts.notebook.act()
        self._do(
            Lane.ARCHIVE,
            lambda: self._archive.delete_study(study.key, act),
            lambda told: self.done.emit(taken_told(told[0], is_overwritten=told[1])),
        )

    def export(self, study: FoundStudy, target: Path, wanted: exporting.Wanted) -> None:
        """Write a study's file, and have the trail say so."""
        archive, act = self._archive, self._parts.notebook.act()

        window = self._parts.window

        def write() -> Exported:
            exported = exporting.export(archive.path, study.key, target, act, wanted)
            window.exporting.unrecorded.append(exporting.as_handed_out(exported, target))
            return exported

        def record(exported: Exported) -> None:
            self.done.emit(exported_told(exported, target.name))
            window.exporting.handed_out.emit()

        self._do(Lane.FILE, write, record)

    def import_file(self, path: Path, ask_folder: Callable[[], Path | None]) -> None:
        """Add a study's file to the archive; its scans go where is asked for, once the file was found whole."""
        act = self._parts.notebook.act()

        def merge(file: StudyFile) -> None:
            folder = ask_folder() if file.pictures else None
            archive, with_names = self._archive, self.keeps_names
            self._do(Lane.ARCHIVE, lambda: importing.take_in(archive, file, act, folder, with_names=with_names), told)

        def told(found: tuple[Imported, object]) -> None:
            self.done.emit(imported_told(found[0], path.name))

        self._do(Lane.FILE, lambda: importing.read(path), merge)

    def _do(self, lane: Lane, work: Callable[[], object], then: Callable[..., object]) -> None:
        job = self._parts.jobs.start(lane, lambda cancel, report: work())
        self._count(1)
        job.succeeded.connect(then)
        job.failed.connect(self.failed)
        job.settled.connect(lambda: self._count(-1))

    def _count(self, more: int) -> None:
        before, self._under_way = self._under_way, self._under_way + more
        if bool(before) != bool(self._under_way):
            self.busy_changed.emit(bool(self._under_way))

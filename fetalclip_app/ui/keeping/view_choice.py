"""With which sets of views a study is read: noted when a person chooses, and chosen again another day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject

from fetalclip_app import resources
from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.notes import StudyNotes, study_key
from fetalclip_app.domain.probes import NamedBy
from fetalclip_app.errors import InvalidInput
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.settings import Settings, view_sets_folder
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from fetalclip_app.tasks.view_sets import BRAIN_PLANES_FILE, PLANES_FILE, list_view_sets, read_view_set
from fetalclip_app.ui.features import Parts
from fetalclip_app.ui.jobs import Lane
from fetalclip_app.ui.keeping import records
from fetalclip_app.wording.archive import other_view_set, view_set_again, view_set_undo

_BUNDLED = {VIEWS: PLANES_FILE, BRAIN_VIEWS: BRAIN_PLANES_FILE}

Named = Mapping[str, tuple[str, str]]
"""Task key -> name and SHA-256 of a set."""


class ViewChoice(QObject):
    """Ties the menu's choice and the study's notes, both ways.

    A set is chosen again where it is the study's alone to say: of several open studies with different sets the window
    reads with one, and says so of the others. Finding the files takes a while: where another study is looked at by
    then, or another set was chosen, nothing is; the study is looked at anew when it is shown again.
    """

    def __init__(self, archive: Archive, parts: Parts) -> None:
        super().__init__(parts.window)
        self._archive, self._parts = archive, parts
        self._files = _files_of(parts.choices.now)
        self._known: dict[str, Named | None] = {}  # study -> the sets that its notes had when they were looked at
        self._is_restoring = False
        parts.choices.changed.connect(self._look_at_choice)
        parts.notebook.changed.connect(self._look_at_notes)

    def _look_at_choice(self, chosen: Settings) -> None:
        before, self._files = self._files, _files_of(chosen)
        book = self._parts.notebook
        key, study = book.study_key, book.study
        if before == self._files or self._is_restoring or key is None or study is None:
            return
        now = _named(self._files)
        filled = {**_named(before), **study.view_sets}
        self._known[key] = filled  # known before it is put: it is noted, and not to be chosen again
        book.put((StudyNotes, key), replace(study, view_sets=filled), key)  # what it was read with until now
        self._known[key] = now
        book.change_study(view_set_undo(), replace(study, view_sets=now))
        self._keep(self._files)

    def _look_at_notes(self) -> None:
        book = self._parts.notebook
        key, study = book.study_key, book.study
        if key is None or study is None:
            return
        before, self._known[key] = self._known.get(key), study.view_sets
        if study.view_sets == before:
            return
        now = _named(self._files)
        wanted = {task: pair for task, pair in study.view_sets.items() if task in now and now[task][1] != pair[1]}
        if not wanted:
            return
        if before is None and len({study_key(entry.group) for entry in self._parts.session.entries}) > 1:
            self._parts.telling.refused(*other_view_set([name for name, _sha in wanted.values()]))
            return
        self._restore(key, wanted, before)

    def _restore(self, key: str, wanted: Named, before: Named | None) -> None:
        archive, book, sets = self._archive, self._parts.notebook, self._known[key]

        def work(cancel: CancelToken, report: Report) -> dict[str, Path]:
            listed = list_view_sets([view_sets_folder()])
            return {
                task: records.found_view_set(archive, pair, listed, view_sets_folder()) for task, pair in wanted.items()
            }

        def choose(found: dict[str, Path]) -> None:
            if self._known.get(key) != sets:
                return
            if book.study_key != key:
                self._known[key] = before
                return
            choices: dict[str, object] = {}
            for task, path in found.items():
                choices[task] = None if path == resources.path(_BUNDLED[task]) else path
                choices[f"{task}_by"] = NamedBy.PROMPTS
            self._is_restoring = True
            try:
                self._parts.window.model_menu.view_sets.chosen.emit(choices)
            finally:
                self._is_restoring = False
            if before is None:
                self._parts.telling.good(view_set_again([name for name, _sha in wanted.values()]))

        job = self._parts.jobs.start(Lane.ARCHIVE, work)
        job.succeeded.connect(choose)
        job.failed.connect(self._parts.telling.trouble)

    def _keep(self, files: Mapping[str, Path]) -> None:
        archive = self._archive

        def work(cancel: CancelToken, report: Report) -> None:
            records.keep_files(archive, files.values())

        self._parts.jobs.start(Lane.ARCHIVE, work).failed.connect(self._parts.notebook.failed)


def _files_of(chosen: Settings) -> dict[str, Path]:
    own = {VIEWS: chosen.views, BRAIN_VIEWS: chosen.brain_views}
    return {task: own[task] or resources.path(name) for task, name in _BUNDLED.items()}


def _named(files: Mapping[str, Path]) -> dict[str, tuple[str, str]]:
    """Return what the files hold now; one that cannot be read is not named."""
    found: dict[str, tuple[str, str]] = {}
    for task, path in files.items():
        try:
            made = read_view_set(path)
        except InvalidInput:
            continue
        found[task] = made.name, made.sha256
    return found

"""Edit view sets: opens the editor on the set that is read with, and reads with what it saves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from fetalclip_app.domain.likeness import Language
from fetalclip_app.domain.probes import NamedBy
from fetalclip_app.errors import FetalClipError
from fetalclip_app.settings import view_sets_folder
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from fetalclip_app.tasks.view_set_files import about_of, verdict_of
from fetalclip_app.tasks.view_sets import BRAIN_PLANES_FILE, PLANES_FILE, bundled, read_view_set
from fetalclip_app.ui.asking.asker import language_of
from fetalclip_app.ui.jobs import Lane
from fetalclip_app.ui.view_sets.edited import Edited
from fetalclip_app.ui.view_sets.editor import ViewSetEditor
from fetalclip_app.wording.translate import mark, translate
from fetalclip_app.wording.view_sets import verdict_title

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts

_SETS = {VIEWS: (mark("Standard planes"), PLANES_FILE), BRAIN_VIEWS: (mark("Planes of the brain"), BRAIN_PLANES_FILE)}


class ViewSets(QObject):
    """The door of the feature. One editor at a time for each question.

    Attributes:
        language_of: Which sentences a model understands; a test's own.
    """

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self.language_of = language_of
        self.editors: dict[str, ViewSetEditor] = {}
        parts.actions["edit_views"].triggered.connect(lambda: self.edit(VIEWS))
        parts.actions["edit_brain_views"].triggered.connect(lambda: self.edit(BRAIN_VIEWS))
        parts.window.model_menu.view_sets.edit_wanted.connect(self.edit)
        parts.session.model_changed.connect(self._tell_results)

    def edit(self, task: str) -> None:
        """Open the editor on the set that is read with."""
        if task in self.editors:
            self.editors[task].raise_()
            self.editors[task].activateWindow()
            return
        path: Path | None = getattr(self._parts.choices.now, task)
        title, file = _SETS[task]
        try:
            view_set = bundled(file) if path is None else read_view_set(path)
            about = about_of(path) if path is not None else None
        except FetalClipError as error:
            self._parts.telling.trouble(error)
            return
        edited = Edited(task, translate(title), view_set, path, about, bundled(file))
        editor = ViewSetEditor(
            edited, self._parts.session, self._parts.jobs, view_sets_folder().absolute(), self._parts.window
        )
        editor.author = lambda: self._parts.choices.now.operator
        editor.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        editor.saved.connect(lambda saved: self._read_with(task, saved))
        editor.destroyed.connect(lambda: self.editors.pop(task, None))
        editor.tests.kept.connect(self._tell_results)
        self.editors[task] = editor
        self._guard(task)
        editor.show()

    def _tell_results(self) -> None:
        """Say beside the views how the sets that name them did on labelled pictures."""
        request, info = self._parts.session.request, self._parts.session.info
        if request is None or info is None:
            return
        told = [_result(path, info.identity.sha256) for path in (request.views, request.brain_views)]
        self._parts.findings.view.show_results(*told)

    def _guard(self, task: str) -> None:
        """Let the editor name the words that the model never learned, once they are known."""
        request, find = self._parts.session.request, self.language_of
        if request is None:
            return

        def tell(language: Language) -> None:
            if task in self.editors:
                self.editors[task].show_vocabulary(language.vocabulary)

        job = self._parts.jobs.start(Lane.ASKING, lambda cancel, report: find(request))
        job.succeeded.connect(tell)
        job.failed.connect(self._parts.telling.trouble)

    def _read_with(self, task: str, path: Path) -> None:
        """Read with a new version: its sentences are asked from now on."""
        self._parts.window.model_menu.view_sets.chosen.emit({task: path, f"{task}_by": NamedBy.PROMPTS})


def _result(path: Path | None, weights: str) -> str:
    """Return what may be said of a set of the user's own; nothing of the bundled one, which its card tells of."""
    if path is None:
        return ""
    try:
        return verdict_title(verdict_of(path, read_view_set(path), weights))
    except FetalClipError:
        return ""  # the engine tells of it

"""The editor of a view set: classes and sentences, what they see, how they did on labelled pictures, and versions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QKeyCombination, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut, QUndoCommand, QUndoStack
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from fetalclip_app.domain.model_names import COMPACT
from fetalclip_app.domain.view_draft import Draft
from fetalclip_app.domain.views import ViewPrediction, ViewSet
from fetalclip_app.domain.vocabulary import Vocabulary
from fetalclip_app.errors import FetalClipError
from fetalclip_app.tasks.view_set_files import plain_name, save_version, score_of
from fetalclip_app.tasks.view_sets import read_view_set
from fetalclip_app.tasks.views import unlearned_classes
from fetalclip_app.ui.jobs import Jobs
from fetalclip_app.ui.parts import label, set_tone, text_button
from fetalclip_app.ui.session import Session
from fetalclip_app.ui.view_sets.draft_pane import DraftPane
from fetalclip_app.ui.view_sets.draft_tree import Place
from fetalclip_app.ui.view_sets.edited import Edited
from fetalclip_app.ui.view_sets.preview import Previewer, Seen
from fetalclip_app.ui.view_sets.trial_box import TrialBox
from fetalclip_app.wording import told
from fetalclip_app.wording.translate import translate
from fetalclip_app.wording.view_sets import class_unlearned, flaw_told, version_told

_SIZE = (1200, 760)


class _Change(QUndoCommand):
    def __init__(self, text: str, editor: ViewSetEditor, before: Draft, after: Draft, at: Place | None) -> None:
        super().__init__(text)
        self._editor, self._before, self._after, self._at = editor, before, after, at

    def redo(self) -> None:
        self._editor.put(self._after, self._at)

    def undo(self) -> None:
        self._editor.put(self._before, self._at)


class ViewSetEditor(QDialog):
    """Nothing is written before 'Save'; a saved set is a new version, and the one before it stays.

    Signals:
        saved: The `Path` of a new version, which is to be read with.
    """

    saved = Signal(object)

    def __init__(self, edited: Edited, session: Session, jobs: Jobs, folder: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self._edited, self._session, self._folder = edited, session, folder
        self.author: Callable[[], str] = str
        self.vocabulary: Vocabulary | None = None
        self.draft = Draft.of(edited.view_set.prompts)
        self._saved = self.draft
        self.setWindowTitle(translate("View set: {title}", title=edited.title))
        self.resize(QSize(*_SIZE).boundedTo(parent.size()))
        self.undo = QUndoStack(self)
        self.pane = DraftPane(version_told(edited.about, edited.view_set.name))
        self.tree = self.pane.tree
        self.own, self.bundled = Seen(translate("This set")), Seen(translate("The bundled set"))
        self.preview_note = label(tone="muted", caption=True, wrap=True)
        self.name = QLineEdit(edited.about.name if edited.about is not None else plain_name(edited.view_set.name))
        self.name.setAccessibleName(translate("Name of the set"))
        self.name.textChanged.connect(self._show_state)
        self.save_button = text_button(translate("Save as a new version and read with it"), primary=True)
        self.save_button.clicked.connect(self.save)
        self.previewer = Previewer(session, jobs, edited.bundled, edited.task, self)
        self.tests = TrialBox(session, jobs, edited.bundled, self)
        self._lay_out()
        self._tie()
        self.put(self.draft, (0, None))
        self._show_kept_score()

    def _tie(self) -> None:
        # Queued: the tree is filled anew by a change, and the line that was written in is still open now.
        self.tree.renamed.connect(self._rename, Qt.ConnectionType.QueuedConnection)
        self.tree.rewritten.connect(self._rewrite, Qt.ConnectionType.QueuedConnection)
        self.previewer.seen.connect(self._show_seen)
        self.previewer.nothing.connect(self._show_nothing)
        self.previewer.failed.connect(lambda error: self._show_nothing(told(error)))
        self.tests.wanted = lambda: self.draft.as_set(self.name.text())
        self.tests.kept.connect(self._keep_score)
        control, shift, alt = (
            Qt.KeyboardModifier.ControlModifier,
            Qt.KeyboardModifier.ShiftModifier,
            Qt.KeyboardModifier.AltModifier,
        )
        keys: tuple[tuple[QKeyCombination, Callable[[], object]], ...] = (
            (control | Qt.Key.Key_Z, self.undo.undo),
            (control | shift | Qt.Key.Key_Z, self.undo.redo),
            (control | Qt.Key.Key_Y, self.undo.redo),
            (alt | Qt.Key.Key_Up, lambda: self.move_selected(-1)),
            (alt | Qt.Key.Key_Down, lambda: self.move_selected(1)),
            (control | Qt.Key.Key_S, self.save),
        )
        for key, do in keys:
            QShortcut(QKeySequence(key), self).activated.connect(do)
        remove = QShortcut(QKeySequence(Qt.Key.Key_Delete), self.tree, context=Qt.ShortcutContext.WidgetShortcut)
        remove.activated.connect(self.remove_selected)

    def _lay_out(self) -> None:
        self.pane.add_tools(
            (
                (translate("Add a class"), self.add_class),
                (translate("Add a sentence"), self.add_sentence),
                (translate("Change (F2)"), self.tree.edit_selected),
                (translate("Remove (Del)"), self.remove_selected),
                (translate("Up"), lambda: self.move_selected(-1)),
                (translate("Down"), lambda: self.move_selected(1)),
            )
        )
        pair = QHBoxLayout()
        pair.setSpacing(16)
        pair.addWidget(self.own, 1)
        pair.addWidget(self.bundled, 1)
        right = QVBoxLayout()
        right.setSpacing(6)
        right.addWidget(label(translate("The open clip"), tone="muted"))
        right.addLayout(pair)
        right.addWidget(self.preview_note)
        right.addWidget(self.tests, 1)
        across = QHBoxLayout()
        across.setSpacing(20)
        across.addWidget(self.pane, 6)
        across.addLayout(right, 5)
        end = QHBoxLayout()
        end.addWidget(label(translate("Name"), tone="muted"))
        end.addWidget(self.name, 1)
        end.addWidget(self.save_button)
        close = text_button(translate("Close"))
        close.clicked.connect(self.close)
        end.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(12)
        column.addLayout(across, 1)
        column.addLayout(end)

    def show_vocabulary(self, vocabulary: Vocabulary | None) -> None:
        """Guard the sentences by these words."""
        self.vocabulary = vocabulary
        self.put(self.draft, self.tree.place)

    def put(self, draft: Draft, at: Place | None) -> None:
        """Show a draft from now on. What a person does goes by the undo stack instead."""
        self.draft = draft
        doubts = self._doubts()
        self.tree.show_draft(draft, doubts, at)
        flaws = [flaw_told(flaw, name) for flaw, name in draft.flaws()]
        self.pane.show_notes([*flaws, *doubts.values()], is_guarded=self.vocabulary is not None)
        self.previewer.show(draft.as_set(self.name.text()))
        self.tests.show_draft(draft)
        self._show_state()

    def _doubts(self) -> dict[int, str]:
        """Return why classes are but guesses, by their numbers."""
        found: dict[int, str] = {}
        info = self._session.info
        is_bundled = info is not None and info.identity.key == COMPACT
        for number, (key, texts) in enumerate(self.draft.classes):
            if texts and (unlearned := unlearned_classes(ViewSet("", {key: texts}, ""), self.vocabulary)):
                found[number] = class_unlearned(key, unlearned[key], is_bundled=is_bundled)
        return found

    def _show_state(self) -> None:
        can_save = self.draft != self._saved or self._edited.path is None
        self.save_button.setEnabled(can_save and not self.draft.flaws() and bool(plain_name(self.name.text())))

    def _do(self, text: str, draft: Draft, at: Place | None = None) -> None:
        if draft != self.draft:
            self.undo.push(_Change(text, self, self.draft, draft, at or self.tree.place))

    def _rename(self, at: int, name: str) -> None:
        self._do(translate("Rename"), self.draft.renamed(at, name))

    def _rewrite(self, at: int, number: int, text: str) -> None:
        self._do(translate("Write"), self.draft.with_prompt_changed(at, number, text), (at, number))

    def add_class(self) -> None:
        """Add a class, and write its name."""
        self._do(translate("Add a class"), self.draft.with_class(""), (len(self.draft.classes), None))
        self.tree.edit_selected()

    def add_sentence(self) -> None:
        """Add a sentence to the selected class, and write it."""
        place = self.tree.place
        if place is not None:
            count = len(self.draft.classes[place[0]][1])
            self._do(translate("Add a sentence"), self.draft.with_prompt(place[0], ""), (place[0], count))
            self.tree.edit_selected()

    def remove_selected(self) -> None:
        """Remove the selected class or sentence."""
        place = self.tree.place
        if place is None:
            return
        at, number = place
        if number is None:
            self._do(translate("Remove"), self.draft.without_class(at), (max(at - 1, 0), None))
        else:
            self._do(translate("Remove"), self.draft.without_prompt(at, number), (at, max(number - 1, 0)))

    def move_selected(self, step: int) -> None:
        """Move the selected class or sentence among its like."""
        place = self.tree.place
        if place is None:
            return
        at, number = place
        if number is None:
            target = min(max(at + step, 0), len(self.draft.classes) - 1)
            self._do(translate("Move"), self.draft.moved(at, step), (target, None))
        else:
            target = min(max(number + step, 0), len(self.draft.classes[at][1]) - 1)
            self._do(translate("Move"), self.draft.prompt_moved(at, number, step), (at, target))

    def save(self) -> None:
        """Write the next version, and read with it."""
        view_set = self.draft.as_set(self.name.text())
        if view_set is None or not self.save_button.isEnabled():
            return
        parent = self._edited.view_set.sha256
        try:
            path, about = save_version(
                self._folder,
                self.name.text(),
                view_set,
                parent=parent,
                author=self.author(),
                now=datetime.now(UTC).astimezone(),
            )
        except FetalClipError as error:
            self._show_nothing(told(error))
            return
        edited = self._edited
        self._edited = replace(edited, view_set=read_view_set(path), path=path, about=about)
        self._saved = self.draft
        self.pane.version.setText(version_told(about, path.stem))
        self._show_state()
        self.tests.keep_for(self.draft)
        self.saved.emit(path)

    def _keep_score(self) -> None:
        """Keep the result of a test where the file holds what was tested."""
        if self._edited.path is not None and self.draft == self._saved:
            self.tests.write(self._edited.path, self._edited.view_set)

    def _show_kept_score(self) -> None:
        info, path = self._session.info, self._edited.path
        if info is not None and path is not None:
            self.tests.show_score(score_of(path, self._edited.view_set, info.identity.sha256), None)

    def _show_seen(self, own: ViewPrediction, bundled: ViewPrediction) -> None:
        self.own.show_views(own)
        self.bundled.show_views(bundled)
        set_tone(self.preview_note, "muted")
        self.preview_note.setText(translate("Both by the model's own scale: these percentages are not calibrated."))

    def _show_nothing(self, text: str) -> None:
        self.own.show_views(None)
        self.bundled.show_views(None)
        set_tone(self.preview_note, "doubt")
        self.preview_note.setText(text)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop what is under way."""
        self.previewer.stop()
        self.tests.stop()
        super().closeEvent(event)

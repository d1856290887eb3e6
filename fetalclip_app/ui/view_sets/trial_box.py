"""How a set does on labelled pictures that the user names, beside the bundled set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from fetalclip_app.domain.view_draft import Draft
from fetalclip_app.domain.view_scores import SetScore, Verdict
from fetalclip_app.domain.views import ViewSet
from fetalclip_app.errors import FetalClipError
from fetalclip_app.tasks.labelled_pictures import labelled_pictures
from fetalclip_app.tasks.view_set_files import save_score
from fetalclip_app.ui.jobs import Jobs, Lane
from fetalclip_app.ui.parts import label, set_tone, text_button
from fetalclip_app.ui.session import Session
from fetalclip_app.ui.theme import tokens
from fetalclip_app.ui.view_sets.tester import Tested, Tester
from fetalclip_app.wording import told, view_title
from fetalclip_app.wording.translate import plural, translate
from fetalclip_app.wording.view_sets import f1_told, score_told, verdict_meaning, verdict_title

_COLUMN_PX = 64
"""No column is narrower, whatever the size of the text."""

_TONES = {Verdict.UNTESTED: "muted", Verdict.WEAK: "doubt", Verdict.OK: "good"}


def _ask_folder(parent: QWidget) -> Path | None:
    chosen = QFileDialog.getExistingDirectory(parent, translate("Folder with a folder for each label"))
    return Path(chosen) if chosen else None


def _ask_table(parent: QWidget) -> Path | None:
    chosen, _kind = QFileDialog.getOpenFileName(
        parent, translate("Table with the columns file and label"), "", translate("Tables (*.csv)")
    )
    return Path(chosen) if chosen else None


class TrialBox(QWidget):
    """Names the pictures, shows each class, and says untested, weak or ok.

    Attributes:
        wanted: Returns the set to be tested; None where it cannot be asked yet.

    Signals:
        kept: A test has ended, and its result may be kept.
    """

    kept = Signal()

    def __init__(self, session: Session, jobs: Jobs, bundled: ViewSet, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._bundled = session, jobs, bundled
        self.wanted: Callable[[], ViewSet | None] = lambda: None
        self.ask_folder: Callable[[QWidget], Path | None] = _ask_folder
        self.ask_table: Callable[[QWidget], Path | None] = _ask_table
        self._draft: Draft | None = None
        self._of: Draft | None = None
        self._tested: Tested | None = None
        self._is_stopped = False
        self.tester = Tester(session.model, jobs, self)
        self.verdict = label()
        self.verdict.setToolTip(verdict_meaning())
        self.note = label(tone="muted", caption=True, wrap=True)
        self.table = QTreeWidget()
        self.table.setAccessibleName(translate("How each class did"))
        self.table.setHeaderLabels(
            [translate("Class"), translate("F1"), translate("Bundled"), translate("Pictures"), translate("Result")]
        )
        self.table.setRootIsDecorated(False)
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        header = self.table.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(_COLUMN_PX)
        self.folder, self.csv, self.cancel = (
            text_button(text) for text in (translate("Folder …"), translate("Table (CSV) …"), translate("Stop"))
        )
        self.folder.clicked.connect(lambda: self._begin(self.ask_folder(self)))
        self.csv.clicked.connect(lambda: self._begin(self.ask_table(self)))
        self.cancel.clicked.connect(self._cancel)
        self.tester.progressed.connect(self._progress)
        self.tester.tested.connect(self._show)
        self.tester.failed.connect(self._fail)
        self.tester.ended.connect(lambda: self._show_busy(False))
        self._lay_out()
        self._show_busy(False)
        self.show_score(None, None)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(label(translate("Labelled pictures"), tone="muted"))
        top.addWidget(self.verdict)
        top.addStretch(1)
        for button in (self.folder, self.csv, self.cancel):
            top.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(6)
        column.addLayout(top)
        column.addWidget(self.table, 1)
        column.addWidget(self.note)

    @property
    def told(self) -> str:
        """The verdict as it stands there."""
        return self.verdict.text()

    def show_draft(self, draft: Draft) -> None:
        """Another draft is untested, until it is the tested one again."""
        self._draft = draft
        if self._of is not None:
            is_tested = draft == self._of and self._tested is not None
            own = self._tested.own if is_tested and self._tested is not None else None
            self._say_verdict(own.verdict if own is not None else Verdict.UNTESTED)

    def show_score(self, own: SetScore | None, bundled: SetScore | None) -> None:
        """Show how each class did; None is not tested."""
        self.table.clear()
        self._say_verdict(own.verdict if own is not None else Verdict.UNTESTED)
        if own is None:
            self.note.setText(verdict_meaning())
            return
        beside = {one.key: one for one in bundled.classes} if bundled is not None else {}
        for one in own.classes:
            other = f1_told(beside[one.key]) if one.key in beside else ""
            cells = [view_title(one.key), f1_told(one), other, str(one.pictures), verdict_title(one.verdict)]
            item = QTreeWidgetItem(cells)
            item.setToolTip(0, cells[0])
            item.setForeground(4, QColor(getattr(tokens(), _TONES[one.verdict])))
            for column in (1, 2, 3):
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.table.addTopLevelItem(item)
        self.note.setText(score_told(own))

    def keep_for(self, draft: Draft) -> None:
        """Offer the result to be kept where this draft is the one that was tested."""
        if self._tested is not None and draft == self._of:
            self.kept.emit()

    def write(self, path: Path, view_set: ViewSet) -> None:
        """Keep the result beside the set's file, where it is of what the file holds."""
        tested = self._tested
        if tested is None or dict(tested.view_set.prompts) != dict(view_set.prompts):
            return
        now = datetime.now(UTC).astimezone()
        try:
            save_score(path, view_set, tested.weights, tested.own, pictures=tested.digest, now=now)
        except FetalClipError as error:
            self._fail(error)

    def stop(self) -> None:
        """The editor closes."""
        self._is_stopped = True
        self.tester.cancel()

    def _cancel(self) -> None:
        self.tester.cancel()
        self.note.setText(translate("Stopped."))

    def _begin(self, place: Path | None) -> None:
        view_set, info = self.wanted(), self._session.info
        if place is None:
            return
        if view_set is None or info is None:
            self._fail_with(translate("The set cannot be asked yet."))
            return
        draft, weights = self._draft, info.identity.sha256
        job = self._jobs.start(Lane.FILE, lambda cancel, report: labelled_pictures(place))
        job.succeeded.connect(lambda pictures: self._start(view_set, draft, pictures, weights))
        job.failed.connect(self._fail)

    def _start(self, view_set: ViewSet, draft: Draft | None, pictures: tuple[object, ...], weights: str) -> None:
        if self._is_stopped:
            return
        self._of, self._tested = draft, None
        self._show_busy(True)
        self.tester.test(view_set, self._bundled, pictures, weights)  # type: ignore[arg-type]

    def _progress(self, done: int, total: int) -> None:
        set_tone(self.note, "muted")
        self.note.setText(translate("Looking at picture {done} of {total}", done=done, total=total))

    def _show(self, tested: Tested) -> None:
        self._tested = tested
        self.show_score(tested.own, tested.bundled)
        if tested.unread:
            lost = plural("{count} picture could not be read.", "{count} pictures could not be read.", tested.unread)
            set_tone(self.note, "doubt")
            self.note.setText(f"{self.note.text()} {lost}")
        if self._draft is not None:
            self.show_draft(self._draft)
        self.kept.emit()

    def _show_busy(self, is_busy: bool) -> None:
        for button in (self.folder, self.csv):
            button.setEnabled(not is_busy)
        self.cancel.setVisible(is_busy)

    def _say_verdict(self, verdict: Verdict) -> None:
        set_tone(self.verdict, _TONES[verdict])
        self.verdict.setText(verdict_title(verdict))

    def _fail(self, error: Exception) -> None:
        self._fail_with(told(error))

    def _fail_with(self, text: str) -> None:
        set_tone(self.note, "doubt")
        self.note.setText(text)

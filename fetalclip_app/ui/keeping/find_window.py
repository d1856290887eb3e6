"""The window that finds a study by name, day, view or any word, and opens, exports, imports or deletes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from fetalclip_app import wording
from fetalclip_app.archive.exporting import Wanted
from fetalclip_app.archive.study_file import SUFFIX
from fetalclip_app.domain.kept import FoundStudy
from fetalclip_app.errors import FetalClipError
from fetalclip_app.ui.exporting import there_already
from fetalclip_app.ui.keeping.asks import ask_folder, ask_source, ask_sure, ask_target
from fetalclip_app.ui.keeping.find_fields import FindFields
from fetalclip_app.ui.keeping.studies import Studies
from fetalclip_app.ui.parts import label, set_tone, text_button
from fetalclip_app.wording.kept import count_told, files_told, kept_told, views_told, whose_study
from fetalclip_app.wording.translate import translate

_STUDY = Qt.ItemDataRole.UserRole


class FindWindow(QWidget):
    """Shows what is found; decides nothing."""

    def __init__(self, studies: Studies, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._studies = studies
        self._news = ""  # what was done, said once the list shows it
        self.ask_sure: Callable[[QWidget, str], bool] = ask_sure
        self.ask_target: Callable[[QWidget, str], Path | None] = ask_target
        self.ask_source: Callable[[QWidget], Path | None] = ask_source
        self.ask_folder: Callable[[QWidget], Path | None] = ask_folder
        self.setWindowTitle(translate("Find a study"))
        self.resize(980, 620)
        self.fields = FindFields()
        self._make_list()
        self._make_deeds()
        self._lay_out()
        self._tie()

    def begin(self) -> None:
        """Show what fits what stands in the fields, and take the keys."""
        self.keeps.blockSignals(True)
        self.keeps.setChecked(self._studies.keeps_names)
        self.keeps.blockSignals(False)
        self.show()
        self.raise_()
        self.activateWindow()
        self.fields.text.setFocus()
        self._search()

    @property
    def chosen(self) -> FoundStudy | None:
        """The study that is selected."""
        item = self.list.currentItem()
        return item.data(0, _STUDY) if item is not None else None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let Return and Delete do in the list what their buttons do."""
        if event.type() != QEvent.Type.KeyPress:
            return False
        assert isinstance(event, QKeyEvent)
        key = event.key()
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.open.click()
            return True
        if key == Qt.Key.Key_Delete:
            self.delete.click()
            return True
        return False

    def _make_list(self) -> None:
        self.list = QTreeWidget()
        self.list.setAccessibleName(translate("Studies that were found"))
        self.list.setHeaderLabels(
            [
                translate("Exam"),
                translate("Patient or folder"),
                translate("Views"),
                translate("Kept"),
                translate("Last"),
            ]
        )
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        head = self.list.header()
        head.setStretchLastSection(False)
        head.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        for column, width in ((0, 116), (2, 180), (3, 250), (4, 96)):
            self.list.setColumnWidth(column, width)

    def _make_deeds(self) -> None:
        self.open = text_button(translate("Open"), primary=True)
        self.export = text_button(translate("Export …"))
        self.delete = text_button(translate("Delete …"))
        self.add = text_button(translate("Import …"))
        self.with_names = QCheckBox(translate("with the patient's name"))
        self.with_pictures = QCheckBox(translate("with the scans"))
        self.keeps = QCheckBox(translate("Keep names and places of files on this computer, to find studies by"))
        self.files = label(tone="muted", wrap=True)
        self.said = label(wrap=True)
        for told, name in ((self.files, translate("Files of the study")), (self.said, translate("What was done"))):
            told.setAccessibleName(name)
            told.setMinimumHeight(2 * told.fontMetrics().lineSpacing())
            told.setAlignment(Qt.AlignmentFlag.AlignTop)

    def _lay_out(self) -> None:
        deeds, foot = QHBoxLayout(), QHBoxLayout()
        for widget in (self.open, self.export, self.with_names, self.with_pictures, self.delete):
            deeds.addWidget(widget)
        deeds.addStretch(1)
        deeds.addWidget(self.add)
        close = text_button(translate("Close"))
        close.clicked.connect(self.close)
        foot.addWidget(self.keeps)
        foot.addStretch(1)
        foot.addWidget(close)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 16, 16, 16)
        whole.setSpacing(10)
        whole.addWidget(self.fields)
        whole.addWidget(self.list, 1)
        whole.addWidget(self.files)
        whole.addLayout(deeds)
        whole.addWidget(self.said)
        whole.addLayout(foot)

    def _tie(self) -> None:
        studies = self._studies
        self.fields.wanted.connect(self._search)
        self.fields.left.connect(self.list.setFocus)
        self.list.installEventFilter(self)
        self.list.currentItemChanged.connect(lambda now, before: self._look())
        self.list.itemDoubleClicked.connect(lambda _item, _column: self.open.click())
        self.open.clicked.connect(self._open)
        self.export.clicked.connect(self._export)
        self.delete.clicked.connect(self._delete)
        self.add.clicked.connect(self._import)
        self.keeps.toggled.connect(self._keep_names)
        studies.found.connect(self._show)
        studies.looked.connect(self._show_files)
        studies.done.connect(self._done)
        studies.failed.connect(self._failed)
        studies.busy_changed.connect(lambda is_busy: self._enable(is_busy=is_busy))
        QShortcut(QKeySequence("Esc"), self).activated.connect(self.close)

    def _search(self) -> None:
        try:
            query = self.fields.query()
        except ValueError:
            self._say(translate("A day is written as 2026-03-14."), tone="doubt")
            return
        self._studies.find(query)

    def _show(self, found: Sequence[FoundStudy], views: Sequence[str]) -> None:
        self.fields.show_views(views)
        before = self.chosen.key if self.chosen is not None else ""
        self.list.clear()
        for study in found:
            about = (study.day, whose_study(study), views_told(study.views), kept_told(study), study.last_done[:10])
            item = QTreeWidgetItem(list(about))
            item.setData(0, _STUDY, study)
            for column, text in enumerate(about):
                item.setToolTip(column, text)
            self.list.addTopLevelItem(item)
            if study.key == before:
                self.list.setCurrentItem(item)
        first = self.list.topLevelItem(0)
        if self.list.currentItem() is None and first is not None:
            self.list.setCurrentItem(first)
        if not found:
            self.files.setText("")
        self._enable()
        self._say(self._news or count_told(len(found)), tone="" if self._news else "muted")
        self._news = ""

    def _look(self) -> None:
        study = self.chosen
        self._enable()
        if study is not None:
            self.files.setText("")
            self._studies.look(study)

    def _show_files(self, study: FoundStudy, there: Sequence[Path], gone: Sequence[Path]) -> None:
        if study is self.chosen:
            self.files.setText(files_told(there, gone))
            self.files.setToolTip("\n".join(str(path) for path in (*there, *gone)))

    def _open(self) -> None:
        study = self.chosen
        if study is None:
            return

        def looked(told: tuple[list[Path], list[Path]]) -> None:
            there, gone = told
            if there:
                self._studies.open(there)
            self._say(files_told(there, gone), tone="doubt" if gone or not there else "muted")
            if there and not gone:
                self.close()

        self._studies.look(study).succeeded.connect(looked)

    def _export(self) -> None:
        study = self.chosen
        target = self.ask_target(self, f"{study.day or 'study'}{SUFFIX}") if study is not None else None
        if study is not None and target is not None:
            if target.suffix.lower() != SUFFIX:
                target = target.with_name(f"{target.name}{SUFFIX}")
                if target.exists():  # the dialog asked about another name
                    self._say(there_already(target)[0], tone="doubt")
                    return
            self._studies.export(study, target, Wanted(self.with_names.isChecked(), self.with_pictures.isChecked()))

    def _delete(self) -> None:
        study = self.chosen
        if study is None:
            return
        if self._studies.is_open(study):
            self._say(translate("This study is open. Close its clips first."), tone="doubt")
            return
        question = translate(
            "All that is kept of {study} is deleted ({what}). It cannot be undone. The scans stay where they are.",
            study=whose_study(study),
            what=kept_told(study),
        )
        if self.ask_sure(self, question):
            self._studies.delete(study)

    def _import(self) -> None:
        source = self.ask_source(self)
        if source is not None:
            self._studies.import_file(source, lambda: self.ask_folder(self))

    def _keep_names(self, is_on: bool) -> None:
        question = translate("All names and places of files that are kept are deleted now. The studies stay.")
        if not is_on and not self.ask_sure(self, question):
            self.begin()
            return
        self._studies.keep_names(is_on)

    def _done(self, sentence: str) -> None:
        self._news = sentence
        self._search()

    def _failed(self, error: Exception) -> None:
        if isinstance(error, FetalClipError):
            self._say(f"{wording.sentence(error)} {wording.hint(error)}".strip(), tone="doubt")
        else:
            self._say(wording.unexpected(), tone="error")

    def _say(self, sentence: str, *, tone: str = "") -> None:
        set_tone(self.said, tone)
        self.said.setText(sentence)

    def _enable(self, *, is_busy: bool = False) -> None:
        for button in (self.open, self.export, self.delete, self.with_names, self.with_pictures):
            button.setEnabled(self.chosen is not None and not is_busy)
        self.add.setEnabled(not is_busy)

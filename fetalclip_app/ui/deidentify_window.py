"""The window of de-identification: files, the picture with its mask, the text that is left, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from fetalclip_app import RESEARCH_USE_ONLY, wording
from fetalclip_app.errors import FetalClipError
from fetalclip_app.imaging.deidentify.texts import FoundText, TextKind
from fetalclip_app.ui.deidentify_cases import Case
from fetalclip_app.ui.deidentifying import Deidentifying
from fetalclip_app.ui.mask_view import MaskView
from fetalclip_app.ui.parts import label, set_tone
from fetalclip_app.wording.translate import mark, plural, translate

AskFolder = Callable[[QWidget], Path | None]
"""Asks where the copies go."""

_LIST_PX, _SIDE_PX = 200, 340
_WHAT = mark(
    "What identifies goes from the header, and all outside the mask is blanked. Dates move back by whole days. "
    "The originals stay as they are."
)

_UNDRAWN = mark(
    "The mask still keeps the whole picture, with all that stands around the scan. Make the frame smaller by its edges."
)
_NO_MASK = mark("The scan cannot be told from the screen. Draw the mask: make the frame smaller by its edges.")


def ask_folder(parent: QWidget) -> Path | None:
    """Ask by the system's dialog."""
    chosen = QFileDialog.getExistingDirectory(parent, translate("Folder for the copies"))
    return Path(chosen) if chosen else None


class DeidentifyWindow(QWidget):
    """Shows the cases; decides nothing."""

    def __init__(self, work: Deidentifying, parent: QWidget, ask: AskFolder = ask_folder) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._work = work
        self.ask = ask
        self.setWindowTitle("De-identify")
        self.resize(1180, 720)
        self.files = QListWidget()
        self.files.setAccessibleName(translate("Files"))
        self.files.setFixedWidth(_LIST_PX)
        self.files.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.picture = MaskView()
        self.after = QCheckBox(translate("As it will look"))
        self.draw = QPushButton(translate("Draw the mask"))
        self.look = QPushButton(translate("Look for text"))
        self.remember = QCheckBox(translate("Remember this for this scanner"))
        self.remember.setChecked(work.remembers)
        self.write = QPushButton(translate("Write copies …"))
        self.write.setProperty("primary", True)
        for button in (self.draw, self.look):
            button.setProperty("quiet", True)
        self.state, self.news = label(wrap=True), label(wrap=True)
        self.kept = label(tone="muted", wrap=True)
        self._texts = QVBoxLayout()
        self._lay_out()
        self._tie()
        self._show()

    def _lay_out(self) -> None:
        middle = QVBoxLayout()
        middle.addWidget(self.picture, 1)
        under = QHBoxLayout()
        under.addWidget(self.after)
        under.addWidget(self.draw)
        under.addStretch(1)
        middle.addLayout(under)
        rows = QWidget()
        rows.setLayout(self._texts)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(rows)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        side = QVBoxLayout()
        for widget in (label(translate(_WHAT), tone="muted", wrap=True), self.kept, self.state, self.news, self.look):
            side.addWidget(widget)
        side.addWidget(scroll, 1)
        side.addWidget(self.remember)
        side.addWidget(self.write)
        side.addWidget(label(translate(RESEARCH_USE_ONLY), tone="muted", caption=True))
        panel = QWidget()
        panel.setFixedWidth(_SIDE_PX)
        panel.setLayout(side)
        across = QHBoxLayout(self)
        across.addWidget(self.files)
        across.addLayout(middle, 1)
        across.addWidget(panel)

    def _tie(self) -> None:
        work = self._work
        work.changed.connect(self._show)
        work.failed.connect(self._tell)
        work.written.connect(self._tell_written)
        self.files.currentRowChanged.connect(lambda row: work.show(row) if row >= 0 else None)
        self.picture.edited.connect(work.set_mask)
        self.after.toggled.connect(self.picture.show_after)
        self.draw.clicked.connect(work.draw_mask)
        self.look.clicked.connect(work.look)
        self.remember.toggled.connect(lambda is_on: setattr(work, "remembers", is_on))
        self.write.clicked.connect(self._ask_and_write)
        QShortcut(QKeySequence("Esc"), self).activated.connect(self.close)

    def _ask_and_write(self) -> None:
        folder = self.ask(self)
        if folder is None:
            return
        if any(folder.resolve() == case.path.resolve().parent for case in self._work.cases):
            self._tell_news(translate("The copies would lie among the originals. Choose another folder."), doubt=True)
            return
        self._work.write(folder)

    def _show(self) -> None:
        work, case = self._work, self._work.case
        if work.is_busy:
            self._tell_news("")
        self._show_files()
        self.look.setEnabled(case is not None and case.mask is not None and not work.is_busy)
        self.draw.setEnabled(case is not None and case.opened is not None and not work.is_busy)
        self.write.setEnabled(work.can_write)
        if case is None:
            self.picture.show_picture(None, None)
            self._say(translate("Opening the files …") if work.is_busy else translate("No file is open."))
            return
        self.picture.show_picture(case.picture, case.mask, case.texts)
        self.picture.setEnabled(not work.is_busy)
        self.kept.setText(_about_mask(case))
        text, is_doubt = _about(case)
        self._say(text, doubt=is_doubt)
        self._show_texts(case)

    def _show_files(self) -> None:
        names = [f"{_sign(case)} {case.path.name}" for case in self._work.cases]
        self.files.blockSignals(True)
        if [self.files.item(row).text() for row in range(self.files.count())] != names:
            self.files.clear()
            self.files.addItems(names)
        self.files.setCurrentRow(self._work.current if names else -1)
        self.files.blockSignals(False)

    def _show_texts(self, case: Case) -> None:
        while self._texts.count():
            old = self._texts.takeAt(0)
            widget = old.widget() if old is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for text in sorted(case.texts, key=lambda each: not each.needs_a_person):
            self._texts.addWidget(self._row(text, is_open=text in case.questions))
        self._texts.addStretch(1)

    def _row(self, text: FoundText, *, is_open: bool) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        words = label(f"“{text.text}”", wrap=True)
        set_tone(words, "doubt" if is_open else "muted")
        words.setToolTip(f"{wording.text_kind(text.kind)}, {wording.frame_number(text.frame)}")
        line.addWidget(words, 1)
        if text.kind is TextKind.UNKNOWN and is_open:
            line.addWidget(self._button(translate("Harmless"), text, is_harmless=True))
        line.addWidget(self._button(translate("Blank it"), text, is_harmless=False))
        return row

    def _button(self, title: str, text: FoundText, *, is_harmless: bool) -> QPushButton:
        button = QPushButton(title)
        button.setProperty("quiet", True)
        button.setAccessibleName(f"{title}: {text.text}")
        button.setEnabled(not self._work.is_busy)
        button.clicked.connect(lambda: self._work.answer(text, is_harmless=is_harmless))
        return button

    def _tell(self, error: Exception) -> None:
        said = wording.unexpected()
        if isinstance(error, FetalClipError):
            said = f"{wording.sentence(error)} {wording.hint(error)}"
        self._tell_news(said, doubt=True)

    def _tell_written(self, count: int, folder: Path) -> None:
        left = sum(1 for case in self._work.cases if case.error is None) - count
        said = translate("{count} written to {folder}.", count=count, folder=folder)
        self._tell_news(
            translate("{said} {left} wait for a mask, or for answers about text, or failed.", said=said, left=left)
            if left
            else said,
            doubt=bool(left),
        )

    def _tell_news(self, text: str, *, doubt: bool = False) -> None:
        self.news.setText(text)
        self.news.setVisible(bool(text))
        set_tone(self.news, "doubt" if doubt else "good")

    def _say(self, text: str, *, doubt: bool = False) -> None:
        self.state.setText(text)
        set_tone(self.state, "doubt" if doubt else "")


def _sign(case: Case) -> str:
    if case.error or case.failure or case.mask is None or case.is_undrawn or case.questions:
        return "⚠"
    return "✓" if case.written is not None else "·"


def _about_mask(case: Case) -> str:
    if case.mask is None:
        return ""
    return translate("Kept: {source}.", source=wording.mask_source(case.mask.source))


def _about(case: Case) -> tuple[str, bool]:
    """Return the state of a case as a sentence, and whether something is to be done."""
    error = case.error or case.failure
    if error is not None:
        return f"{wording.sentence(error)} {wording.hint(error)}", True
    if case.mask is None or case.is_undrawn:
        return translate(_NO_MASK if case.mask is None else _UNDRAWN), True
    if case.written is not None:
        return translate("Written as {name}.", name=case.written.path.name), False
    if case.seen is None:
        return translate("Text inside the mask is looked for before anything is written."), False
    count = len(case.questions)
    if count:
        asked = plural(
            "{count} text to be looked at: harmless, or to be blanked?",
            "{count} texts to be looked at: harmless, or to be blanked?",
            count,
        )
        return asked, True
    return translate("No text is left that has to be looked at."), False

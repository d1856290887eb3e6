"""Asks how the pregnancy is dated, and shows at once what age that comes to; what cannot be is refused."""

from __future__ import annotations

import math
from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from fetalclip_app.biometry.dating_entry import CRL_FORMULAS, DatingEntry, dated, entered
from fetalclip_app.domain.age import GestationalAge
from fetalclip_app.domain.dating import DatedBy, Dating, DatingRefused, written_day
from fetalclip_app.domain.notes import StudyNotes
from fetalclip_app.ui.parts import label, set_tone
from fetalclip_app.wording import dating as words
from fetalclip_app.wording.translate import mark, translate

_DAYS: dict[DatedBy, str] = {
    DatedBy.LMP: mark("First day"),
    DatedBy.CRL: mark("Day of that scan"),
    DatedBy.EDD: mark("Day"),
    DatedBy.EARLIER_SCAN: mark("Day of that scan"),
}
_AGE = mark("Age on that day")
_LABELS = (*_DAYS.values(), _AGE)
_FORMULAS: dict[str, str] = {"intergrowth": mark("INTERGROWTH-21st 2014"), "robinson": mark("Robinson 1975")}


class DatingDialog(QDialog):
    """One dating, entered by a person.

    Signals:
        entered: (Dating, the exam's day as the notes shall have it: what the person states now where the files are
            silent, else what was noted before).
        removed: There is to be no dating.
    """

    entered = Signal(object, object)
    removed = Signal()

    def __init__(
        self, parent: QWidget, notes: StudyNotes, *, exam_day: date | None, who: str, today: date | None = None
    ) -> None:
        super().__init__(parent)
        self._exam_day, self._today = exam_day, today or date.today()  # noqa: DTZ011 - the day where the person is
        self._noted_day = notes.exam_day
        self._held_day: tuple[DatedBy, str] | None = None
        self._made: Dating | None = None
        self.setWindowTitle(translate("Date the pregnancy"))
        self.by = _combo(translate("What the dating rests on"))
        for by in DatedBy:
            self.by.addItem(words.dated_by_title(by), by)
        self.day = _field(translate("Day"), "2026-03-14")
        self.crl = _field(translate("CRL in mm"), "61.2")
        self.formula = _combo(translate("Formula"))
        for name in CRL_FORMULAS:
            self.formula.addItem(translate(_FORMULAS[name]), name)
        self.age = _field(translate(_AGE), "12w3d")
        self.exam = _field(translate("Day of the exam"), "2026-03-14")
        self.who = _field(translate("Who dated"))
        self.said = label(wrap=True)
        self.use, self.remove = _button(translate("Use this dating"), primary=True), _button(translate("No dating"))
        self.close_button = _button(translate("Close"))
        self._day_label, self._more_label = label(tone="muted"), label(tone="muted")
        widest = max(map(self._day_label.fontMetrics().horizontalAdvance, map(translate, _LABELS)))
        self._day_label.setMinimumWidth(widest)
        self._more = QStackedWidget()
        self._lay_out(notes)
        self._fill(notes, who)
        self._tie()
        self._look()

    def _lay_out(self, notes: StudyNotes) -> None:
        crl, scan = QWidget(), QWidget()
        _row(crl, (self.crl, label("mm", tone="muted"), self.formula))
        _row(scan, (self.age,))
        for page in (QWidget(), crl, scan):
            self._more.addWidget(page)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        rows: list[tuple[QWidget, QWidget]] = [
            (label(translate("Dated by"), tone="muted"), self.by),
            (self._day_label, self.day),
        ]
        for place, (name, widget) in enumerate(rows):
            grid.addWidget(name, place, 0)
            grid.addWidget(widget, place, 1)
        grid.addWidget(self._more_label, 2, 0)
        grid.addWidget(self._more, 2, 1)
        grid.addWidget(label(translate("Exam"), tone="muted"), 3, 0)
        grid.addWidget(self._exam_widget(), 3, 1)
        grid.addWidget(label(translate("Who dated"), tone="muted"), 4, 0)
        grid.addWidget(self.who, 4, 1)
        self.said.setMinimumHeight(3 * self.said.fontMetrics().lineSpacing())
        now = label(words.dating_line(notes.dating) if notes.dating is not None else translate("No dating yet."))
        now.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.addWidget(self.remove)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.use)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(20, 16, 20, 16)
        whole.setSpacing(12)
        whole.addWidget(now)
        whole.addLayout(grid)
        whole.addWidget(self.said)
        whole.addLayout(buttons)
        self.setMinimumWidth(480)

    def _exam_widget(self) -> QWidget:
        if self._exam_day is None:
            return self.exam
        return label(translate("{day}, by the files", day=self._exam_day.isoformat()))

    def _fill(self, notes: StudyNotes, who: str) -> None:
        if notes.exam_day is not None:
            self.exam.setText(notes.exam_day.isoformat())
        held = notes.dating
        self.remove.setEnabled(held is not None)
        self.who.setText(held.who if held is not None else who)
        if held is None:
            return
        entry = entered(held)
        self.by.setCurrentIndex(self.by.findData(held.dated_by))
        self._held_day = held.dated_by, entry.day.isoformat()
        self.day.setText(self._held_day[1])
        self.formula.setCurrentIndex(self.formula.findData(entry.crl_formula))
        self.crl.setText("" if math.isnan(entry.crl_mm) else str(entry.crl_mm))
        self.age.setText(str(entry.age) if held.dated_by is DatedBy.EARLIER_SCAN else "")

    def _tie(self) -> None:
        for field in (self.day, self.crl, self.age, self.exam, self.who):
            field.textChanged.connect(self._look)
        self.by.currentIndexChanged.connect(self._rest_on)
        self.formula.currentIndexChanged.connect(self._look)
        self.use.clicked.connect(self._enter)
        self.remove.clicked.connect(self._remove)
        self.close_button.clicked.connect(self.reject)

    @property
    def _by(self) -> DatedBy:
        return DatedBy(self.by.currentData())

    @property
    def _exam(self) -> date | None:
        return self._exam_day or written_day(self.exam.text())

    def _rest_on(self) -> None:
        """Take the day of the dating that there is out again: an LMP is no day of a scan."""
        by, day = self._held_day or (None, "")
        if by is self._by and not self.day.text():
            self.day.setText(day)
        elif by is not self._by and self.day.text() == day:
            self.day.clear()
        self._look()

    def _look(self) -> None:
        """Say what the entry comes to, or why it is none."""
        by = self._by
        self._day_label.setText(translate(_DAYS[by]))
        page = {DatedBy.CRL: 1, DatedBy.EARLIER_SCAN: 2}.get(by, 0)
        self._more.setCurrentIndex(page)
        self._more_label.setText(("", translate("CRL"), translate(_AGE))[page])
        self._made = None
        missing = self._missing()
        if missing:
            self._say(missing)
            return
        day = written_day(self.day.text())
        assert day is not None
        entry = DatingEntry(
            by,
            day,
            self.who.text(),
            self._crl_mm(),
            self.formula.currentData(),
            GestationalAge.written(self.age.text()),
        )
        found = dated(entry, exam_day=self._exam, today=self._today)
        if isinstance(found, DatingRefused):
            self._say(words.dating_refused(found), tone="doubt")
            return
        self._made = found
        self._say(words.ages_by_dating(found, self._exam, self._today), tone="doubt" if self._exam is None else "")
        self.use.setEnabled(True)

    def _missing(self) -> str:
        """Return what is not written yet, or not so that it can be read."""
        if written_day(self.day.text()) is None:
            return translate("Write the day as 2026-03-14.")
        if self.exam.text().strip() and self._exam is None:
            return translate("Write the day of the exam as 2026-03-14.")
        if self._by is DatedBy.CRL and math.isnan(self._crl_mm()):
            return translate("Write the CRL in millimetres.")
        if self._by is DatedBy.EARLIER_SCAN and not self.age.text().strip():
            return translate("Write the age that the earlier scan gave, as 12w3d.")
        return ""

    def _crl_mm(self) -> float:
        try:
            return float(self.crl.text().strip().replace(",", "."))
        except ValueError:
            return math.nan

    def _say(self, text: str, *, tone: str = "muted") -> None:
        set_tone(self.said, tone)
        self.said.setText(text)
        self.said.setAccessibleName(text)
        self.use.setEnabled(False)

    def _remove(self) -> None:
        self.removed.emit()
        self.accept()

    def _enter(self) -> None:
        if self._made is not None:
            self.entered.emit(self._made, self._exam if self._exam_day is None else self._noted_day)
            self.accept()


def _field(name: str, example: str = "") -> QLineEdit:
    made = QLineEdit()
    made.setAccessibleName(name)
    made.setPlaceholderText(example)
    return made


def _combo(name: str) -> QComboBox:
    made = QComboBox()
    made.setAccessibleName(name)
    return made


def _button(text: str, *, primary: bool = False) -> QPushButton:
    made = QPushButton(text)
    made.setAutoDefault(primary)
    made.setDefault(primary)
    made.setProperty("primary" if primary else "quiet", True)
    return made


def _row(page: QWidget, widgets: tuple[QWidget, ...]) -> None:
    line = QHBoxLayout(page)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(8)
    for widget in widgets:
        line.addWidget(widget)

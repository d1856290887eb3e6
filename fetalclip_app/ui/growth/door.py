"""Dating, growth and ages: the card, its windows, and where each of their numbers comes from."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from fetalclip_app.domain.biometry import Chart, Measure
from fetalclip_app.domain.dating import Dating
from fetalclip_app.domain.reading import Provenance
from fetalclip_app.domain.study_table import FetusTable, StudyRow, StudyTable
from fetalclip_app.ui.growth import provenance
from fetalclip_app.ui.growth.ages_window import AgesWindow
from fetalclip_app.ui.growth.card import GrowthCard
from fetalclip_app.ui.growth.chart_window import ChartWindow
from fetalclip_app.ui.growth.dating_dialog import DatingDialog
from fetalclip_app.ui.growth.study import ShownStudy
from fetalclip_app.ui.popover import Popover
from fetalclip_app.ui.provenance import Row
from fetalclip_app.ui.tracing import size_name, study_rows
from fetalclip_app.wording.age_axis import AgeKind, axis_rows
from fetalclip_app.wording.translate import translate

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts


class Growth(QObject):
    """Ties card, windows and notebook."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts, self._book = parts, parts.notebook
        self._study = ShownStudy(parts.session, parts.notebook)
        self._table: StudyTable | None = None
        self._dialog: tuple[str | None, DatingDialog] | None = None
        self.card = GrowthCard()
        self.charts = ChartWindow(parts.window, parts.choices.now.growth_chart)
        self.ages = AgesWindow(parts.window)
        parts.findings.add_card(self.card, above=parts.findings.scale)
        self.card.offer(parts.actions["growth"], parts.actions["ages"])
        parts.window.exporting.notes_of = parts.notebook.notes_of
        self._tie()
        self._show()

    def _tie(self) -> None:
        parts = self._parts
        parts.actions["date"].triggered.connect(self._ask_dating)
        parts.actions["growth"].triggered.connect(lambda: self._toggle(self.charts))
        parts.actions["ages"].triggered.connect(lambda: self._toggle(self.ages))
        for window, name in ((self.charts, "growth"), (self.ages, "ages")):
            window.addAction(parts.actions[name])
        self.card.asked.connect(lambda row, widget: self._ask_row(self._fetus(), row, widget))
        self.charts.asked.connect(self._ask_row)
        self.card.dating_asked.connect(self._ask_dating)
        self.ages.asked.connect(self._ask_age)
        self.charts.chart_chosen.connect(self._choose_chart)
        parts.notebook.changed.connect(self._show)
        parts.session.reading_changed.connect(self._show)
        parts.session.clips_changed.connect(self._show)

    def _show(self) -> None:
        """Take the study's table anew and show it wherever it stands."""
        self._leave_other_study()
        self._table = table = self._study.table()
        self.card.show_table(table, self._fetus(), self._parts.choices.now.growth_chart)
        if self.charts.isVisible():
            self.charts.show_table(table)
        if self.ages.isVisible():
            self.ages.show_table(table, self._number)

    @property
    def _number(self) -> int | None:
        session = self._parts.session
        return session.entries.index(session.shown) + 1 if session.shown is not None else None

    def _fetus(self) -> FetusTable | None:
        """Return the fetus that the shown clip is of."""
        fetuses = self._table.fetuses if self._table is not None else ()
        return next((one for one in fetuses if self._number in one.clips), None)

    def _choose_chart(self, chart: Chart) -> None:
        self._parts.choices.keep(growth_chart=chart)
        self._show()

    def _ask_row(self, fetus: FetusTable | None, row: StudyRow | None, widget: QWidget) -> None:
        table = self._table
        if table is None or fetus is None:
            return
        if row is not None:
            name = "" if row.value is None else size_name(fetus.fetus, row.measure, row.value)
            self._pop([*provenance.size_rows(table, fetus, row, self._made()), *self._trace(name)], widget)
        elif fetus.weight is not None:
            rows = provenance.weight_rows(table, fetus, fetus.weight, self._made())
            self._pop([*rows, *self._trace(".".join(filter(None, [fetus.fetus, str(Measure.EFW)])))], widget)

    def _ask_age(self, fetus: FetusTable, place: int, widget: QWidget) -> None:
        table = self._table
        if table is None:
            return
        rows = axis_rows(table, fetus)
        kind = rows[place].kind
        of_kind = [number for number, row in enumerate(rows) if row.kind is kind].index(place)
        if kind is AgeKind.DATING:
            self._pop([*provenance.dating_rows(table), *self._trace("dating")], widget)
        elif kind is AgeKind.MODEL:
            age = fetus.model_ages[of_kind]
            told = provenance.model_rows(fetus, age, self._made())
            self._pop([*told, *self._trace(f"{age.clip.key}.age")], widget)
        else:
            by = fetus.formula_ages[of_kind]
            told = provenance.formula_rows(fetus, by, self._made())
            self._pop([*told, *self._trace(".".join(filter(None, [fetus.fetus, "age", by.key])))], widget)

    def _trace(self, name: str) -> list[Row]:
        """Return what the trace of one of the study's numbers tells."""
        session, book, history_of = self._parts.session, self._book, self._parts.findings.history_of
        entries = [
            (entry, book.notes_of(entry)[0], history_of(entry), book.fetus_of(entry)) for entry in session.entries
        ]
        if self._table is None or session.shown is None:
            return []
        history = self._parts.findings.study_history_of(session.shown)
        return study_rows(self._table, entries, name, history)

    def _made(self) -> dict[int, Provenance]:
        """Return what each clip's reading depended on, by the clip's number."""
        entries = enumerate(self._parts.session.entries, start=1)
        return {number: entry.reading.provenance for number, entry in entries if entry.reading is not None}

    def _pop(self, rows: list[Row], widget: QWidget) -> None:
        findings = self._parts.findings
        parent = findings if findings.isAncestorOf(widget) else widget.window()
        Popover(parent, translate("Where this comes from"), rows).open_beside(widget)

    def _ask_dating(self) -> None:
        shown, study = self._parts.session.shown, self._book.study
        if shown is None or study is None:
            return
        dialog = DatingDialog(
            self._parts.window, study, exam_day=shown.group.origin.exam_day, who=self._parts.choices.now.operator
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.entered.connect(self._date)
        dialog.removed.connect(self._remove_dating)
        dialog.finished.connect(self._forget_dialog)
        self._dialog = self._book.study_key, dialog
        dialog.open()

    def _forget_dialog(self) -> None:
        self._dialog = None

    def _leave_other_study(self) -> None:
        """Close a dialog that was opened for another study: files under way may bring another pregnancy forward."""
        if self._dialog is not None and self._dialog[0] != self._book.study_key:
            self._dialog[1].reject()

    def _date(self, dating: Dating, exam_day: date | None) -> None:
        study = self._book.study
        if study is not None:
            self._book.change_study(translate("Date the pregnancy"), replace(study, dating=dating, exam_day=exam_day))

    def _remove_dating(self) -> None:
        study = self._book.study
        if study is not None:
            self._book.change_study(translate("Remove the dating"), replace(study, dating=None))

    def _toggle(self, window: QWidget) -> None:
        window.setVisible(not window.isVisible())
        if window.isVisible():
            window.activateWindow()
        self._show()

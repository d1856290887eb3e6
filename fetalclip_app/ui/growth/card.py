"""The card of growth: each measure of the study with its centile at the entered dating's age, and the weight."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QToolButton, QWidget

from fetalclip_app.biometry.values import MEASURED
from fetalclip_app.domain.biometry import Chart, NoCentile
from fetalclip_app.domain.study_table import Centiles, FetusTable, StudyRow, StudyTable
from fetalclip_app.ui.cards import prepared, say
from fetalclip_app.ui.parts import Caption, Card, Elided, Figure, indented, set_tone
from fetalclip_app.wording import ages as age_words
from fetalclip_app.wording import dating as dating_words
from fetalclip_app.wording import fetus_title
from fetalclip_app.wording import growth as words
from fetalclip_app.wording.by_hand import measure_name, press_a_number
from fetalclip_app.wording.translate import translate

_MOST = 6
"""HC, BPD, OFD, AC and FL; a BPD between other edges as well takes a sixth place."""

WEIGHT = "EFW"


@dataclass(frozen=True, eq=False, slots=True)
class _Place:
    name: Elided
    centile: Caption
    figure: Figure


class GrowthCard(Card):
    """What a study's sizes are beside others of that age.

    Signals:
        asked: (`StudyRow`, or None for the weight; widget): where does this come from?
        dating_asked: Date the pregnancy.
    """

    asked = Signal(object, object)
    dating_asked = Signal()

    def __init__(self) -> None:
        super().__init__(translate("Growth"))
        self._whose = Elided()
        self.add_beside_heading(indented(self._whose))
        self.dating = Caption(translate("Dating"))
        self.dating.clicked.connect(self.dating_asked)
        self.column.addWidget(self.dating)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(4)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(1, 1)
        self._places = [self._place(row) for row in range(_MOST)]
        self.weight = self._place(_MOST)
        self.weight.name.show_text(WEIGHT)
        self.column.addLayout(self._grid)
        self.note = prepared(3)
        self.column.addWidget(self.note)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        self.column.addLayout(self._buttons)
        self._rows: list[StudyRow | None] = []
        self.show_table(None, None, Chart.WHO)

    @property
    def shown(self) -> dict[str, tuple[str, str]]:
        """What stands in the card: name -> (value, centile)."""
        places = [place for place in (*self._places, self.weight) if not place.figure.isHidden()]
        return {place.name.accessibleName(): (place.figure.text(), place.centile.text()) for place in places}

    def figure(self, name: str) -> Figure:
        """Return the number that stands behind a name."""
        found = (place for place in (*self._places, self.weight) if place.name.accessibleName() == name)
        return next(found).figure

    def offer(self, *actions: QAction) -> None:
        """Put buttons below the numbers."""
        for action in actions:
            button = QToolButton()
            button.setDefaultAction(action)
            self._buttons.addWidget(button)
        self._buttons.addStretch(1)

    def show_table(self, table: StudyTable | None, fetus: FetusTable | None, chart: Chart) -> None:
        """Show a fetus's numbers; without one, empty places and why."""
        self._show_whose(table, fetus)
        self._show_dating(table, chart)
        named = _named_rows(fetus)
        self._rows = [row for _name, row in named]
        for number, place in enumerate(self._places):
            _set_shown(place, number < len(named))
            name, row = named[number] if number < len(named) else ("", None)
            place.name.show_text(name)
            self._show_row(place, row, table, chart)
        self._show_weight(table, fetus, chart)
        self._show_note(table, fetus)

    def _show_row(self, place: _Place, row: StudyRow | None, table: StudyTable | None, chart: Chart) -> None:
        place.centile.show_text("")
        if row is None or table is None:
            place.figure.show_nothing()
        elif row.value is None:
            place.figure.show_doubt(words.row_value(row))
        else:
            place.figure.show_value(words.row_value(row))
            self._show_centile(place.centile, row.centiles, table, chart)

    def _show_weight(self, table: StudyTable | None, fetus: FetusTable | None, chart: Chart) -> None:
        weight = fetus.weight if fetus is not None else None
        self.weight.name.show_text(words.of_fetus(fetus.fetus, WEIGHT) if fetus is not None else WEIGHT)
        if weight is None or table is None:
            self.weight.figure.show_nothing()
            text = words.no_weight(fetus) if fetus is not None else ""
            self.weight.centile.show_text(text, can_ask=False)
            return
        self.weight.figure.show_value(words.grams(weight.weight_g))
        self._show_centile(self.weight.centile, weight.centiles, table, chart)

    def _show_centile(self, caption: Caption, centiles: Centiles, table: StudyTable, chart: Chart) -> None:
        """Show the centile of the chosen chart; the tooltip has those of all charts."""
        found = dict(centiles)[chart]
        told = [words.centile(one, there, table.dating) for one, there in centiles]
        reason = words.centile_reason(found)
        caption.show_text(
            words.centile(chart, found, table.dating),
            tip="\n".join([*told, *([reason] if reason else [])]),
            doubt=isinstance(found, NoCentile) and found is not NoCentile.NOT_ON_CHART,
        )

    def _show_whose(self, table: StudyTable | None, fetus: FetusTable | None) -> None:
        is_doubt = table is not None and table.names_fetuses and fetus is None
        set_tone(self._whose, "doubt" if is_doubt else "muted")
        named = fetus is not None and fetus.fetus
        self._whose.show_text(fetus_title(fetus.fetus if fetus is not None else None) if named or is_doubt else "")

    def _show_dating(self, table: StudyTable | None, chart: Chart) -> None:
        if table is None:
            self.dating.show_text("")
            return
        text = words.dated_age(table)
        if isinstance(table.age, NoCentile):
            reason = dating_words.no_centile(table.age)
            self.dating.show_text(translate("{why}: no centiles", why=text), tip=reason, doubt=True)
            return
        line = dating_words.dating_line(table.dating) if table.dating is not None else ""
        self.dating.show_text(f"{text} · {words.chart_name(chart)}", tip=line)

    def _show_note(self, table: StudyTable | None, fetus: FetusTable | None) -> None:
        if table is None:
            say(self.note, "")
        elif fetus is None:
            say(self.note, words.unassigned(table.unassigned) if table.unassigned else "", doubt=True)
        elif fetus.differences:
            say(self.note, age_words.differences_in_short(fetus), doubt=True)
        else:
            say(self.note, press_a_number() if fetus.rows else "")
        self.note.setToolTip(self.note.text())

    def _place(self, row: int) -> _Place:
        place = _Place(
            Elided(), Caption(translate("Centile")), Figure(translate("Size"), pixel_size=15, align_right=True)
        )
        indented(place.name)
        self._grid.addWidget(place.name, 2 * row, 0)
        self._grid.addWidget(place.figure, 2 * row, 1)
        self._grid.addWidget(place.centile, 2 * row + 1, 0, 1, 2)
        for button in (place.centile, place.figure):
            button.clicked.connect(lambda checked=False, button=button: self._ask(row, button))
        return place

    def _ask(self, row: int, widget: QWidget) -> None:
        if row == _MOST:
            self.asked.emit(None, widget)
        elif row < len(self._rows) and self._rows[row] is not None:
            self.asked.emit(self._rows[row], widget)


def _named_rows(fetus: FetusTable | None) -> list[tuple[str, StudyRow | None]]:
    """Return every measure with its row, or without one where it was not measured."""
    whose = fetus.fetus if fetus is not None else ""
    found: list[tuple[str, StudyRow | None]] = []
    for measure in MEASURED:
        rows = [row for row in fetus.rows if row.measure is measure] if fetus is not None else []
        found += [(words.row_name(row), row) for row in rows] or [(measure_name(measure), None)]
    return [(words.of_fetus(whose, name), row) for name, row in found[:_MOST]]


def _set_shown(place: _Place, is_shown: bool) -> None:
    for widget in (place.name, place.centile, place.figure):
        widget.setVisible(is_shown)

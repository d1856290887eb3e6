"""The card of lengths by landmarks: as many rows as the clip has lines; hidden where the model measures none."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.landmarks import LINES
from fetalclip_app.domain.reading import Answer, LineMeasurements, Measurement
from fetalclip_app.ui.cards import prepared, reason_and_remedy, say
from fetalclip_app.ui.parts import Card, Figure, indented, label
from fetalclip_app.wording import line_definition, line_licence, line_name, line_title, line_value
from fetalclip_app.wording.translate import translate

NAMES = (*LINES["head"], "ac", *LINES["abdomen"], *LINES["femur"])
"""In the order shown."""


@dataclass(frozen=True, eq=False, slots=True)
class _Row:
    short: QLabel
    long: QLabel
    figure: Figure

    def set_shown(self, is_shown: bool) -> None:
        for widget in (self.short, self.long, self.figure):
            widget.setVisible(is_shown)


class LinesCard(Card):
    """How long: BPD and OFD, AC and its diameters, FL.

    Signals:
        asked: (name of a line; widget): where does this come from?
    """

    asked = Signal(str, object)

    def __init__(self) -> None:
        super().__init__(translate("Lines by landmarks"))
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(1, 1)
        self._rows = {name: self._row(place, name) for place, name in enumerate(NAMES)}
        self.column.addLayout(self._grid)
        self.note = prepared(3)
        self.column.addWidget(self.note)
        self.show_answer(None)

    @property
    def figures(self) -> dict[str, Figure]:
        """The figures that are shown, by the name of their line."""
        return {name: row.figure for name, row in self._rows.items() if not row.figure.isHidden()}

    def show_answer(self, answer: Answer | None) -> None:
        """Show lengths or why there are none; hide where the model has no measurement head."""
        self.setVisible(answer is not None)
        found = {one.name: one for one in answer.measurements} if isinstance(answer, LineMeasurements) else {}
        for name, row in self._rows.items():
            row.set_shown(name in found)
            if name in found:
                _show(row.figure, found[name])
        if isinstance(answer, Abstention):
            say(self.note, reason_and_remedy(answer))
            return
        doubts = [reason_and_remedy(one.size_mm) for one in found.values() if isinstance(one.size_mm, Abstention)]
        licence = line_licence(next(iter(found.values()))) if found else ""
        say(self.note, doubts[0] if doubts else licence, doubt=bool(doubts))

    def _row(self, place: int, name: str) -> _Row:
        short, long = indented(label(line_name(name))), label(line_title(name), tone="muted", caption=True)
        for words in (short, long):
            words.setToolTip(line_definition(name))
        long.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        figure = Figure(line_name(name), pixel_size=15, align_right=True)
        figure.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        figure.clicked.connect(lambda checked=False: self.asked.emit(name, figure))
        for column, widget in enumerate((short, long, figure)):
            self._grid.addWidget(widget, place, column)
        return _Row(short, long, figure)


def _show(figure: Figure, one: Measurement) -> None:
    if isinstance(one.size_mm, Abstention):
        figure.show_doubt(line_value(one))
    else:
        figure.show_value(line_value(one))

"""The card of structures: a row for each that the model has a mask for, in a place that is there before any reading."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.reading import Answer
from fetalclip_app.domain.structures import Structure, Structures
from fetalclip_app.imaging.overlay_colours import structure_colour
from fetalclip_app.ui.cards import prepared, say
from fetalclip_app.ui.parts import INDENT_PX, Card, Elided, Figure, label
from fetalclip_app.ui.theme import caption_font
from fetalclip_app.wording import reason_and_remedy, reason_title
from fetalclip_app.wording.structures import (
    no_area_scale,
    structure_area,
    structure_name,
    structure_title,
    structures_licence,
)
from fetalclip_app.wording.translate import translate

_SWATCH_PX = 10


@dataclass(frozen=True, eq=False, slots=True)
class _Row:
    widgets: tuple[QWidget, ...]
    figure: Figure


class StructuresCard(Card):
    """How large: skull, cavum, ventricle, as the model's own head draws them.

    Signals:
        asked: (name of a structure; widget): where does this come from?
    """

    asked = Signal(str, object)

    def __init__(self) -> None:
        super().__init__(translate("Structures"))
        self._grid = QGridLayout()
        self._grid.setContentsMargins(INDENT_PX, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(2, 1)
        self._rows: dict[str, _Row] = {}
        self._kept: tuple[str, ...] = ()
        self.column.addLayout(self._grid)
        self.note = prepared(3)
        self.column.addWidget(self.note)
        self.show_answer(None)

    @property
    def figures(self) -> dict[str, Figure]:
        """The areas, by the name of their structure."""
        return {name: row.figure for name, row in self._rows.items()}

    def keep_place(self, names: tuple[str, ...]) -> None:
        """Keep a row for each structure that the model draws; none hides the card until a reading needs it."""
        self._kept = names
        if names:
            self._show_rows(names)
        self.setVisible(bool(names))

    def show_answer(self, answer: Answer | None) -> None:
        """Show areas, why there are none, or empty places; hide where neither model nor reading has structures."""
        self.setVisible(bool(self._kept) or answer is not None)
        found = {one.name: one for one in answer.structures} if isinstance(answer, Structures) else {}
        self._show_rows(tuple(found) or self._kept)
        for name, row in self._rows.items():
            _show(row.figure, found.get(name))
        if isinstance(answer, Abstention):
            for row in list(self._rows.values())[:1]:
                row.figure.show_doubt(reason_title(answer.reason))
            say(self.note, reason_and_remedy(answer), doubt=True)
        elif isinstance(answer, Structures):
            doubt = next((one for one in found.values() if isinstance(one.found, Abstention)), None)
            say(self.note, _remark(answer, doubt), doubt=doubt is not None)
        else:
            say(self.note, "")

    def _show_rows(self, names: tuple[str, ...]) -> None:
        if names == tuple(self._rows):
            return
        for row in self._rows.values():
            for widget in row.widgets:
                self._grid.removeWidget(widget)
                widget.deleteLater()
        self._rows = {name: self._row(place, name) for place, name in enumerate(names)}

    def _row(self, place: int, name: str) -> _Row:
        swatch = QLabel()
        swatch.setFixedSize(_SWATCH_PX, _SWATCH_PX)
        red, green, blue = structure_colour(name)
        swatch.setStyleSheet(f"background: rgb({red}, {green}, {blue}); border-radius: 2px;")
        short, long = label(structure_name(name)), Elided()
        long.setProperty("tone", "muted")
        long.setFont(caption_font())
        long.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        long.show_text(structure_title(name), tip=structure_title(name))
        short.setToolTip(structure_title(name))
        figure = Figure(structure_title(name), pixel_size=15, align_right=True)
        figure.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        figure.clicked.connect(lambda checked=False: self.asked.emit(name, figure))
        widgets = (swatch, short, long, figure)
        for column, widget in enumerate(widgets):
            self._grid.addWidget(widget, place, column)
        return _Row(widgets, figure)


def _show(figure: Figure, one: Structure | None) -> None:
    if one is None:
        figure.show_nothing()
    elif isinstance(one.found, Abstention):
        figure.show_doubt(structure_area(one))
    else:
        figure.show_value(structure_area(one))


def _remark(answer: Structures, doubt: Structure | None) -> str:
    if doubt is not None and isinstance(doubt.found, Abstention):
        return f"{structure_name(doubt.name)}: {reason_and_remedy(doubt.found)}"
    if any(one.area is not None and one.area.mm2 is None for one in answer.structures):
        return no_area_scale()
    return structures_licence(answer.head)

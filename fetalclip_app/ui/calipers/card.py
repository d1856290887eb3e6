"""The card of measurements: a row for each, with the value that enters the report and the others beside it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from fetalclip_app.biometry.values import MEASURED, entering
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.calibration import Calibration
from fetalclip_app.domain.notes import ClipNotes
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.ui.calipers.rows import Row, Said, note_of, row_of
from fetalclip_app.ui.cards import prepared, say
from fetalclip_app.ui.parts import INDENT_PX, Caption, Card, Elided, Figure, indented, label, set_tone
from fetalclip_app.ui.theme import caption_font
from fetalclip_app.wording import by_hand as words
from fetalclip_app.wording.translate import translate

_OTHERS = 3
"""Places for values that do not enter: no measure has more (both ways of the model, or one's other definition)."""


@dataclass(frozen=True, eq=False, slots=True)
class _Widgets:
    title: Elided
    figure: Figure
    source: Caption
    others: tuple[Caption, ...]


class MeasurementsCard(Card):
    """How large: HC, BPD, OFD, AC, FL. Every place is there before its number.

    Signals:
        asked: (`rows.Asked`, widget): where does this come from?
    """

    asked = Signal(object, object)

    def __init__(self) -> None:
        super().__init__(translate("Measurements"))
        self._whose = label(tone="doubt", caption=True)
        self.add_beside_heading(indented(self._whose))
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        self._asked: dict[QWidget, object] = {}
        self._rows = {measure: self._row(grid, place, measure) for place, measure in enumerate(MEASURED)}
        self.column.addLayout(grid)
        self.note = prepared(3)
        self.column.addWidget(self.note)
        self.show_values(None, None, None)

    @property
    def figures(self) -> dict[str, Figure]:
        """The large numbers, by measure."""
        return {measure.value: row.figure for measure, row in self._rows.items()}

    def others(self, measure: Measure) -> tuple[Caption, ...]:
        """Return the small numbers of a measure that are shown."""
        return tuple(one for one in self._rows[measure].others if one.isEnabled())

    def source(self, measure: Measure) -> str:
        """Return whose value of a measure is the large one."""
        return self._rows[measure].source.text()

    @property
    def measure_in_focus(self) -> Measure | None:
        """The measure whose row the keys are in."""
        for measure, row in self._rows.items():
            if any(widget.hasFocus() for widget in (row.figure, row.source, *row.others)):
                return measure
        return None

    def show_whose(self, text: str, *, is_doubt: bool) -> None:
        """Say whose scan it is, or ask it; empty in a single pregnancy."""
        set_tone(self._whose, "doubt" if is_doubt else "muted")
        self._whose.setText(text)

    def show_first(self, *, is_on: bool) -> None:
        """Say in the heading that the model's values wait for the person's."""
        title = translate("Measurements")
        self.heading.setText(f"{title} · {translate('measure first')}" if is_on else title)

    def show_values(
        self, notes: ClipNotes | None, reading: ClipReading | None, calibration: Calibration | None
    ) -> None:
        """Show what a clip's measures come to, or empty places."""
        found = [entering(notes or ClipNotes(), reading, calibration, measure) for measure in MEASURED]
        for one in found:
            self._show(self._rows[one.measure], row_of(one, reading))
        text, is_doubt = note_of(found, reading)
        say(self.note, text, doubt=is_doubt)

    def _row(self, grid: QGridLayout, place: int, measure: Measure) -> _Widgets:
        name = words.measure_name(measure)
        short, title = indented(label(name)), Elided()
        title.setProperty("tone", "muted")
        title.setFont(caption_font())
        title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        figure = Figure(name, pixel_size=20 if measure is Measure.HC else 15, align_right=True)
        figure.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        for column, widget in enumerate((short, title, figure)):
            grid.addWidget(widget, 2 * place, column)
        source, others = Caption(name), tuple(Caption(name) for _ in range(_OTHERS))
        line = QHBoxLayout()
        line.setSpacing(0)
        line.addWidget(source, 1)
        for other in others:
            other.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            line.addWidget(other)
        grid.addLayout(line, 2 * place + 1, 0, 1, 3)
        for button in (figure, source, *others):
            button.clicked.connect(lambda checked=False, button=button: self._ask(button))
        return _Widgets(title, figure, source, others)

    def _ask(self, widget: QWidget) -> None:
        asked = self._asked.get(widget)
        if asked is not None:
            self.asked.emit(asked, widget)

    def _show(self, widgets: _Widgets, row: Row) -> None:
        widgets.title.show_text(row.title, tip=words.drawn_definition(row.measure))
        large = row.entering
        self._asked[widgets.figure] = large.asked
        if not large.text:
            widgets.figure.show_nothing()
        elif large.is_doubt:
            widgets.figure.show_doubt(large.text)
        else:
            widgets.figure.show_value(large.text)
        self._caption(widgets.source, row.source)
        for place, caption in enumerate(widgets.others):
            said = row.others[place] if place < len(row.others) else Said("")
            self._caption(caption, said)
            wide = caption.fontMetrics().horizontalAdvance(said.text) + 2 * INDENT_PX + 2
            caption.setFixedWidth(wide if said.text else 0)

    def _caption(self, caption: Caption, said: Said) -> None:
        self._asked[caption] = said.asked
        caption.show_text(said.text, tip=said.tip, doubt=said.is_doubt, can_ask=said.asked is not None)

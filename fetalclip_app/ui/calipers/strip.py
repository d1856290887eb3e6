"""The strip that says what the hand measures, and asks what only a person knows."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.ui.parts import close_button, label, set_tone
from fetalclip_app.ui.strips import Strip
from fetalclip_app.ui.theme import text_font
from fetalclip_app.wording.by_hand import edges_meaning, edges_name, measure_name, measure_title
from fetalclip_app.wording.translate import translate


class CaliperStrip(Strip):
    """What is measured, how long it is, and what can be done with it.

    Signals:
        measure_chosen: A `Measure`, or None for a length that is not kept.
        edges_chosen: A `BpdDefinition`.
        model_wanted: Begin from the model's own outline or line.
        keep_wanted: The shape stands.
        remove_wanted: Take the kept measurement away.
        given_up: Put the hand away.
    """

    measure_chosen = Signal(object)
    edges_chosen = Signal(object)
    model_wanted = Signal()
    keep_wanted = Signal()
    remove_wanted = Signal()
    given_up = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, translate("Measure by hand"))
        self.told = label()
        self.told.setFont(text_font(weight=text_font().Weight.DemiBold))
        self.hint = label(tone="muted", caption=True)
        self.from_model = _button(translate("Adjust the model's outline"), self.model_wanted.emit)
        self.keep = _button(translate("Keep"), self.keep_wanted.emit, primary=True)
        self.remove = _button(translate("Remove"), self.remove_wanted.emit)
        close = close_button(translate("Put the caliper away"))
        close.clicked.connect(self.given_up)
        self._is_away = False
        self.measures: dict[Measure | None, QPushButton] = {}
        self._measure_group = QButtonGroup(self, exclusive=True)
        self._choices = QHBoxLayout()
        self._choices.setSpacing(4)
        self.edges = {edges: _choice(edges_name(edges), edges_meaning(edges)) for edges in BpdDefinition}
        self._edges_group = QButtonGroup(self, exclusive=True)
        for edges, button in self.edges.items():
            self._edges_group.addButton(button)
            button.clicked.connect(lambda checked=False, edges=edges: self.edges_chosen.emit(edges))
        first, second = QHBoxLayout(), QHBoxLayout()
        for widget in (self.told, self.from_model, self.keep, self.remove, close):
            first.addWidget(widget, int(widget is self.told))
        second.addLayout(self._choices)
        second.addSpacing(12)
        for button in self.edges.values():
            second.addWidget(button)
        second.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(4)
        for line in (first, second):
            line.setSpacing(4)
            column.addLayout(line)
        column.addWidget(self.hint)
        self.line.addLayout(column)

    def offer(self, measures: Sequence[Measure], *, no_measure: str) -> None:
        """Let these be chosen; ``no_measure`` is what stands for a length that is not kept."""
        for button in self.measures.values():
            self._measure_group.removeButton(button)
            self._choices.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.measures = {}
        for measure in (*measures, None):
            text = measure_name(measure) if measure is not None else no_measure
            button = _choice(text, measure_title(measure) if measure is not None else "")
            button.clicked.connect(lambda checked=False, measure=measure: self.measure_chosen.emit(measure))
            self._measure_group.addButton(button)
            self._choices.addWidget(button)
            self.measures[measure] = button

    def show_choice(
        self, measure: Measure | None, edges: BpdDefinition | None, *, is_kept: bool, can_begin: bool
    ) -> None:
        """Show what is chosen; a kept measurement can be removed, a new one kept or begun from the model's."""
        self.measures[measure].setChecked(True)
        self.measures[None].setVisible(not is_kept)
        self._edges_group.setExclusive(False)
        for one, button in self.edges.items():
            button.setVisible(measure is Measure.BPD)
            button.setChecked(one is edges)
        self._edges_group.setExclusive(True)
        self.from_model.setVisible(can_begin)
        self.keep.setVisible(not is_kept and measure is not None)
        self.remove.setVisible(is_kept)
        self._fit()

    def tell(self, text: str, hint: str, *, is_doubt: bool) -> None:
        """Say what the shape in hand comes to, and what is missing or helps."""
        if (text, hint) == (self.told.text(), self.hint.text()):
            return
        self.told.setText(text)
        self.hint.setText(hint)
        set_tone(self.told, "doubt" if is_doubt else "")
        set_tone(self.hint, "doubt" if is_doubt else "muted")
        self._fit()

    def dismiss(self) -> None:
        """Put the hand away."""
        self.given_up.emit()

    def give_way(self, at: QPoint | None) -> None:
        """Make way for what is dragged at a point of the area, and come back when nothing is (None)."""
        if at is not None and self.isVisible() and self.geometry().adjusted(-24, -24, 24, 24).contains(at):
            self._is_away = True
            self.hide()
        elif at is None and self._is_away:
            self._is_away = False
            self.open()

    def event(self, event: QEvent) -> bool:
        """Let Escape put the hand away from inside the strip too."""
        if event.type() == QEvent.Type.ShortcutOverride:
            assert isinstance(event, QKeyEvent)
            if event.key() == Qt.Key.Key_Escape:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Put the hand away by Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)

    def _fit(self) -> None:
        if self.isVisible():
            self.adjustSize()
            self.moved.emit()


def _button(text: str, do: object, *, primary: bool = False) -> QPushButton:
    made = QPushButton(text)
    made.setProperty("primary" if primary else "quiet", True)
    made.clicked.connect(lambda checked=False: do())  # type: ignore[operator]
    return made


def _choice(text: str, meaning: str) -> QPushButton:
    made = QPushButton(text)
    made.setCheckable(True)
    made.setProperty("choice", True)
    made.setToolTip(meaning)
    made.setAccessibleName(meaning or text)
    return made

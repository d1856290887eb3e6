"""The cards of age and measurements, and what every card of the findings panel is made of. Each keeps its height."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.age import AgeEstimate, LimitGround
from fetalclip_app.domain.reading import Answer
from fetalclip_app.ui.age_curve import AgeCurve
from fetalclip_app.ui.parts import Caption, Card, Figure, indented, label, set_tone
from fetalclip_app.wording import (
    abstention,
    abstention_hint,
    age_range,
    head_unchecked,
    interval_meaning,
    learned_age,
    no_interval,
    percent,
    reason_title,
    spread_limit,
    spread_meaning,
)
from fetalclip_app.wording.translate import translate


def prepared(lines: int, *, tone: str = "muted") -> QLabel:
    """Return a caption whose place for some lines is there before its words."""
    text = indented(label(tone=tone, caption=True, wrap=True))
    text.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    text.setFixedHeight(text.fontMetrics().lineSpacing() * lines + 2)
    text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return text


def say(note: QLabel, text: str, *, doubt: bool = False) -> None:
    """Write a caption, in amber where it is a doubt."""
    set_tone(note, "doubt" if doubt else "muted")
    note.setText(text)


class AgeCard(Card):
    """How old: the age, the spread of the best days and the curve; or why there is no age.

    Signals:
        asked: The widget: where does this come from?
    """

    asked = Signal(object)

    def __init__(self) -> None:
        super().__init__(translate("Gestational age"))
        self.age = Figure(translate("Gestational age"))
        self.age.clicked.connect(lambda: self.asked.emit(self.age))
        self.spread, self.interval = Caption(translate("Spread")), Caption(translate("Interval"))
        for line in (self.spread, self.interval):
            line.clicked.connect(lambda checked=False, line=line: self.asked.emit(line))
        self.curve = AgeCurve()
        self.note = prepared(2)
        self._why = indented(label(tone="doubt", wrap=True))
        self._helps = indented(label(tone="doubt", wrap=True))
        self._pages = QStackedWidget()
        shown = (self.spread, self.interval, self.curve, self.note)
        self._pages.addWidget(_column(*shown))
        self._pages.addWidget(_column(self._why, self._helps, None))
        self._pages.setFixedHeight(sum(widget.height() for widget in shown))
        self.column.addWidget(self.age)
        self.column.addWidget(self._pages)

    @property
    def why(self) -> str:
        """Why there is no age; empty where there is one."""
        return self._why.text() if self._pages.currentIndex() == 1 else ""

    def show_answer(self, answer: Answer | None) -> None:
        """Show an age, an abstention, or an empty place."""
        self._pages.setCurrentIndex(int(isinstance(answer, Abstention)))
        estimate = answer if isinstance(answer, AgeEstimate) else None
        self.curve.show_estimate(estimate)
        if estimate is not None:
            self.age.show_value(str(estimate.age))
            self._show_estimate(estimate)
            return
        self.spread.show_text("")
        self.interval.show_text("")
        self.note.setText("")
        if isinstance(answer, Abstention):
            self.age.show_doubt(reason_title(answer.reason))
            self._why.setText(abstention(answer))
            self._helps.setText(abstention_hint(answer))
        else:
            self.age.show_nothing()

    def _show_estimate(self, estimate: AgeEstimate) -> None:
        self.spread.show_text(
            translate("{range}, the spread of the 15 best days", range=age_range(estimate.low, estimate.high)),
            tip=spread_meaning(),
        )
        fitted, ground = estimate.interval, estimate.limit_ground
        text, tip = no_interval(ground), spread_limit(ground)
        if fitted is not None:
            text = translate(
                "{range} held {share} of validation patients",
                range=age_range(fitted.low, fitted.high),
                share=percent(fitted.level),
            )
            tip = f"{interval_meaning(fitted)} {tip}".strip()
        self.interval.show_text(text, tip=tip, doubt=ground is LimitGround.NOT_FITTED)
        remarks = [learned_age()] if estimate.learned_from_head_size else []
        remarks += [] if estimate.head_checked else [head_unchecked()]
        say(self.note, " ".join(remarks), doubt=not estimate.head_checked)


def _column(*widgets: QWidget | None) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for widget in widgets:
        if widget is None:
            column.addStretch(1)
        else:
            column.addWidget(widget)
    return page


class StateLine(QWidget):
    """One line above the cards that says how far the reading is; always there."""

    def __init__(self) -> None:
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(4, 0, 4, 0)
        self._text = label(tone="muted", caption=True)
        line.addWidget(self._text)
        self.setFixedHeight(20)

    def show_text(self, text: str) -> None:
        """Say it."""
        self._text.setText(text)
        self.setAccessibleName(text)

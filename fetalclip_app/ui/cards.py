"""The three cards of the findings panel: view, age, measurements. Each keeps its height."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.age import AgeEstimate
from fetalclip_app.domain.reading import Answer, HeadMeasurement, HeadSize
from fetalclip_app.domain.views import BRAIN_PLANES, PLANES, ViewPrediction
from fetalclip_app.ui.age_curve import AgeCurve
from fetalclip_app.ui.bars import Bar, Bars
from fetalclip_app.ui.parts import INDENT_PX, Caption, Card, Figure, indented, label, set_tone
from fetalclip_app.ui.theme import CARD_BETWEEN, CARD_INSIDE, FINDINGS_PX
from fetalclip_app.wording import (
    abstention,
    abstention_hint,
    age_range,
    definition,
    head_unchecked,
    interval_meaning,
    learned_age,
    millimetres,
    not_trained_view,
    percent,
    percentages_meaning,
    pixels,
    reason_title,
    spread_meaning,
    view_title,
)


def _prepared(lines: int, *, tone: str = "muted") -> QLabel:
    """Return a caption whose place for some lines is there before its words."""
    text = indented(label(tone=tone, caption=True, wrap=True))
    text.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    text.setFixedHeight(text.fontMetrics().lineSpacing() * lines + 2)
    text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return text


def _say(note: QLabel, text: str, *, doubt: bool = False) -> None:
    set_tone(note, "doubt" if doubt else "muted")
    note.setText(text)


def _why(why: Abstention) -> str:
    """Return the reason and the remedy."""
    return f"{abstention(why)} {abstention_hint(why)}".strip()


class ViewCard(Card):
    """Which view: the best, the nine planes, and the planes of the brain.

    Signals:
        asked: (task key, view key, widget): where does this come from?
    """

    asked = Signal(str, str, object)

    def __init__(self) -> None:
        super().__init__("View")
        self.best = Figure("View")
        self._best_key, self._brain_key, self._brain_title = "", "", "Brain plane"
        self.best.clicked.connect(lambda: self.asked.emit("views", self._best_key, self.best))
        self.note = _prepared(3)
        self.planes = Bars(PLANES, with_letters=True)
        self.planes.asked.connect(lambda key, row: self.asked.emit("views", key, row))
        self.brain_planes = Bars(BRAIN_PLANES, with_letters=False)
        self.brain_planes.asked.connect(lambda key, row: self.asked.emit("brain_views", key, row))
        self.column.addWidget(self.best)
        self.column.addWidget(self.note)
        self.column.addWidget(self.planes)
        self.brain = Caption("Brain plane")
        self.brain.clicked.connect(lambda: self.asked.emit("brain_views", self._brain_key, self.brain))
        self.column.addWidget(self.brain)
        self.column.addWidget(self.brain_planes)

    def show_sets(self, views: str, brain: str) -> None:
        """Name the view sets that were asked in place of the bundled ones; an empty name is the bundled one's."""
        title = f"View · {views}" if views else "View"
        room = FINDINGS_PX - 2 * (CARD_INSIDE + CARD_BETWEEN) - 2 * INDENT_PX
        self.heading.setText(self.heading.fontMetrics().elidedText(title, Qt.TextElideMode.ElideMiddle, room))
        self.heading.setToolTip(f"The view set {views}" if views else "")
        self._brain_title = f"Brain plane ({brain})" if brain else "Brain plane"

    def show_answers(self, views: Answer | None, brain: Answer | None) -> None:
        """Show these answers; None keeps their places empty."""
        self._show_best(views)
        self.planes.show_bars(_bars(views, self.planes))
        self.brain_planes.show_bars(_bars(brain, self.brain_planes))
        self._show_brain(brain)

    def _show_brain(self, brain: Answer | None) -> None:
        """Head the planes of the brain; in amber, why none of them should be relied on."""
        why = brain.abstained if isinstance(brain, ViewPrediction) else brain
        self._brain_key = brain.best if isinstance(brain, ViewPrediction) else ""
        if isinstance(why, Abstention):
            tip = f"{abstention(why)} {abstention_hint(why)}".strip()
            self.brain.show_text(f"{self._brain_title} · {reason_title(why.reason)}", tip=tip, doubt=True)
        else:
            self.brain.show_text(self._brain_title, can_ask=brain is not None)

    def _show_best(self, views: Answer | None) -> None:
        _say(self.note, "")
        match views:
            case ViewPrediction():
                self._best_key = views.best
                share = percent(float(views.probabilities.max()))
                if views.abstained is not None:
                    self.best.show_doubt(reason_title(views.abstained.reason))
                    _say(self.note, _why(views.abstained), doubt=True)
                elif views.best in views.not_trained:
                    self.best.show_doubt(f"{view_title(views.best)} {share}, {not_trained_view()}")
                    _say(self.note, "A guess from words: training never showed this view.", doubt=True)
                else:
                    self.best.show_value(f"{view_title(views.best)} {share}")
                    _say(self.note, percentages_meaning(views.calibrated, views.calibration_error))
            case Abstention():
                self._best_key = ""
                self.best.show_doubt(reason_title(views.reason))
                _say(self.note, _why(views), doubt=True)
            case _:
                self._best_key = ""
                self.best.show_nothing()


def _bars(answer: Answer | None, bars: Bars) -> list[Bar]:
    if not isinstance(answer, ViewPrediction):
        return [Bar(row.bar.key) for row in bars.rows]
    best = answer.best
    return [
        Bar(key, float(share), key == best, key not in answer.not_trained)
        for key, share in zip(answer.keys, answer.probabilities, strict=True)
    ]


class AgeCard(Card):
    """How old: the age, the spread of the best days and the curve; or why there is no age.

    Signals:
        asked: The widget: where does this come from?
    """

    asked = Signal(object)

    def __init__(self) -> None:
        super().__init__("Gestational age")
        self.age = Figure("Gestational age")
        self.age.clicked.connect(lambda: self.asked.emit(self.age))
        self.spread, self.interval = Caption("Spread"), Caption("Interval")
        for line in (self.spread, self.interval):
            line.clicked.connect(lambda checked=False, line=line: self.asked.emit(line))
        self.curve = AgeCurve()
        self.note = _prepared(2)
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
            f"{age_range(estimate.low, estimate.high)}, the spread of the 15 best days", tip=spread_meaning()
        )
        fitted = estimate.interval
        if fitted is not None:
            held = f"{age_range(fitted.low, fitted.high)} held {percent(fitted.level)} of validation patients"
            self.interval.show_text(held, tip=interval_meaning(fitted))
        else:
            self.interval.show_text("No interval was fitted for this model")
        remarks = [learned_age()] if estimate.learned_from_head_size else []
        remarks += [] if estimate.head_checked else [head_unchecked()]
        _say(self.note, " ".join(remarks), doubt=not estimate.head_checked)


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


class HeadCard(Card):
    """How large: HC, BPD and OFD.

    Signals:
        asked: (``hc``, ``bpd`` or ``ofd``; widget): where does this come from?
    """

    asked = Signal(str, object)

    def __init__(self) -> None:
        super().__init__("Measurements")
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        self.figures: dict[str, Figure] = {}
        self._names: list[QLabel] = []
        names = {"hc": "Head circumference", "bpd": "Biparietal", "ofd": "Occipitofrontal"}
        for row, (key, name) in enumerate(names.items()):
            short = indented(label(key.upper()))
            short.setToolTip(definition(key))
            long = label(name, tone="muted", caption=True)
            long.setToolTip(definition(key))
            long.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            figure = Figure(key.upper(), pixel_size=20 if key == "hc" else 15, align_right=True)
            figure.clicked.connect(lambda checked=False, key=key, figure=figure: self.asked.emit(key, figure))
            self.figures[key] = figure
            self._names.append(long)
            grid.addWidget(short, row, 0)
            grid.addWidget(long, row, 1)
            figure.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
            grid.addWidget(figure, row, 2)
        self.column.addLayout(grid)
        self.note = _prepared(3)
        self.column.addWidget(self.note)

    def show_answer(self, answer: Answer | None) -> None:
        """Show lengths, an abstention, or empty places."""
        _say(self.note, "")
        for name in self._names:
            name.show()
        match answer:
            case HeadMeasurement(size=HeadSize() as size):
                for key, figure in self.figures.items():
                    figure.show_value(millimetres(getattr(size, f"{key}_mm")))
                _say(self.note, "Press a number to see where it comes from.")
            case HeadMeasurement(size=Abstention() as why, ellipse=ellipse):
                self._show_doubt(why)
                self.figures["bpd"].show_value(pixels(2 * ellipse.b))
                self.figures["ofd"].show_value(pixels(2 * ellipse.a))
            case Abstention() as why:
                self._show_doubt(why)
            case _:
                for figure in self.figures.values():
                    figure.show_nothing()

    def _show_doubt(self, why: Abstention) -> None:
        for name in self._names:
            name.hide()  # the reason needs their room
        for figure in self.figures.values():
            figure.show_nothing()
        self.figures["hc"].show_doubt(reason_title(why.reason))
        _say(self.note, _why(why), doubt=True)


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

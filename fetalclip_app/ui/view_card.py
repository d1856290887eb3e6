"""The card of views: which one, the nine planes and those of the brain, and how far to trust the percentages."""

from __future__ import annotations

from collections.abc import Container

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.reading import Answer
from fetalclip_app.domain.views import BRAIN_PLANES, PLANES, ViewPrediction
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from fetalclip_app.ui.bars import Bar, Bars
from fetalclip_app.ui.cards import prepared, say
from fetalclip_app.ui.parts import INDENT_PX, Caption, Card, Elided, Figure, indented, set_tone
from fetalclip_app.ui.theme import CARD_BETWEEN, CARD_INSIDE, FINDINGS_PX, caption_font
from fetalclip_app.wording import (
    frames_left_out,
    named_by,
    naming_choice,
    naming_meaning,
    no_probe,
    no_probe_in_short,
    not_trained_view,
    percent,
    percentages_error,
    reason_and_remedy,
    reason_title,
    view_percentages,
    view_title,
)
from fetalclip_app.wording.translate import translate


class ViewCard(Card):
    """Which view: the best, the nine planes, and the planes of the brain.

    Signals:
        asked: (task key, view key, widget): where does this come from?
    """

    asked = Signal(str, str, object)

    def __init__(self) -> None:
        super().__init__(translate("View"))
        self.best = Figure(translate("View"))
        self._best_key, self._brain_key = "", ""
        self._views_result, self._brain_result = "", ""
        self._views_title, self._brain_title = "", translate("Brain plane")
        self.how, self.brain_how = _quiet_line(), _quiet_line()
        self.best.clicked.connect(lambda: self.asked.emit("views", self._best_key, self.best))
        self.note = prepared(3)
        self.planes = Bars(PLANES, with_letters=True)
        self.planes.asked.connect(lambda key, row: self.asked.emit("views", key, row))
        self.brain_planes = Bars(BRAIN_PLANES, with_letters=False)
        self.brain_planes.asked.connect(lambda key, row: self.asked.emit("brain_views", key, row))
        self.column.removeWidget(self.heading)
        self._add(self.heading, self.how, self.best, self.note)
        self._add(self.planes)
        self.brain = Caption(translate("Brain plane"))
        self.brain.clicked.connect(lambda: self.asked.emit("brain_views", self._brain_key, self.brain))
        self._add(self.brain, self.brain_how)
        self._add(self.brain_planes)

    def _add(self, *lines: QWidget) -> None:
        """Put lines that belong together below the others."""
        block = QVBoxLayout()
        block.setSpacing(0)
        for line in lines:
            block.addWidget(line)
        self.column.addLayout(block)

    def show_sets(self, views: str, brain: str) -> None:
        """Name the view sets that were asked in place of the bundled ones; an empty name is the bundled one's."""
        self._views_title = views
        self._brain_title = translate("Brain plane ({name})", name=brain) if brain else translate("Brain plane")

    def show_results(self, views: str, brain: str) -> None:
        """Say from now on how sets of the user's own did on labelled pictures; empty for the bundled ones."""
        self._views_result, self._brain_result = views, brain

    def show_answers(self, views: Answer | None, brain: Answer | None, lacking: Container[str] = ()) -> None:
        """Show these answers; None keeps their places empty.

        Args:
            lacking: Keys of the tasks for which a probe was chosen that is not there, so that prompts answered.
        """
        _show_how(self.how, views, VIEWS, lacking, self._views_result)
        _show_how(self.brain_how, brain, BRAIN_VIEWS, lacking, self._brain_result)
        self._show_heading(views)
        self._show_best(views)
        self.planes.show_bars(_bars(views, self.planes))
        self.brain_planes.show_bars(_bars(brain, self.brain_planes))
        self._show_brain(brain)

    def _show_heading(self, views: Answer | None) -> None:
        """Name the set, and how far its percentages were off: also where they should not be relied on."""
        error = _error(views)
        end = f" · {error}" if error else ""
        metrics = self.heading.fontMetrics()
        room = FINDINGS_PX - 2 * (CARD_INSIDE + CARD_BETWEEN) - 2 * INDENT_PX - metrics.horizontalAdvance(end)
        title = translate("View · {name}", name=self._views_title) if self._views_title else translate("View")
        self.heading.setText(metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, room) + end)
        tips = [translate("The view set {name}.", name=self._views_title)] if self._views_title else []
        self.heading.setToolTip(" ".join([*tips, *([_meaning(views)] if error else [])]))

    def _show_brain(self, brain: Answer | None) -> None:
        """Head the planes of the brain: how far their percentages were off, and in amber why not to rely on them."""
        why = brain.abstained if isinstance(brain, ViewPrediction) else brain
        self._brain_key = brain.best if isinstance(brain, ViewPrediction) else ""
        doubt = reason_title(why.reason) if isinstance(why, Abstention) else ""
        text = " · ".join(part for part in (self._brain_title, doubt, _error(brain)) if part)
        said = [reason_and_remedy(why) if isinstance(why, Abstention) else "", _meaning(brain)]
        tip = " ".join(part for part in said if part)
        self.brain.show_text(text, tip=tip, doubt=bool(doubt), can_ask=brain is not None)

    def _show_best(self, views: Answer | None) -> None:
        say(self.note, "")
        self.note.setToolTip(_left_out(views))
        match views:
            case ViewPrediction():
                self._best_key = views.best
                share = percent(float(views.probabilities.max()))
                if views.abstained is not None:
                    self.best.show_doubt(reason_title(views.abstained.reason))
                    say(self.note, reason_and_remedy(views.abstained), doubt=True)
                elif views.best in views.not_trained:
                    self.best.show_doubt(f"{view_title(views.best)} {share}, {not_trained_view()}")
                    say(self.note, translate("A guess from words: training never showed this view."), doubt=True)
                else:
                    self.best.show_value(f"{view_title(views.best)} {share}")
                    left_out = _left_out(views)
                    say(self.note, left_out or _meaning(views), doubt=bool(left_out))
            case Abstention():
                self._best_key = ""
                self.best.show_doubt(reason_title(views.reason))
                say(self.note, reason_and_remedy(views), doubt=True)
            case _:
                self._best_key = ""
                self.best.show_nothing()


def _quiet_line() -> Elided:
    """Return a line below a heading whose place is there before its words."""
    line = Elided(Qt.TextElideMode.ElideMiddle)
    line.setFont(caption_font())
    line.setFixedHeight(line.fontMetrics().lineSpacing())
    line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    indented(line)
    return line


def _show_how(line: Elided, answer: Answer | None, task_key: str, lacking: Container[str], result: str) -> None:
    """Say who named the views, and how a set of the user's own did; in amber where it is not who was chosen to."""
    is_named = isinstance(answer, ViewPrediction)
    probe = answer.probe if isinstance(answer, ViewPrediction) else ""
    is_lacking = is_named and task_key in lacking
    set_tone(line, "doubt" if is_lacking else "muted")
    text = no_probe_in_short() if is_lacking else named_by(probe)
    text = f"{text} · {result}" if result and not probe else text
    tip = " ".join([naming_meaning(probe), *([no_probe(task_key)] if is_lacking else []), naming_choice()])
    line.show_text(text if is_named else "", tip=tip if is_named else "")


def _left_out(answer: Answer | None) -> str:
    return frames_left_out(answer.left_out, len(answer.per_frame)) if isinstance(answer, ViewPrediction) else ""


def _error(answer: Answer | None) -> str:
    if not isinstance(answer, ViewPrediction):
        return ""
    return percentages_error(answer.calibrated, answer.calibration_error, answer.calibration_pictures)


def _meaning(answer: Answer | None) -> str:
    if not isinstance(answer, ViewPrediction):
        return ""
    return view_percentages(answer)


def _bars(answer: Answer | None, bars: Bars) -> list[Bar]:
    if not isinstance(answer, ViewPrediction):
        return [Bar(row.bar.key) for row in bars.rows]
    best = answer.best
    return [
        Bar(key, float(share), key == best, key not in answer.not_trained)
        for key, share in zip(answer.keys, answer.probabilities, strict=True)
    ]

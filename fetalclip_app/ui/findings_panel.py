"""What was read from the clip that is shown: cards, each in its prepared place."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLayout, QScrollArea, QVBoxLayout, QWidget

from fetalclip_app.biometry.values import entering
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.notes import ClipNotes, Enters
from fetalclip_app.domain.pooled import WholeClip
from fetalclip_app.domain.reading import Answer, ClipReading, Finding, LineMeasurements, Measurement
from fetalclip_app.domain.trace import By
from fetalclip_app.domain.values import ModelValue, Repeats, Source
from fetalclip_app.inference.request import EngineInfo
from fetalclip_app.tasks.keys import VIEWS
from fetalclip_app.tasks.view_sets import BRAIN_PLANES_FILE, PLANES_FILE, bundled
from fetalclip_app.ui import provenance
from fetalclip_app.ui.calipers.card import MeasurementsCard
from fetalclip_app.ui.calipers.provenance import hand_rows
from fetalclip_app.ui.calipers.rows import Asked
from fetalclip_app.ui.cards import AgeCard, StateLine
from fetalclip_app.ui.label_rows import frame_of as label_frame_of
from fetalclip_app.ui.label_rows import label_rows
from fetalclip_app.ui.labels_card import LabelsCard
from fetalclip_app.ui.open_clip import OpenClip, ReadState
from fetalclip_app.ui.pooled_card import PooledCard
from fetalclip_app.ui.pooled_rows import pooled_rows
from fetalclip_app.ui.popover import Offer, Popover
from fetalclip_app.ui.provenance import Row
from fetalclip_app.ui.scale_card import ScaleCard
from fetalclip_app.ui.structure_rows import frame_of, structure_rows
from fetalclip_app.ui.structures_card import StructuresCard
from fetalclip_app.ui.theme import CARD_BETWEEN, FINDINGS_PX, STEP
from fetalclip_app.ui.tracing import HistoryOf, StudyHistoryOf, clip_rows, nothing_known
from fetalclip_app.ui.view_card import ViewCard
from fetalclip_app.wording.by_hand import let_enter
from fetalclip_app.wording.translate import mark, translate

_STATES = {
    ReadState.WAITING: mark("Waiting to be read"),
    ReadState.READING: mark("Reading …"),
    ReadState.STOPPED: mark("Stopped. “Read again” reads it."),
    ReadState.FAILED: mark("Could not be read. “Read again” tries once more."),
}


class _Found(NamedTuple):
    """What a number rests on: by these its provenance is told."""

    clip: Clip
    reading: ClipReading
    finding: Finding


class FindingsPanel(QScrollArea):
    """Shows a reading; asks nobody.

    Signals:
        frame_wanted: Go to the frame that a number was read from.
        place_wanted: (task key, view key): show where this view was seen.
        best_wanted: View key: tell its best frames.
        enters_wanted: (measure, `Enters`): let this one's value enter the report.
    """

    frame_wanted = Signal(int)
    place_wanted = Signal(str, str)
    best_wanted = Signal(str)
    enters_wanted = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("findings")
        self.setAccessibleName(translate("Findings"))
        self.setMinimumWidth(FINDINGS_PX)
        self.setMaximumWidth(2 * FINDINGS_PX)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # cards keep their width
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._shown: OpenClip | None = None
        self._state = StateLine()
        self._notes: ClipNotes | None = None
        self.history_of: HistoryOf = nothing_known
        self.study_history_of: StudyHistoryOf = nothing_known
        self.view, self.age, self.head = ViewCard(), AgeCard(), MeasurementsCard()
        self.pooled = PooledCard()
        self.structures, self.labels = StructuresCard(), LabelsCard()
        self.scale = ScaleCard()
        self.view.asked.connect(self._ask_view)
        self.age.asked.connect(self._ask_age)
        self.head.asked.connect(self._ask_measure)
        self.pooled.asked.connect(self._ask_pooled)
        self.pooled.frame_wanted.connect(self.frame_wanted)
        self.structures.asked.connect(self._ask_structure)
        self.labels.asked.connect(self._ask_label)
        inside = QWidget()
        inside.setObjectName("findings")
        column = QVBoxLayout(inside)
        column.setContentsMargins(12, 4, 12, CARD_BETWEEN)
        column.setSpacing(STEP)
        column.addWidget(self._state)
        self._cards = QVBoxLayout()
        self._cards.setSpacing(CARD_BETWEEN)
        for card in (self.view, self.age, self.head, self.pooled, self.structures, self.labels, self.scale):
            self._cards.addWidget(card)
        column.addLayout(self._cards)
        column.addStretch(1)
        # With a card that grows the rest must never be squeezed, not even until the next event.
        column.setSizeConstraint(QLayout.SizeConstraint.SetMinimumSize)
        self.setWidget(inside)

    def add_card(self, card: QWidget, *, above: QWidget | None = None) -> None:
        """Give a feature's card its place: above another card, or below all."""
        place = self._cards.indexOf(above) if above is not None else -1
        self._cards.insertWidget(place, card)

    def show_engine(self, info: EngineInfo | None) -> None:
        """Keep a place for what the model's own heads tell of; while none runs the places stay as they are."""
        if info is not None:
            self.structures.keep_place(info.headed.get("structures", ()))
            self.labels.keep_place(info.headed.get("clip_labels", ()))

    def show_clip(self, entry: OpenClip | None, waiting_for: str = "") -> None:
        """Show what is known of a clip; ``waiting_for`` says why nothing is, where the model is not there yet."""
        self._shown = entry
        reading = entry.known if entry is not None else None
        self.view.show_sets(_own_set(reading, "views"), _own_set(reading, "brain_views"))
        lacking = [key for key in ("views", "brain_views") if reading and provenance.lacks_probe(reading, key)]
        self.view.show_answers(_answer(reading, "views"), _answer(reading, "brain_views"), lacking)
        self.age.show_answer(_answer(reading, "gestational_age"))
        self._show_measures()
        self.pooled.show_answer(_answer(reading, "whole_clip"), len(entry.clip) if entry is not None else 0)
        self.structures.show_answer(_answer(reading, "structures"))
        self.labels.show_answer(_answer(reading, "clip_labels"))
        self.scale.show_scale(entry.clip.calibration if entry is not None else None)
        self.scale.setVisible(entry is not None)
        if entry is None:
            self._state.show_text("")
        elif entry.reading is not None:
            made = entry.reading.provenance
            self._state.show_text(
                translate("Read by {model} · {hash}", model=made.model.title, hash=made.model.sha256[:8])
            )
        else:
            is_waiting = entry.state is ReadState.WAITING and waiting_for
            self._state.show_text(waiting_for if is_waiting else translate(_STATES.get(entry.state, "")))

    def show_notes(self, notes: ClipNotes | None) -> None:
        """Show what a person measured of the clip that is shown, beside the model's values."""
        self._notes = notes
        self._show_measures()

    def _show_measures(self) -> None:
        entry = self._shown
        calibration = entry.clip.calibration if entry is not None else None
        self.head.show_values(self._notes, entry.known if entry is not None else None, calibration)

    def _ask_view(self, task_key: str, view_key: str, widget: QWidget) -> None:
        if (found := self._found(task_key)) is not None:
            seen = translate("Show where it was seen")
            offers = [Offer(seen, lambda: self.place_wanted.emit(task_key, view_key))]
            if task_key == VIEWS:
                offers.append(Offer(translate("Best frames"), lambda: self.best_wanted.emit(view_key)))
            rows = [*provenance.view_rows(*found, view_key), *self._trace(task_key, view_key)]
            self._tell(rows, offers if view_key else (), widget)

    def _ask_age(self, widget: QWidget) -> None:
        if (found := self._found("gestational_age")) is not None:
            rows = [*provenance.age_rows(*found), *self._trace("age")]
            self._tell(rows, self._to_frame(found.finding.frame_index), widget)

    def _ask_measure(self, asked: Asked, widget: QWidget) -> None:
        """Tell where a number of the measurements comes from, each of whose values is a number of its own."""
        match asked:
            case Repeats() as drawn:
                self._ask_drawn(drawn, widget)
            case ModelValue(source=Source.OUTLINE) as found:
                self._ask_head(found.measure.value, widget, self._let_enter(found, Enters.MODEL))
            case ModelValue() as found:
                self._ask_line(found.measure.value, widget, self._let_enter(found, Enters.MODEL))
            case Measurement() as line:
                self._ask_line(line.name, widget)

    def _ask_drawn(self, drawn: Repeats, widget: QWidget) -> None:
        entry = self._shown
        if entry is not None:
            edges = [] if drawn.bpd_definition is None else [str(drawn.bpd_definition)]
            trace = self._trace(str(drawn.measure), *edges, str(By.PERSON))
            rows = [*hand_rows(drawn, entry.clip.calibration, len(entry.clip)), *trace]
            self._tell(rows, [*self._to_frame(drawn.frame_index), *self._let_enter(drawn, Enters.PERSON)], widget)

    def _let_enter(self, found: Repeats | ModelValue, whose: Enters) -> list[Offer]:
        """Offer that a value enters the report, where another one does and this is the one that would."""
        entry, notes, measure = self._shown, self._notes, found.measure
        if entry is None or notes is None or not notes.of(measure) or notes.entering(measure) is whose:
            return []
        theirs = entering(notes.with_enters([measure], whose), entry.known, entry.clip.calibration, measure)
        if theirs.chosen != found:
            return []
        return [Offer(let_enter(whose), lambda: self.enters_wanted.emit(measure, whose))]

    def _ask_head(self, which: str, widget: QWidget, more: Sequence[Offer]) -> None:
        if (found := self._found("head")) is not None:
            offers = [*self._to_frame(found.finding.frame_index), *more]
            self._tell([*provenance.head_rows(*found, which), *self._trace(which, str(By.OUTLINE))], offers, widget)

    def _ask_line(self, name: str, widget: QWidget, more: Sequence[Offer] = ()) -> None:
        found = self._found("measurements")
        if found is not None and isinstance(found.finding.answer, LineMeasurements):
            one = next(one for one in found.finding.answer.measurements if one.name == name)
            trace = self._trace(name, str(By.LANDMARKS))
            rows = [*provenance.line_rows(found.reading, found.finding, one), *trace]
            self._tell(rows, [*self._to_frame(one.frame_index), *more], widget)

    def _ask_pooled(self, which: int, widget: QWidget) -> None:
        found = self._found("whole_clip")
        if found is not None and isinstance(found.finding.answer, WholeClip):
            one = found.finding.answer.lengths[which]
            rows = [*pooled_rows(found.reading, one), *self._trace("whole_clip", one.name, str(one.by))]
            self._tell(rows, (), widget)
        elif found is not None:
            self._tell(provenance.abstained_rows(*found), (), widget)

    def _ask_structure(self, name: str, widget: QWidget) -> None:
        if (found := self._found("structures")) is not None:
            rows = [*structure_rows(*found, name), *self._trace(name, str(By.MASK))]
            self._tell(rows, self._to_frame(frame_of(found.finding, name)), widget)

    def _ask_label(self, label: str, widget: QWidget) -> None:
        if (found := self._found("clip_labels")) is not None:
            rows = [*label_rows(*found, label), *self._trace("label", label)]
            self._tell(rows, self._to_frame(label_frame_of(found.finding, label)), widget)

    def _found(self, task_key: str) -> _Found | None:
        """Return what a task found in the clip that is shown; None while nothing of it is known."""
        entry = self._shown
        reading = entry.known if entry is not None else None
        finding = reading.finding(task_key) if reading is not None else None
        if entry is None or reading is None or finding is None:
            return None
        return _Found(entry.clip, reading, finding)

    def _trace(self, *name: str) -> list[Row]:
        """Return what the trace of a number of the clip that is shown tells, given the parts of its id."""
        entry = self._shown
        return [] if entry is None else clip_rows(entry, self._notes, self.history_of(entry), ".".join(name))

    def _tell(self, rows: Sequence[Row], offers: Sequence[Offer], widget: QWidget) -> None:
        Popover(self, translate("Where this comes from"), rows, offers).open_beside(widget)

    def _to_frame(self, index: int | None) -> list[Offer]:
        if index is None:
            return []
        return [Offer(translate("Go to frame {number}", number=index + 1), lambda: self.frame_wanted.emit(index))]


def _answer(reading: ClipReading | None, task_key: str) -> Answer | None:
    finding = reading.finding(task_key) if reading is not None else None
    return finding.answer if finding is not None else None


def _own_set(reading: ClipReading | None, task_key: str) -> str:
    """Return the name of the view set that was asked, or an empty text for the bundled one."""
    name, sha256 = reading.provenance.view_sets.get(task_key, ("", "")) if reading is not None else ("", "")
    return "" if sha256 in _bundled_sets() else name


@functools.cache
def _bundled_sets() -> frozenset[str]:
    return frozenset(bundled(name).sha256 for name in (PLANES_FILE, BRAIN_PLANES_FILE))

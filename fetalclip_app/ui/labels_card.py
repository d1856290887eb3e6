"""The card of labels: a row for each that the model gives, in a place that is there before any reading."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.clip_labels import ClipLabel, ClipLabels
from fetalclip_app.domain.reading import Answer
from fetalclip_app.ui.cards import prepared, say
from fetalclip_app.ui.parts import Caption, Card, Figure
from fetalclip_app.wording import frame_number, reason_and_remedy, reason_title
from fetalclip_app.wording.clip_labels import label_generated, label_training, label_value, labels_title

_NOTE_LINES = 3


class LabelsCard(Card):
    """How probable: each label of the clip or its picture, with what it was trained on.

    Signals:
        asked: (label; widget): where does this come from?
    """

    asked = Signal(str, object)

    def __init__(self) -> None:
        super().__init__(labels_title(None))
        self._rows: dict[str, _Row] = {}
        self._kept: tuple[str, ...] = ()
        self.show_answer(None)

    @property
    def figures(self) -> dict[str, Figure]:
        """The probabilities, by their label."""
        return {label: row.figure for label, row in self._rows.items()}

    @property
    def captions(self) -> dict[str, Caption]:
        """What stands above each: the label, and the frame that it is about."""
        return {label: row.title for label, row in self._rows.items()}

    @property
    def notes(self) -> dict[str, QLabel]:
        """What stands below each."""
        return {label: row.note for label, row in self._rows.items()}

    def keep_place(self, labels: tuple[str, ...]) -> None:
        """Keep a row for each label that the model gives; none hides the card until a reading needs it."""
        self._kept = labels
        if labels:
            self._show_rows(labels)
        self.setVisible(bool(labels))

    def show_answer(self, answer: Answer | None) -> None:
        """Show probabilities, why there are none, or empty places; hide where the model labels no clips."""
        self.setVisible(bool(self._kept) or answer is not None)
        self._show_title(labels_title(answer if isinstance(answer, ClipLabels) else None))
        found = {one.head.label: one for one in answer.labels} if isinstance(answer, ClipLabels) else {}
        self._show_rows(tuple(found) or self._kept)
        for label, row in self._rows.items():
            row.show_answer(answer if isinstance(answer, Abstention) else found.get(label))

    def _show_title(self, title: str) -> None:
        self.heading.setText(title)
        self.setAccessibleName(title)

    def _show_rows(self, labels: tuple[str, ...]) -> None:
        if labels == tuple(self._rows):
            return
        for row in self._rows.values():
            self.column.removeWidget(row)
            row.deleteLater()
        self._rows = {label: _Row(label) for label in labels}
        for label, row in self._rows.items():
            row.figure.clicked.connect(lambda checked=False, label=label: self._ask(label))
            self.column.addWidget(row)

    def _ask(self, label: str) -> None:
        self.asked.emit(label, self._rows[label].figure)


class _Row(QWidget):
    """A label's name, its probability, and below what it was trained on or why there is none."""

    def __init__(self, label: str) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.title, self.figure, self.note = Caption(label), Figure(label), prepared(_NOTE_LINES)
        self._label = label
        for widget in (self.title, self.figure, self.note):
            column.addWidget(widget)

    def show_answer(self, answer: ClipLabel | Abstention | None) -> None:
        """Show a probability, a reason, or an empty place; beside the label which frame it is about, if one."""
        at = answer.frame_index if isinstance(answer, ClipLabel) else None
        title = self._label if at is None else f"{self._label} · {frame_number(at)}"
        self.title.show_text(title, tip="" if at is None else title, can_ask=False)
        match answer:
            case Abstention() as why:
                self.figure.show_doubt(reason_title(why.reason))
                say(self.note, reason_and_remedy(why), doubt=True)
            case ClipLabel(probability=Abstention() as why):
                self.figure.show_doubt(reason_title(why.reason))
                say(self.note, reason_and_remedy(why), doubt=True)
            case ClipLabel() as one:
                self.figure.show_value(label_value(one))
                words = f"{label_generated(one.head)} " if one.head.generated else ""
                say(self.note, words + label_training(one.head), doubt=one.head.generated)
            case None:
                self.figure.show_nothing()
                say(self.note, "")

"""The card of lengths over the whole clip: one at a time, with its spread, its frames and a dot for each.

Its place is there before any reading, so that nothing jumps when the lengths come.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.pooled import NEEDED, PooledLength, WholeClip
from fetalclip_app.domain.reading import Answer
from fetalclip_app.ui.cards import prepared, say
from fetalclip_app.ui.frame_dots import FrameDots
from fetalclip_app.ui.parts import INDENT_PX, Card, Figure
from fetalclip_app.wording import reason_and_remedy, reason_title, task_title
from fetalclip_app.wording.pooled import outliers, pooled_count, pooled_name, pooled_value, which_length

_LETTERS = 10
"""Room for a name, whichever is chosen: the value beside it does not move."""


_NAMED = 2
"""Outliers that the note has room for; the dots and the provenance have them all."""


class PooledCard(Card):
    """How long over all frames; hidden where a clip has too few frames for it.

    Signals:
        asked: (which of the lengths; widget): where does this come from?
        frame_wanted: Go to the frame of a dot.
    """

    asked = Signal(int, object)
    frame_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__(task_title("whole_clip"))
        self._lengths: tuple[PooledLength, ...] = ()
        self._frame_count = 1
        self._why: Abstention | None = None
        self._wanted = ""
        self.choice = QComboBox()
        self.choice.setAccessibleName(which_length())
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setMinimumContentsLength(_LETTERS)
        self.choice.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.figure = Figure(task_title("whole_clip"), pixel_size=15, align_right=True)
        self.dots = FrameDots()
        self.note = prepared(4)
        line = QHBoxLayout()
        line.setContentsMargins(INDENT_PX, 0, 0, 0)
        line.addWidget(self.choice)
        line.addWidget(self.figure, 1)
        self.column.addLayout(line)
        self.column.addWidget(self.dots)
        self.column.addWidget(self.note)
        self.choice.currentIndexChanged.connect(self._choose)
        self.figure.clicked.connect(lambda: self.asked.emit(self.choice.currentIndex(), self.figure))
        self.dots.frame_wanted.connect(self.frame_wanted)
        self.show_answer(None, 1)

    def show_answer(self, answer: Answer | None, frame_count: int) -> None:
        """Show the lengths of a clip, the same one as before where it has that too; or why there are none."""
        self._lengths = answer.lengths if isinstance(answer, WholeClip) else ()
        self._frame_count = frame_count
        names = [pooled_name(one) for one in self._lengths]
        self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.addItems(names)
        self.choice.setCurrentIndex(names.index(self._wanted) if self._wanted in names else 0)
        self.choice.blockSignals(False)
        self.choice.setEnabled(len(names) > 1)
        self.setVisible(frame_count >= NEEDED)
        self._why = answer if isinstance(answer, Abstention) else None
        self._show_chosen()

    def _choose(self) -> None:
        self._wanted = self.choice.currentText()
        self._show_chosen()

    def _show_chosen(self) -> None:
        place = self.choice.currentIndex()
        one = self._lengths[place] if 0 <= place < len(self._lengths) else None
        self.dots.show_length(one, self._frame_count)
        if self._why is not None:
            self.figure.show_doubt(reason_title(self._why.reason))
            say(self.note, reason_and_remedy(self._why), doubt=True)
        elif one is None:
            self.figure.show_nothing()
            say(self.note, "")
        elif isinstance(one.size, Abstention):
            self.figure.show_doubt(pooled_value(one))
            say(self.note, reason_and_remedy(one.size), doubt=True)
        else:
            self.figure.show_value(pooled_value(one))
            say(self.note, f"{pooled_count(one)}. {outliers(one, _NAMED)}", doubt=bool(one.outliers))

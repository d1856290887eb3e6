"""An earlier exam beside this one: its picture with its own badges and scale, and the values of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QGridLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from fetalclip_app.domain.clip import Clip
from fetalclip_app.ui.badges import Badges, badges_of
from fetalclip_app.ui.companion import Companion
from fetalclip_app.ui.grid.best import Standing
from fetalclip_app.ui.grid.fetched import Fetched
from fetalclip_app.ui.grid.pane import frame_told
from fetalclip_app.ui.grid.still import Words
from fetalclip_app.ui.jobs import Jobs
from fetalclip_app.ui.parts import label
from fetalclip_app.ui.theme import caption_font, text_font
from fetalclip_app.wording import view_title
from fetalclip_app.wording.earlier import judges_nothing
from fetalclip_app.wording.translate import translate


@dataclass(frozen=True, slots=True)
class Compared:
    """One measure in both exams: its name, and what enters each, or why nothing does."""

    name: str
    now: str
    then: str
    now_from: str = ""
    then_from: str = ""


class EarlierPanel(Companion):
    """Shows what it is given.

    Signals:
        choice_wanted: Another exam is to be chosen.
    """

    choice_wanted = Signal()

    def __init__(self, jobs: Jobs) -> None:
        super().__init__(translate("Earlier exam"))
        self.choose = QToolButton()
        self.choose.setText(translate("Another exam …"))
        self.choose.setFont(caption_font())
        self.choose.clicked.connect(self.choice_wanted)
        self.head.insertWidget(self.head.count() - 1, self.choose)
        self.badges = Badges()
        self.still = Fetched(jobs)
        self.still.setMinimumHeight(120)
        self.still.setAccessibleName(translate("Picture of the earlier exam"))
        self.age = label(tone="muted", wrap=True)
        self.age.setFont(caption_font())
        self.meaning = label(judges_nothing(), tone="muted", caption=True, wrap=True)
        self.rows: tuple[Compared, ...] = ()
        self._cells: list[QLabel] = []
        values = QWidget()
        self._grid = QGridLayout(values)
        self._grid.setContentsMargins(0, 4, 0, 4)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(3, 1)
        words = QVBoxLayout()
        words.setContentsMargins(12, 8, 12, 10)
        words.setSpacing(4)
        for widget in (self.age, values, self.meaning):
            words.addWidget(widget)
        self.column.addWidget(self.badges)
        self.column.addWidget(self.still, 1)
        self.column.addLayout(words)

    def show_exam(self, title: str, interval: str, age: str) -> None:
        """Name the exam: what and when, how far from the other, how old the pregnancy was."""
        self.title.show_text(title)
        self.told.show_text(interval)
        self.age.setText(age)

    def show_frame(self, clip: Clip, standing: Standing) -> None:
        """Show a frame of it."""
        words = Words(view_title(standing.view_key), "", frame_told(standing, len(clip)), clip.name, standing.view_key)
        self.still.show_words(words, clip.calibration)
        wanted = self.still.wanted
        if wanted is None or wanted[0] is not clip or wanted[1] != standing.frame_index:
            self.badges.show_badges(badges_of(clip))
            self.still.fetch(clip, standing.frame_index)

    def show_nothing(self, sentence: str) -> None:
        """Say in the picture's place why there is none."""
        self.badges.show_badges(())
        self.still.show_words(Words(), None)
        self.still.drop(sentence)

    def show_values(self, rows: Sequence[Compared]) -> None:
        """Show both exams' values; none of them is held against the other."""
        if tuple(rows) == self.rows:
            return
        self.rows = tuple(rows)
        for cell in self._cells:
            self._grid.removeWidget(cell)
            cell.hide()
            cell.deleteLater()
        self._cells = []
        if rows:
            for column, text in enumerate(("", translate("This exam"), translate("That exam"))):
                self._put(0, column, text, "muted", is_caption=True)
        for number, row in enumerate(rows, start=1):
            self._put(number, 0, row.name, "muted")
            self._put(number, 1, row.now, "", tip=row.now_from)
            self._put(number, 2, row.then, "", tip=row.then_from)
        self.meaning.setVisible(bool(rows))

    def _put(self, row: int, column: int, text: str, tone: str, *, tip: str = "", is_caption: bool = False) -> None:
        cell = label(text, tone=tone, caption=is_caption)
        if not tone and not is_caption:
            cell.setFont(text_font(weight=QFont.Weight.DemiBold))
        cell.setToolTip(tip)
        cell.setAccessibleDescription(tip)
        side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
        self._grid.addWidget(cell, row, column, side)
        self._cells.append(cell)

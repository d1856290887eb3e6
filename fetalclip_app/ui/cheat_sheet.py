"""All keys at a glance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from fetalclip_app.ui.commands import BEST_FRAMES, BY_NAME, COMMANDS, GROUPS, shown
from fetalclip_app.ui.keys import Keys
from fetalclip_app.ui.parts import close_button, label
from fetalclip_app.ui.theme import text_font
from fetalclip_app.wording.translate import translate

_CINE = GROUPS[0]
_MOST_COLUMNS = 4
_AROUND_PX = 40
"""Of the window, that stays in sight around the sheet."""

Line = tuple[str, str]
"""A title and its key; a heading has no key."""


class CheatSheet(QFrame):
    """Lies over the window until Escape, a click or the same key."""

    def __init__(self, keys: Keys, parent: QWidget) -> None:
        super().__init__(parent)
        self._keys = keys
        self.setProperty("floating", True)
        self.setAccessibleName(translate("All keys"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        title = label(translate("All keys"))
        title.setFont(text_font(16, text_font().Weight.DemiBold))
        self.change = QPushButton(translate("Change the keys …"))
        self.change.setProperty("quiet", True)
        self.change.clicked.connect(self.hide)
        close = close_button(translate("Close"))
        close.clicked.connect(self.hide)
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(title, 1)
        top.addWidget(self.change)
        top.addWidget(close)
        self._body = QScrollArea()
        self._body.setWidgetResizable(True)
        self._body.setFrameShape(QFrame.Shape.NoFrame)
        self._body.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._body.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(24, 16, 16, 24)
        whole.setSpacing(12)
        whole.addLayout(top)
        whole.addWidget(self._body)
        keys.changed.connect(self._follow)
        self.hide()

    def toggle(self) -> None:
        """Show or hide it, in the middle of the window."""
        if self.isVisible():
            self.hide()
            return
        self._fill()
        self.adjustSize()
        self.move(self._around().center() - self.rect().center())
        self.show()
        self.raise_()
        self.setFocus()

    def _follow(self) -> None:
        """Show changed keys where they are looked at; else they are written when the sheet opens."""
        if self.isVisible():
            self._fill()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Turn a page, or close on any other key that does nothing else."""
        bar = self._body.verticalScrollBar()
        pages = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
        if event.key() in pages and bar.maximum() > 0:
            bar.setValue(bar.value() + pages[Qt.Key(event.key())] * bar.pageStep())
        else:
            self.hide()

    def _around(self) -> QRect:
        parent = self.parentWidget()
        assert parent is not None
        return parent.rect()

    def _fill(self) -> None:
        """Write the keys of now, in as many columns as there is room for; what is longer than the window scrolls."""
        lines = self._lines()
        room = self._around().adjusted(_AROUND_PX, _AROUND_PX, -_AROUND_PX, -_AROUND_PX)
        wide, high = room.width() - 48, room.height() - 80
        for count in range(_MOST_COLUMNS, 0, -1):
            body = _columns(lines, count)
            self._body.setWidget(body)
            for one in body.findChildren(QLabel):
                one.ensurePolished()  # the room around a key is the style sheet's
            size = body.sizeHint()
            if size.width() <= wide:
                break
        for surface in (body, self._body.viewport()):
            surface.setAutoFillBackground(False)  # the sheet's own shows through
        self._body.setFixedSize(min(size.width(), wide), min(size.height(), high))

    def _lines(self) -> list[Line]:
        """Return headings, titles and keys; the nine best frames share one line."""
        lines: list[Line] = []
        best = [key for name in BEST_FRAMES for key in self._keys.of(BY_NAME[name])[:1]]
        for group in GROUPS:
            lines.append((translate(group), ""))
            members = [command for command in COMMANDS if command.group == group and self._keys.of(command)]
            lines += [(one.plain, shown(self._keys.of(one)[0])) for one in members]
            if group == _CINE and best:
                lines.append((translate("Best frame of a view"), f"{shown(best[0])} … {shown(best[-1])}"))
        return lines


def _columns(lines: Sequence[Line], count: int) -> QWidget:
    body = QWidget()
    columns = QHBoxLayout(body)
    columns.setContentsMargins(0, 0, 12, 0)
    columns.setSpacing(28)
    for column in _parted(lines, count):
        columns.addWidget(_column(column), 0, Qt.AlignmentFlag.AlignTop)
    return body


def _parted(lines: Sequence[Line], count: int) -> Iterator[list[Line]]:
    """Part the lines into columns of one height; no heading is the last of its column."""
    left, column = list(lines), list[Line]()
    for number in range(count, 0, -1):
        height = math.ceil(len(left) / number)
        while height > 1 and not left[height - 1][1]:
            height -= 1
        column, left = left[:height], left[height:]
        yield column
        if not left:
            return


def _column(lines: Sequence[Line]) -> QWidget:
    widget = QWidget()
    grid = QGridLayout(widget)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(14)
    grid.setVerticalSpacing(5)
    for row, (title, key) in enumerate(lines):
        if not key:
            heading = label(title, tone="muted", caption=True)
            heading.setContentsMargins(0, 8 if row else 0, 0, 2)
            grid.addWidget(heading, row, 0, 1, 2)
            continue
        cap = QLabel(key)
        cap.setProperty("badge", "key")
        grid.addWidget(cap, row, 0, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(label(title), row, 1)
    return widget

"""One field for everything: a command by some of its words, or whatever else a provider offers for a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from fetalclip_app.ui.parts import label
from fetalclip_app.ui.theme import caption_font, text_font, tokens
from fetalclip_app.wording.translate import translate

_WIDTH, _ROW_PX, _ROWS, _TOP_PX = 600, 30, 10, 56

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line that can be chosen.

    Attributes:
        key: The key that does the same; empty where none does.
        why_not: Why it cannot be chosen now; empty where it can.
    """

    title: str
    do: Callable[[], object]
    key: str = ""
    why_not: str = ""


class Provider(Protocol):
    """Offers entries for what was typed. One that takes any text offers it as its last entry."""

    def entries(self, text: str) -> Sequence[Entry]:
        """Return what fits, the best first; called at each letter, so it must be quick."""
        ...


class Palette(QFrame):
    """Lies over the window until something is chosen, Escape, or a click elsewhere.

    The first provider's entries stand first, so a text that fits no command reaches those of the next one.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._providers: list[Provider] = []
        self._came_from: QWidget | None = None
        self.setProperty("floating", True)
        self.setAccessibleName(translate("Ask or find a command"))
        self.field = _Field()
        self.field.setPlaceholderText(translate("Type some words of what you want to do"))
        self.field.setAccessibleName(translate("Ask or find a command"))
        self._rows = EntryRows()
        self.list = QListView()
        self.list.setModel(self._rows)
        self.list.setAccessibleName(translate("What fits"))
        self.list.setItemDelegate(_Drawn(self._rows, self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.nothing = label(translate("No command has these words."), tone="muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        for widget in (self.field, self.list, self.nothing):
            column.addWidget(widget)
        self.field.textChanged.connect(self._fill)
        self.field.moved.connect(self._move)
        self.field.left.connect(self.close_quietly)
        self.field.returnPressed.connect(lambda: self._choose(self.list.currentIndex().row()))
        self.list.clicked.connect(lambda index: self._choose(index.row()))
        self.hide()

    def add(self, provider: Provider) -> None:
        """Let another provider offer entries, after those before it."""
        self._providers.append(provider)

    def toggle(self) -> None:
        """Open it with an empty field, or close it."""
        if self.isVisible():
            self.close_quietly()
            return
        self._came_from = QApplication.focusWidget()
        self.field.clear()
        self._fill("")
        self.show()
        self.raise_()
        self.field.setFocus()

    def close_quietly(self) -> None:
        """Close it; the keys go where they went before."""
        came_from, self._came_from = self._came_from, None
        self.hide()
        if came_from is not None and isValid(came_from) and came_from.isVisible():
            came_from.setFocus()

    def _fill(self, text: str) -> None:
        self._rows.show_entries([one for provider in self._providers for one in provider.entries(text.strip())])
        count = len(self._rows.entries)
        self._move_to(0)
        self.list.setVisible(count > 0)
        self.nothing.setVisible(count == 0)
        self.list.setFixedHeight(max(min(count, _ROWS), 1) * _ROW_PX + 2)
        around = self.parentWidget()
        assert around is not None
        self.setFixedWidth(min(_WIDTH, around.width() - 32))
        self.adjustSize()
        self.move((around.width() - self.width()) // 2, _TOP_PX)

    def _move(self, step: int) -> None:
        self._move_to(self.list.currentIndex().row() + step)

    def _move_to(self, row: int) -> None:
        last = len(self._rows.entries) - 1
        if last >= 0:
            self.list.setCurrentIndex(self._rows.index(min(max(row, 0), last)))

    def _choose(self, row: int) -> None:
        entries = self._rows.entries
        entry = entries[row] if 0 <= row < len(entries) else None
        if entry is not None and not entry.why_not:
            self.close_quietly()
            entry.do()


_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -_ROWS, Qt.Key.Key_PageDown: _ROWS}


class _Field(QLineEdit):
    """A line whose arrow keys move the choice below it.

    Signals:
        moved: By so many lines.
        left: Escape, or the keys went elsewhere.
    """

    moved = Signal(int)
    left = Signal()

    def event(self, event: QEvent) -> bool:
        """Keep these keys from the window's commands."""
        is_ours = isinstance(event, QKeyEvent) and event.key() in {*_STEPS, Qt.Key.Key_Escape}
        if is_ours and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the choice, leave, or write."""
        key = Qt.Key(event.key())
        if key in _STEPS:
            self.moved.emit(_STEPS[key])
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class EntryRows(QAbstractListModel):
    """The entries that fit. Qt holds no item of its own: those of a `QListWidget` did not outlive every clearing."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []

    def show_entries(self, entries: list[Entry]) -> None:
        """Show these in place of those before."""
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Return how many there are."""
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return an entry's title; for the ear, its key and why it cannot be chosen too."""
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(part for part in (entry.title, entry.key, entry.why_not) if part)
        return None


class _Drawn(QStyledItemDelegate):
    """Draws a title, why it cannot be done now, and at the right its key."""

    def __init__(self, rows: EntryRows, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows = rows

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the height of a row."""
        return QSize(0, _ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw it."""
        entry = self._rows.entries[index.row()]
        worn = tokens()
        box: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(worn.hover))
            painter.drawRoundedRect(box, 4, 4)
        inside = box.adjusted(10, 0, -10, 0)
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setFont(caption_font())
        painter.setPen(QColor(worn.muted))
        beside = entry.why_not or entry.key
        painter.drawText(inside, right, beside)
        room = inside.adjusted(0, 0, -painter.fontMetrics().horizontalAdvance(beside) - 16, 0)
        painter.setFont(text_font())
        painter.setPen(QColor(worn.muted if entry.why_not else worn.text))
        kept = painter.fontMetrics().elidedText(entry.title, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, left, kept)

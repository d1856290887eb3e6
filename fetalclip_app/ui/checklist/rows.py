"""One item of the checklist as a line: its state, its title, and what speaks for it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QFont, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from fetalclip_app.domain.checklist import ItemFinding
from fetalclip_app.domain.notes import ItemState
from fetalclip_app.ui.icons import paint_sign
from fetalclip_app.ui.parts import INDENT_PX
from fetalclip_app.ui.theme import caption_font, text_font, tokens
from fetalclip_app.wording.checklist import item_line, item_title, item_value

_ROW_PX, _SIGN_PX, _GAP_PX = 26, 16, 8

_SIGNS: dict[ItemState | None, tuple[str, str]] = {
    ItemState.SEEN: ("good", "good"),
    ItemState.DOUBTFUL: ("question", "doubt"),
    ItemState.MISSING: ("none", "muted"),
    None: ("patient", "muted"),
}


class ItemRow(QAbstractButton):
    """Pressed, it goes to the frame that shows the item best.

    Signals:
        marks_wanted: Where on the screen: what the person says of it is to be chosen.
        stepped: By how many rows the focus is to move.
    """

    marks_wanted = Signal(object)
    stepped = Signal(int)

    def __init__(self, finding: ItemFinding) -> None:
        super().__init__()
        self.finding = finding
        self.is_current = False
        self.setFixedHeight(_ROW_PX)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_finding(self, finding: ItemFinding, told: str) -> None:
        """Show what the item comes to; ``told`` is all that is known of it, in sentences."""
        self.finding = finding
        self.setText(item_title(finding))
        self.setAccessibleName(item_line(finding))
        self.setAccessibleDescription(told)
        self.setToolTip(told)
        self.update()

    def set_current(self, is_current: bool) -> None:
        """Show whether it is the one that the keys are about."""
        self.is_current = is_current
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of a line; it is as wide as its card."""
        return QSize(0, _ROW_PX)

    def event(self, event: QEvent) -> bool:
        """Keep the arrows from the cine while the focus is here."""
        if event.type() == QEvent.Type.ShortcutOverride and _step_of(event) is not None:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move to the next row by the arrows."""
        step = _step_of(event)
        if step is None:
            super().keyPressEvent(event)
        else:
            self.stepped.emit(step)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer the marks, by the right button or the menu key."""
        self.marks_wanted.emit(event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line, and a ring where the keys are."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.is_current or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens().groove if self.is_current else tokens().panel))
            painter.drawRoundedRect(self.rect(), 4, 4)
        room = self.rect().adjusted(INDENT_PX, 0, -INDENT_PX, 0)
        sign, colour = _SIGNS[self.finding.state]
        paint_sign(painter, QRect(room.left(), (self.height() - _SIGN_PX) // 2, _SIGN_PX, _SIGN_PX), sign, colour)
        value_left = self._draw_value(painter, room)
        title = QRect(room.left() + _SIGN_PX + _GAP_PX, 0, 0, self.height())
        title.setRight(value_left - _GAP_PX)
        painter.setFont(text_font())
        painter.setPen(QColor(tokens().text if self.finding.state is ItemState.SEEN else tokens().muted))
        kept = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, title.width())
        painter.drawText(title, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, kept)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens().accent), 2))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 4, 4)
        painter.end()

    def _draw_value(self, painter: QPainter, room: QRect) -> int:
        """Draw what stands at the right end; return where it begins."""
        value, is_marked = item_value(self.finding), self.finding.mark is not None
        painter.setFont(caption_font(QFont.Weight.DemiBold if is_marked else QFont.Weight.Normal))
        is_doubt = self.finding.state is ItemState.DOUBTFUL
        painter.setPen(QColor(tokens().doubt if is_doubt else tokens().muted))
        wide = painter.fontMetrics().horizontalAdvance(value)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, value)
        return room.right() - wide


def _step_of(event: QEvent) -> int | None:
    if not isinstance(event, QKeyEvent) or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
        return None
    return {Qt.Key.Key_Up.value: -1, Qt.Key.Key_Down.value: 1}.get(event.key())


def next_of(rows: list[ItemRow], row: ItemRow | None, step: int) -> ItemRow | None:
    """Return the row that lies ``step`` from another, the first or last at the end; the first where there is none."""
    if not rows:
        return None
    if row is None:
        return rows[0]
    place = rows.index(row) + step
    return rows[min(max(place, 0), len(rows) - 1)]

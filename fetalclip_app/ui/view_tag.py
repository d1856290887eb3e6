"""The letter of a view on its colour: what stands for the view on a thumbnail, a still frame, a map."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter

from fetalclip_app.ui.theme import caption_font, ink_on, view_letter


def draw_view_tag(painter: QPainter, box: QRectF, key: str, colour: QColor) -> None:
    """Draw a view's letter in a box of its colour."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(box, 3, 3)
    painter.setFont(caption_font(QFont.Weight.DemiBold))
    painter.setPen(ink_on(colour))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, view_letter(key))

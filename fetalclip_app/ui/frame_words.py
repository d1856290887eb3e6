"""What is written along the bottom of a picture: its caption, and what the program is for."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from fetalclip_app import RESEARCH_USE_ONLY
from fetalclip_app.ui.overlays import draw_ground
from fetalclip_app.ui.theme import ON_PICTURE, caption_font, text_font
from fetalclip_app.wording.translate import translate


class Words(NamedTuple):
    """Words, and the place on the screen that they take."""

    place: QRectF
    font: QFont
    text: str


def words_along(bottom_of: QRect, caption: str) -> tuple[Words, ...]:
    """Return the caption at the left, as much of it as there is room for, and the purpose at the right."""
    area, note = QRectF(bottom_of).adjusted(8, 0, -8, -6), translate(RESEARCH_USE_ONLY)
    room = area.width() - QFontMetricsF(caption_font()).horizontalAdvance(note) - 24.0
    kept = QFontMetricsF(text_font()).elidedText(caption, Qt.TextElideMode.ElideRight, room)
    purpose = _at(area, caption_font(), note, is_left=False)
    return (_at(area, text_font(), kept, is_left=True), purpose) if kept else (purpose,)


def draw_words(painter: QPainter, words: tuple[Words, ...]) -> None:
    """Write them, each on a dark ground: scanners burn their own words in there."""
    for place, font, text in words:
        draw_ground(painter, place)
        painter.setFont(font)
        painter.setPen(QColor(ON_PICTURE.text))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)


def _at(area: QRectF, font: QFont, text: str, *, is_left: bool) -> Words:
    metrics = QFontMetricsF(font)
    size = QSizeF(metrics.horizontalAdvance(text) + 8.0, metrics.height() + 2.0)
    left = area.left() if is_left else area.right() - size.width()
    return Words(QRectF(QPointF(left, area.bottom() - size.height()), size), font, text)

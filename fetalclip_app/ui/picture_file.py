"""A picture as PNG, with the line that stands on every output."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect, Qt
from PySide6.QtGui import QColor, QFont, QImage, QImageWriter, QPainter

from fetalclip_app import RESEARCH_USE_ONLY
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.ui.qimage import image_of


def png_of(pixels: Pixels) -> bytes:
    """Return a picture with the research-use line written below it, as the bytes of a PNG."""
    picture = image_of(pixels)
    band = max(24, picture.height() // 32)
    sheet = QImage(picture.width(), picture.height() + band, QImage.Format.Format_RGB888)
    sheet.fill(QColor("#000000"))
    sheet.setText("Description", RESEARCH_USE_ONLY)
    painter = QPainter(sheet)
    painter.drawImage(0, 0, picture)
    font = QFont()
    font.setPixelSize(max(11, min(round(band * 0.6), picture.width() // 24)))
    painter.setFont(font)
    painter.setPen(QColor("#E6E9EF"))
    painter.drawText(QRect(0, picture.height(), picture.width(), band), Qt.AlignmentFlag.AlignCenter, RESEARCH_USE_ONLY)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(sheet)
    return bytes(buffer.data().data())

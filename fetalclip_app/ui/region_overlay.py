"""The regions of a calibration, drawn over the picture: trusted ones whole, others dashed, each with its letter."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from fetalclip_app.domain.calibration import Calibration, Region, RegionKind
from fetalclip_app.ui.theme import ON_PICTURE, text_font
from fetalclip_app.ui.viewport import Viewport
from fetalclip_app.wording.scale import region_letter

_TAG_PX = 18.0


def region_colour(region: Region) -> str:
    """Return the colour of a region: used, doubted, or no picture of the body."""
    if region.is_usable:
        return ON_PICTURE.accent
    return ON_PICTURE.doubt if is_doubt(region) else ON_PICTURE.muted


def is_doubt(region: Region) -> bool:
    """Whether a region that one would measure in cannot be trusted."""
    return not region.is_placed or (region.kind is RegionKind.TISSUE and not region.is_usable)


def draw_regions(painter: QPainter, viewport: Viewport, calibration: Calibration) -> None:
    """Draw the box and the letter of every region, cut off at the picture's edge."""
    painter.save()
    painter.setClipRect(viewport.target.adjusted(-2, -2, 2, 2))
    for place, region in enumerate(calibration.regions):
        colour, box = QColor(region_colour(region)), region.box
        corners = ((box.left - 0.5, box.top - 0.5), (box.right - 0.5, box.bottom - 0.5))
        drawn = QRectF(*(viewport.to_screen(x, y) for x, y in corners))
        style = Qt.PenStyle.SolidLine if region.is_usable else Qt.PenStyle.DashLine
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(0, 0, 0, 170), 4.0))
        painter.drawRect(drawn)
        painter.setPen(QPen(colour, 2.0, style))
        painter.drawRect(drawn)
        _draw_letter(painter, drawn.topLeft() + QPointF(4.0 + 22.0 * (place % 3), 4.0), region_letter(place), colour)
    painter.restore()


def _draw_letter(painter: QPainter, corner: QPointF, letter: str, colour: QColor) -> None:
    tag = QRectF(corner.x(), corner.y(), _TAG_PX, _TAG_PX)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(tag, 3, 3)
    painter.setPen(QColor(ON_PICTURE.canvas))
    painter.setFont(text_font(12, text_font().Weight.DemiBold))
    painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, letter)

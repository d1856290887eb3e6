"""How a person's lines and ellipses look over the picture, with their handles and the glass over the one that moves."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from fetalclip_app.domain.notes import Line
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.imaging.overlay_colours import HAND_COLOUR
from fetalclip_app.ui.calipers.hand import Hand
from fetalclip_app.ui.calipers.shapes import drawn_shape, handles, shape_of
from fetalclip_app.ui.overlays import draw_caliper, draw_ellipse, draw_label
from fetalclip_app.ui.theme import ON_PICTURE
from fetalclip_app.ui.viewport import Viewport

_COLOUR = QColor(*HAND_COLOUR)
_GLASS_PX = 60.0
_GLASS_AWAY_PX = 88.0
GLASS_ZOOM = 2.5
"""How much larger the glass shows the picture than it lies in the view."""


def hand_places(viewport: Viewport, hand: Hand) -> list[QRectF]:
    """Return where the handles of the shape in hand lie: no words stand there."""
    middles = [viewport.to_screen(x, y) for x, y in handles(hand.shape)] if hand.shape is not None else []
    return [QRectF(middle.x() - 6, middle.y() - 6, 12, 12) for middle in middles]


def draw_hand(painter: QPainter, viewport: Viewport, hand: Hand, image: QImage, taken: list[QRectF]) -> None:
    """Draw what is kept, then what is in hand, then the glass; a new shape is drawn alone.

    Args:
        taken: Where words and handles stand already.
    """
    if not hand.is_drawing:
        for one in hand.drawn:
            if one.uid != hand.uid:
                _draw_shape(painter, viewport, one.shape)
                _draw_text(painter, viewport, one.shape, one.text, taken, is_doubt=one.is_doubt)
    shape = hand.shape
    drawn = drawn_shape(shape) if shape is not None else None
    if shape is None:
        return
    if drawn is not None:
        _draw_shape(painter, viewport, drawn)
    for number, (x, y) in enumerate(handles(shape)):
        painter.setPen(QPen(_COLOUR, 2.0))
        painter.setBrush(_COLOUR if number == hand.active else QColor(0, 0, 0, 160))
        painter.drawEllipse(viewport.to_screen(x, y), 5.0, 5.0)
    if drawn is not None and hand.text:
        _draw_text(painter, viewport, drawn, hand.text, taken, is_doubt=hand.is_doubt)
    if hand.is_held:
        _draw_glass(painter, viewport, handles(shape)[hand.active], image)


def _draw_shape(painter: QPainter, viewport: Viewport, drawn: Line | Ellipse) -> None:
    if isinstance(drawn, Ellipse):
        draw_ellipse(painter, viewport, drawn, _COLOUR)
    else:
        draw_caliper(painter, viewport.to_screen(*drawn.first), viewport.to_screen(*drawn.last), _COLOUR)


def _draw_text(
    painter: QPainter,
    viewport: Viewport,
    drawn: Line | Ellipse,
    text: str,
    taken: list[QRectF],
    *,
    is_doubt: bool = False,
) -> None:
    ends = [viewport.to_screen(x, y) for x, y in handles(shape_of(drawn))[:4]]
    place = max(ends, key=QPointF.x) + QPointF(10, -10)
    draw_label(painter, place, text, taken, ON_PICTURE.doubt if is_doubt else ON_PICTURE.text)


def _draw_glass(painter: QPainter, viewport: Viewport, at: tuple[float, float], image: QImage) -> None:
    """Draw the surroundings of a handle enlarged, beside it where the pointer hides nothing."""
    point, view = viewport.to_screen(*at), QRectF(painter.viewport())
    left = point.x() - _GLASS_AWAY_PX
    middle = QPointF(
        left if left > _GLASS_PX else point.x() + _GLASS_AWAY_PX,
        max(point.y() - _GLASS_AWAY_PX, _GLASS_PX + 4.0),
    )
    middle.setX(min(max(middle.x(), _GLASS_PX), view.right() - _GLASS_PX))
    scale = viewport.scale * GLASS_ZOOM
    corner = middle - QPointF((at[0] + 0.5) * scale, (at[1] + 0.5) * scale)
    painter.save()
    round_ = QPainterPath()
    round_.addEllipse(middle, _GLASS_PX, _GLASS_PX)
    painter.setClipPath(round_)
    painter.fillPath(round_, QColor(ON_PICTURE.canvas))
    painter.drawImage(QRectF(corner.x(), corner.y(), image.width() * scale, image.height() * scale), image)
    painter.setPen(QPen(_COLOUR, 1.0))
    for dx, dy in ((1.0, 0.0), (0.0, 1.0)):
        for sign in (-1.0, 1.0):
            near, far = QPointF(dx, dy) * (sign * 5.0), QPointF(dx, dy) * (sign * 18.0)
            painter.drawLine(middle + near, middle + far)
    painter.setClipping(False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(ON_PICTURE.muted), 1.5))
    painter.drawEllipse(middle, _GLASS_PX, _GLASS_PX)
    painter.restore()

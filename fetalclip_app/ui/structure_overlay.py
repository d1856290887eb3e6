"""Masks of structures over a frame: each in its colour, with its name beside it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from fetalclip_app.domain.overlay import Segmentation
from fetalclip_app.domain.structures import SKULL, Structure, name_place
from fetalclip_app.imaging.overlay_colours import structure_colour
from fetalclip_app.ui.qimage import mask_image
from fetalclip_app.ui.theme import text_font
from fetalclip_app.ui.viewport import Viewport
from fetalclip_app.wording.structures import structure_name

_HALO = QColor(0, 0, 0, 170)
_TINT = 56
"""Cover of a mask, of 255; the head's is left empty, since all else lies in it."""


class StructureOverlay:
    """What is drawn of a frame's structures; made once for a reading."""

    def __init__(self, structures: Sequence[Structure]) -> None:
        self._parts = [
            (one, one.found, QImage() if one.name == SKULL else _tint(one.found))
            for one in structures
            if isinstance(one.found, Segmentation)
        ]

    @property
    def names(self) -> tuple[str, ...]:
        """What is drawn."""
        return tuple(one.name for one, _found, _image in self._parts)

    def draw(self, painter: QPainter, viewport: Viewport) -> None:
        """Draw masks, then edges, then names, so that no name is covered."""
        for _one, _found, image in self._parts:
            if not image.isNull():
                painter.drawImage(viewport.target, image)
        for one, _found, _image in self._parts:
            _draw_edge(painter, viewport, one)
        taken: list[QRectF] = []
        for one, found, _image in self._parts:
            _draw_name(painter, viewport, one.name, name_place(found), taken)


def _tint(found: Segmentation) -> QImage:
    return mask_image(found.mask, (*structure_colour(found.structure), _TINT))


def _draw_edge(painter: QPainter, viewport: Viewport, one: Structure) -> None:
    line = QPolygonF([viewport.to_screen(float(x), float(y)) for x, y in one.outline])
    if line.isEmpty():
        return
    line.append(line.first())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((_HALO, 3.5), (QColor(*structure_colour(one.name)), 1.5)):
        painter.setPen(QPen(colour, width))
        painter.drawPolyline(line)


def _draw_name(
    painter: QPainter, viewport: Viewport, name: str, place: tuple[float, float, bool], taken: list[QRectF]
) -> None:
    """Write a name above or beside its mask, below the names that stand there already."""
    painter.setFont(text_font(12, QFont.Weight.DemiBold))
    metrics = QFontMetricsF(painter.font())
    text = structure_name(name)
    x, y, above = place
    at = viewport.to_screen(x, y)
    box = QRectF(0, 0, metrics.horizontalAdvance(text) + 8, metrics.height() + 2)
    if above:
        box.moveCenter(at - QPointF(0, box.height() / 2 + 6))
    else:
        box.moveCenter(at + QPointF(box.width() / 2 + 8, 0))
    view = QRectF(painter.viewport()).adjusted(4, 4, -4, -4)
    box.moveLeft(min(max(box.left(), view.left()), max(view.right() - box.width(), view.left())))
    box.moveTop(max(box.top(), view.top()))
    while any(box.intersects(other) for other in taken):
        box.moveTop(max(other.bottom() for other in taken if box.intersects(other)) + 2)
    taken.append(QRectF(box))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_HALO)
    painter.drawRoundedRect(box, 3, 3)
    painter.setPen(QColor(*structure_colour(name)))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

"""The map itself: points to look at, to point at, and to walk between by the keys."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from fetalclip_app.ui.map.drawing import draw_ring, drawn, legend_height
from fetalclip_app.ui.map.points import MapPoints, laid_out, nearest, neighbour
from fetalclip_app.ui.theme import text_font, tokens
from fetalclip_app.wording.translate import translate

_MARGIN = 24.0
_REACH = 12.0
_RING_PX = 18.0
_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_GO = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class MapCanvas(QWidget):
    """Draws the points; holds which one is pointed at.

    Signals:
        pointed: Number of the point that the pointer or the keys are at, or None.
        wanted: Number of the point whose frame is to be shown.
    """

    pointed = Signal(object)
    wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(translate("Map of the frames"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(160, 120)
        self._points: MapPoints | None = None
        self._places: NDArray[np.float64] = np.zeros((0, 2))
        self._laid_for = QSize()
        self._picture: tuple[object, QPixmap] | None = None
        self._sentence = ""
        self.cursor_at: int | None = None
        self.current: int | None = None

    @property
    def points(self) -> MapPoints | None:
        """What is drawn, if anything."""
        return self._points

    def place_of(self, index: int) -> QPointF:
        """Return where a point lies in the widget."""
        self._lay_out()
        return QPointF(*self._places[index].tolist())

    def show_points(self, points: MapPoints | None, sentence: str = "") -> None:
        """Show these points; or say why there are none."""
        self._points, self._sentence, self._picture, self._laid_for = points, sentence, None, QSize()
        self.current = None
        self._point_at(None)
        self.setAccessibleDescription(sentence)
        self.update()

    def show_current(self, index: int | None) -> None:
        """Mark the frame that is looked at."""
        if index != self.current:
            before, self.current = self.current, index
            self._update_about(before, index)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the points as they were drawn before, and over them what moves."""
        painter = QPainter(self)
        if self._points is None:
            painter.fillRect(self.rect(), QColor(tokens().panel))
            painter.setFont(text_font())
            painter.setPen(QColor(tokens().muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(24, 0, -24, 0), flags, self._sentence)
        else:
            painter.drawPixmap(0, 0, self._whole())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for index, radius, colour in (
                (self.current, 10.0, tokens().text),
                (self.cursor_at, 13.0, tokens().accent),
            ):
                if index is not None:
                    draw_ring(painter, self.place_of(index), radius, colour)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens().accent), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()

    def event(self, event: QEvent) -> bool:
        """Keep the arrows from stepping through the cine while the keys are here."""
        if event.type() == QEvent.Type.ShortcutOverride:
            assert isinstance(event, QKeyEvent)
            is_plain = event.modifiers() in {Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier}
            if is_plain and (event.key() in _STEPS or event.key() in _GO):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk to the nearest point that way; Enter goes to its frame."""
        key = Qt.Key(event.key())
        if self._points is None or (key not in _STEPS and key not in _GO):
            super().keyPressEvent(event)
            return
        at = self.cursor_at if self.cursor_at is not None else self.current
        if key in _GO:
            if at is not None:
                self.wanted.emit(at)
            return
        self._lay_out()
        found = neighbour(self._places, at, _STEPS[key]) if at is not None else 0
        if found is not None:
            self._point_at(found)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell what is under the pointer."""
        self._point_at(self._under(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the frame under the pointer."""
        index = self._under(event.position())
        if index is not None:
            self._point_at(index)
            self.wanted.emit(index)

    def leaveEvent(self, event: QEvent) -> None:
        """Point at nothing, unless the keys are here."""
        if not self.hasFocus():
            self._point_at(None)

    def _under(self, at: QPointF) -> int | None:
        self._lay_out()
        return nearest(self._places, at, _REACH) if self._points is not None else None

    def _point_at(self, index: int | None) -> None:
        if index != self.cursor_at:
            before, self.cursor_at = self.cursor_at, index
            self.pointed.emit(index)
            self._update_about(before, index)

    def _update_about(self, *indices: int | None) -> None:
        """Draw anew what lies about some points: a cine that plays beside the map moves a ring with each frame."""
        self._lay_out()
        for index in indices:
            if index is not None and index < len(self._places):
                x, y = self._places[index].tolist()
                self.update(QRectF(x - _RING_PX, y - _RING_PX, 2 * _RING_PX, 2 * _RING_PX).toAlignedRect())

    def _lay_out(self) -> None:
        if self._points is not None and self._laid_for != self.size():
            self._laid_for = self.size()
            below = legend_height(self._points, self.width())
            room = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN - below)
            self._places = laid_out(self._points.map.points, room)

    def _whole(self) -> QPixmap:
        assert self._points is not None
        self._lay_out()
        made_for = (self._points, self.size(), self.devicePixelRatioF(), tokens())
        if self._picture is None or self._picture[0] != made_for:
            self._picture = made_for, drawn(self._points, self._places, self.size(), self.devicePixelRatioF())
        return self._picture[1]

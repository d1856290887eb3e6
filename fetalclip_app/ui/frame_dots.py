"""A length on each frame of a clip: a dot for each, the median as a line in its band, outliers in amber."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from fetalclip_app.domain.pooled import FrameValue, PooledLength, PooledSize
from fetalclip_app.ui.parts import INDENT_PX
from fetalclip_app.ui.theme import tokens
from fetalclip_app.wording.pooled import dot_told, pooled_dots

_HEIGHT = 72
_DOT, _OUTLIER, _SIDE = 2.5, 4.0, 6.0
_REACH = 12.0
"""A press this far from a dot, in pixels, still means it."""


class FrameDots(QWidget):
    """Draws one length over the frames; a dot that is pressed takes to its frame.

    Signals:
        frame_wanted: Index of the frame.
    """

    frame_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._length: PooledLength | None = None
        self._frame_count = 1
        self._current = 0
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)

    def sizeHint(self) -> QSize:
        """Return a modest width: it takes what is there."""
        return QSize(200, _HEIGHT)

    def show_length(self, length: PooledLength | None, frame_count: int) -> None:
        """Draw these repeats, or nothing."""
        self._length, self._frame_count, self._current = length, frame_count, 0
        self.setEnabled(bool(self.values))
        self._name_current()
        self.update()

    @property
    def values(self) -> tuple[FrameValue, ...]:
        """The repeats that are drawn."""
        return self._length.values if self._length is not None else ()

    def dot_of(self, value: FrameValue) -> QPointF:
        """Return where the dot of a repeat lies."""
        low, high = self._range()
        room = self.width() - 2 * (INDENT_PX + _SIDE)
        across = INDENT_PX + _SIDE + room * value.frame_index / max(self._frame_count - 1, 1)
        share = (value.value_mm - low) / (high - low) if high > low else 0.5
        return QPointF(across, self.height() - _SIDE - share * (self.height() - 2 * _SIDE))

    def _range(self) -> tuple[float, float]:
        size = self._length.size if self._length is not None else None
        ends = [value.value_mm for value in self.values]
        ends += [size.low_mm, size.high_mm] if isinstance(size, PooledSize) else []
        return min(ends, default=0.0), max(ends, default=0.0)

    def _at(self, point: QPointF) -> int | None:
        """Return which dot lies nearest to a point, if one is near."""
        apart = [math.hypot(*(self.dot_of(value) - point).toTuple()) for value in self.values]
        nearest = min(range(len(apart)), key=apart.__getitem__, default=None)
        return nearest if nearest is not None and apart[nearest] <= _REACH else None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw band, median and dots; a ring around the one that the keys are on."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_band(painter)
        for place, value in enumerate(self.values):
            is_odd = value.beyond is not None
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens().doubt if is_odd else tokens().text))
            at, radius = self.dot_of(value), _OUTLIER if is_odd else _DOT
            painter.drawEllipse(at, radius, radius)
            if self.hasFocus() and place == self._current:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(tokens().accent), 2))
                painter.drawEllipse(at, radius + 3, radius + 3)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens().accent), 2))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 4, 4)
        painter.end()

    def _draw_band(self, painter: QPainter) -> None:
        size = self._length.size if self._length is not None else None
        inside = QRectF(self.rect()).adjusted(INDENT_PX, 0, -INDENT_PX, 0)
        if not isinstance(size, PooledSize):
            painter.setPen(QPen(QColor(tokens().faint), 1))
            painter.drawLine(QPointF(inside.left(), inside.center().y()), QPointF(inside.right(), inside.center().y()))
            return
        low, middle, high = (
            self.dot_of(FrameValue(0, edge)).y() for edge in (size.low_mm, size.median_mm, size.high_mm)
        )
        tint = QColor(tokens().accent)
        tint.setAlpha(48)
        painter.fillRect(QRectF(inside.left(), high, inside.width(), low - high), tint)
        painter.setPen(QPen(QColor(tokens().accent), 1))
        painter.drawLine(QPointF(inside.left(), middle), QPointF(inside.right(), middle))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell the frame and the length of the dot under the pointer."""
        place = self._at(event.position())
        self.setCursor(Qt.CursorShape.ArrowCursor if place is None else Qt.CursorShape.PointingHandCursor)
        if place is not None:
            QToolTip.showText(event.globalPosition().toPoint(), dot_told(self.values[place]), self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the frame of the dot that is pressed."""
        place = self._at(event.position())
        if place is not None and event.button() is Qt.MouseButton.LeftButton:
            self._go_on(place)
            self.frame_wanted.emit(self.values[place].frame_index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go along the dots by the arrow keys, and to a dot's frame by Return."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None and self.values:
            self._go_on(min(max(self._current + step, 0), len(self.values) - 1))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.values:
            self.frame_wanted.emit(self.values[self._current].frame_index)
        else:
            super().keyPressEvent(event)

    def _go_on(self, place: int) -> None:
        self._current = place
        self._name_current()
        self.update()

    def _name_current(self) -> None:
        """Say to a screen reader what is drawn, and which dot the keys are on."""
        told = dot_told(self.values[self._current]) if self.values else ""
        self.setAccessibleName(f"{pooled_dots()} {told}".strip())

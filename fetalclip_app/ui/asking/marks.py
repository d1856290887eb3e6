"""Marks over the timeline: where the found frames of the shown clip lie."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from fetalclip_app.ui.theme import tokens
from fetalclip_app.ui.timeline_bands import TRACK_Y, FrameScale

_HALF_PX = 4.5


class HitMarks(QWidget):
    """A diamond on the track for each found frame; the mouse goes through to the timeline."""

    def __init__(self, timeline: QWidget) -> None:
        super().__init__(timeline)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.frames: tuple[int, ...] = ()
        self._count = 1
        timeline.installEventFilter(self)
        self.hide()

    def show_frames(self, frames: Sequence[int], count: int) -> None:
        """Mark these frames of a clip of so many; none takes the marks away."""
        self.frames, self._count = tuple(frames), max(count, 1)
        self._fill_place()
        self.setVisible(bool(frames))
        self.update()

    def _fill_place(self) -> None:
        place = self.parentWidget()
        assert place is not None
        self.setGeometry(place.rect())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as the timeline."""
        if event.type() == QEvent.Type.Resize:
            self._fill_place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw them."""
        scale = FrameScale(self._count, self.width())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(tokens().base), 1))
        painter.setBrush(QColor(tokens().text))
        for frame in self.frames:
            x, half = scale.x(frame), _HALF_PX
            corners = ((x - half, TRACK_Y), (x, TRACK_Y - half), (x + half, TRACK_Y), (x, TRACK_Y + half))
            painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))
        painter.end()

"""The cine as a strip: which view is seen when, the best frame of each, and where we are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.ui.player import Marks
from fetalclip_app.ui.theme import caption_font, ink_on, tokens, view_colour, view_letter
from fetalclip_app.wording import frame_number, percent, unfamiliar_frame, view_title
from fetalclip_app.wording.translate import translate

_HEIGHT = 46
_SIDE = 8
_RIBBON = QRectF(0, 8, 0, 16)
_TRACK_Y = 36.0
_TAG = 12.0
_UNPLAYED = QColor(0, 0, 0, 150)


@dataclass(frozen=True, slots=True)
class Run:
    """Frames in a row whose most probable view is the same; ``end`` is outside.

    The key is empty where the frames are unlike everything that the model was trained on.
    """

    key: str
    start: int
    end: int


def runs(views: ViewPrediction) -> tuple[Run, ...]:
    """Return the runs of a clip in order; frames that were not asked belong to none."""
    found: list[Run] = []
    for index, row in enumerate(views.per_frame):
        if np.isnan(row[0]):
            continue
        key = "" if index in views.unfamiliar else views.keys[int(np.argmax(row))]
        if found and found[-1].key == key and found[-1].end == index:
            found[-1] = Run(key, found[-1].start, index + 1)
        else:
            found.append(Run(key, index, index + 1))
    return tuple(found)


class Timeline(QWidget):
    """Draws the strip.

    Signals:
        frame_wanted: The user points at this frame.
    """

    frame_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(translate("Position in the cine"))
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self._count, self._index = 1, 0
        self._views: ViewPrediction | None = None
        self._runs: tuple[Run, ...] = ()
        self._best: dict[str, int] = {}
        self._marks = Marks()

    def sizeHint(self) -> QSize:
        """Return a modest width: it takes what is there."""
        return QSize(200, _HEIGHT)

    def show_clip(self, count: int) -> None:
        """Take another clip of ``count`` frames."""
        self._count, self._index = max(count, 1), 0
        self.show_views(None)

    def show_index(self, index: int) -> None:
        """Move the mark to this frame."""
        self._index = index
        self.update()

    def show_marks(self, marks: Marks) -> None:
        """Draw which part plays."""
        self._marks = marks
        self.update()

    def show_views(self, views: ViewPrediction | None) -> None:
        """Draw which view is seen when, or an empty ribbon."""
        self._views = views
        self._runs = runs(views) if views is not None else ()
        self._best = {}
        for key in {run.key for run in self._runs} - {""}:
            assert views is not None  # there are runs
            clear = views.frames_of(key)
            if len(clear):
                self._best[key] = int(clear[0])
        self.update()

    def best_frame(self, key: str) -> int | None:
        """Return the frame in which this view is seen best, or None."""
        return self._best.get(key)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw ribbon, marks and track."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_ribbon(painter)
        self._draw_track(painter)
        if self._marks.is_set:
            self._draw_marks(painter)
        painter.end()

    def _draw_ribbon(self, painter: QPainter) -> None:
        whole = QRectF(_SIDE, _RIBBON.top(), self.width() - 2 * _SIDE, _RIBBON.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens().panel))
        painter.drawRoundedRect(whole, 3, 3)
        painter.setFont(caption_font())
        metrics = QFontMetricsF(painter.font())
        for run in self._runs:
            box = QRectF(self._x(run.start, edge=True), whole.top(), 0, whole.height())
            box.setRight(self._x(run.end, edge=True))
            painter.setPen(Qt.PenStyle.NoPen)
            if not run.key:
                painter.fillRect(box, QBrush(QColor(tokens().doubt), Qt.BrushStyle.BDiagPattern))
                continue
            position = self._views.keys.index(run.key) if self._views is not None else 0
            colour = view_colour(run.key, position)
            painter.fillRect(box, colour)
            letter = view_letter(run.key)
            if box.width() >= metrics.horizontalAdvance(letter) + 4:
                painter.setPen(ink_on(colour))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, letter)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens().text))
        for frame in self._best.values():
            x = self._x(frame)
            painter.drawPolygon(QPolygonF([QPointF(x - 4, 1), QPointF(x + 4, 1), QPointF(x, 7)]))

    def _draw_track(self, painter: QPainter) -> None:
        left, right = float(_SIDE), float(self.width() - _SIDE)
        painter.setPen(QPen(QColor(tokens().hover), 4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(left, _TRACK_Y), QPointF(right, _TRACK_Y))
        if self._count < 2:
            return
        x = self._x(self._index)
        painter.setPen(QPen(QColor(tokens().accent), 4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(left, _TRACK_Y), QPointF(x, _TRACK_Y))
        painter.setPen(QPen(QColor(tokens().text), 1))
        painter.drawLine(QPointF(x, _RIBBON.top() - 1), QPointF(x, _TRACK_Y))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens().text))
        painter.drawEllipse(QPointF(x, _TRACK_Y), 7, 7)

    def _draw_marks(self, painter: QPainter) -> None:
        """Darken what does not play, and put a letter at each end that is set."""
        painter.setFont(caption_font())
        ends = ((self._marks.a, "A", 0), (self._marks.b, "B", 1))
        for frame, letter, right in ends:
            if frame is None:
                continue
            x = self._x(frame + right, edge=True)
            left_x, width = (x, self.width() - _SIDE - x) if right else (float(_SIDE), x - _SIDE)
            painter.fillRect(QRectF(left_x, _RIBBON.top(), width, self.height() - _RIBBON.top()), _UNPLAYED)
            painter.setPen(QPen(QColor(tokens().accent), 2))
            painter.drawLine(QPointF(x, _RIBBON.top()), QPointF(x, _TRACK_Y + 7))
            tag = QRectF(x - (0 if right else _TAG), _TRACK_Y - 5, _TAG, 14)
            tag.moveLeft(min(max(tag.left(), 0.0), self.width() - tag.width()))
            painter.fillRect(tag, QColor(tokens().accent))
            painter.setPen(ink_on(QColor(tokens().accent)))
            painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, letter)

    def _x(self, frame: int, *, edge: bool = False) -> float:
        """Return where a frame lies: its middle, or the left edge of its piece of the ribbon."""
        width = self.width() - 2 * _SIDE
        return _SIDE + width * (frame + (0.0 if edge else 0.5)) / self._count

    def _frame_at(self, x: float) -> int:
        width = max(self.width() - 2 * _SIDE, 1)
        return min(max(int((x - _SIDE) / width * self._count), 0), self._count - 1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go there."""
        if event.button() == Qt.MouseButton.LeftButton and self._count > 1:
            self.frame_wanted.emit(self._frame_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go there while the button is down; else tell what is there."""
        frame = self._frame_at(event.position().x())
        if event.buttons() & Qt.MouseButton.LeftButton:
            if self._count > 1 and frame != self._index:
                self.frame_wanted.emit(frame)
        elif self._count > 1:
            QToolTip.showText(event.globalPosition().toPoint(), self._told(frame), self)

    def _told(self, frame: int) -> str:
        text = frame_number(frame, self._count)
        text = text[:1].upper() + text[1:]
        if self._views is None or np.isnan(self._views.per_frame[frame, 0]):
            return text
        if frame in self._views.unfamiliar:
            return f"{text}: {unfamiliar_frame()}"
        row = self._views.per_frame[frame]
        best = int(np.argmax(row))
        return f"{text}: {view_title(self._views.keys[best])} {percent(float(row[best]))}"

"""The cine as a strip: which view is seen when, how good the picture is, the best frame of each, and where we are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QToolTip, QWidget

from fetalclip_app.domain.notes import Part
from fetalclip_app.domain.sight import Sight
from fetalclip_app.ui.player import Marks
from fetalclip_app.ui.theme import caption_font, ink_on, tokens
from fetalclip_app.ui.timeline_bands import (
    HEIGHT,
    QUALITY,
    RIBBON,
    SIDE,
    TAGS,
    TRACK_Y,
    FrameScale,
    Tag,
    draw_bands,
    draw_tags,
    tags_of,
)
from fetalclip_app.wording import frame_title
from fetalclip_app.wording.quality import frame_told
from fetalclip_app.wording.translate import translate

_MARK_PX = 12.0
_UNPLAYED_ALPHA = 150
_PART_Y = HEIGHT - 3.0


class Timeline(QWidget):
    """Draws the strip.

    A click goes there and a drag goes along; a drag in the ribbon, and one with Shift anywhere, takes a part.

    Signals:
        frame_wanted: The user points at this frame.
        part_wanted: (first, last): the user drew over this part.
        best_asked: (view key, QRect in this widget): the mark of a view's best frame was pressed.
    """

    frame_wanted = Signal(int)
    part_wanted = Signal(int, int)
    best_asked = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(translate("Position in the cine"))
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self._count, self._index = 1, 0
        self._sight: Sight | None = None
        self._best: Mapping[str, int] = {}
        self._chosen: Mapping[str, int] = {}
        self._tags: tuple[Tag, ...] = ()
        self._marks = Marks()
        self._parts: Sequence[Part] = ()
        self._still: QPixmap | None = None
        self._pressed: QPointF | None = None
        self._brush: tuple[int, int] | None = None

    def sizeHint(self) -> QSize:
        """Return a modest width: it takes what is there."""
        return QSize(200, HEIGHT)

    def show_clip(self, count: int) -> None:
        """Take another clip of ``count`` frames."""
        self._count, self._index = max(count, 1), 0
        self._pressed = self._brush = None
        self._parts = ()
        self.show_sight(None)
        self.show_best({}, {})

    def show_index(self, index: int) -> None:
        """Move the mark to this frame."""
        self._index = index
        self.setAccessibleDescription(self._told(index))
        self.update()

    def show_marks(self, marks: Marks) -> None:
        """Draw which part plays."""
        self._marks = marks
        self.update()

    def show_parts(self, parts: Sequence[Part]) -> None:
        """Draw the parts that were kept."""
        self._parts = parts
        self.update()

    def show_sight(self, sight: Sight | None) -> None:
        """Draw what is known of the frames by now, or empty places."""
        self._sight = sight
        self.setAccessibleDescription(self._told(self._index))
        self._redraw()

    def show_best(self, best: Mapping[str, int], chosen: Mapping[str, int]) -> None:
        """Mark the best frames: those by the model's order, and those that a person chose."""
        self._best, self._chosen = best, chosen
        self._redraw()

    def best_frame(self, key: str) -> int | None:
        """Return the frame that stands for this view, the person's before the model's; or None."""
        return self._chosen.get(key, self._best.get(key))

    @property
    def tags(self) -> tuple[Tag, ...]:
        """The marks of best frames, where they are drawn."""
        return self._tags

    @property
    def _scale(self) -> FrameScale:
        return FrameScale(self._count, self.width())

    def _redraw(self) -> None:
        self._still = None
        self._tags = tags_of(self._best, self._chosen, self._scale)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the frames out anew."""
        self._redraw()

    def changeEvent(self, event: QEvent) -> None:
        """Take another theme's colours."""
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.StyleChange}:
            self._redraw()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what stands still from memory, then track, part and position."""
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_track(painter)
        if self._marks.is_set:
            self._draw_marks(painter)
        self._draw_parts(painter)
        self._draw_brush(painter)
        if self._count > 1:
            self._draw_position(painter)
        painter.end()

    def _picture(self) -> QPixmap:
        """Return bands and tags, drawn once: a cine that plays moves only the position."""
        ratio = self.devicePixelRatioF()
        if self._still is None or self._still.devicePixelRatio() != ratio:
            self._still = QPixmap(self.size() * ratio)
            self._still.setDevicePixelRatio(ratio)
            self._still.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._still)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            draw_bands(painter, self._sight, self._scale)
            keys = self._sight.views.keys if self._sight is not None else ()
            draw_tags(painter, self._tags, keys, self._scale)
            painter.end()
        return self._still

    def _draw_track(self, painter: QPainter) -> None:
        left, right = QPointF(SIDE, TRACK_Y), QPointF(self.width() - SIDE, TRACK_Y)
        painter.setPen(QPen(QColor(tokens().hover), 4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(left, right)
        if self._count > 1:
            painter.setPen(QPen(QColor(tokens().accent), 4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(left, QPointF(self._x(self._index), TRACK_Y))

    def _draw_position(self, painter: QPainter) -> None:
        x = self._x(self._index)
        painter.setPen(QPen(QColor(tokens().text), 1))
        painter.drawLine(QPointF(x, RIBBON[0] - 1), QPointF(x, TRACK_Y))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens().text))
        painter.drawEllipse(QPointF(x, TRACK_Y), 7, 7)

    def _draw_marks(self, painter: QPainter) -> None:
        """Veil what does not play, and put a letter at each end that is set."""
        painter.setFont(caption_font())
        veil = QColor(tokens().base)
        veil.setAlpha(_UNPLAYED_ALPHA)
        for frame, letter, right in ((self._marks.a, "A", 0), (self._marks.b, "B", 1)):
            if frame is None:
                continue
            x = self._x(frame + right, edge=True)
            left_x, width = (x, self.width() - SIDE - x) if right else (float(SIDE), x - SIDE)
            painter.fillRect(QRectF(left_x, RIBBON[0], width, TRACK_Y + 8 - RIBBON[0]), veil)
            painter.setPen(QPen(QColor(tokens().accent), 2))
            painter.drawLine(QPointF(x, RIBBON[0]), QPointF(x, TRACK_Y + 7))
            tag = QRectF(x - (0 if right else _MARK_PX), TRACK_Y - 7, _MARK_PX, 14)
            tag.moveLeft(min(max(tag.left(), 0.0), self.width() - tag.width()))
            painter.fillRect(tag, QColor(tokens().accent))
            painter.setPen(ink_on(QColor(tokens().accent)))
            painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, letter)

    def _draw_parts(self, painter: QPainter) -> None:
        painter.setPen(QPen(QColor(tokens().muted), 2))
        for part in self._parts:
            left, right = self._x(part.first, edge=True) + 1, self._x(part.last + 1, edge=True) - 1
            painter.drawPolyline(
                [
                    QPointF(left, _PART_Y - 3),
                    QPointF(left, _PART_Y),
                    QPointF(right, _PART_Y),
                    QPointF(right, _PART_Y - 3),
                ]
            )

    def _draw_brush(self, painter: QPainter) -> None:
        if self._brush is not None:
            first, last = sorted(self._brush)
            colour = QColor(tokens().accent)
            painter.setPen(QPen(colour, 1))
            colour.setAlpha(70)
            painter.setBrush(colour)
            painter.drawRect(self._scale.piece(first, last + 1, (RIBBON[0], QUALITY[1])))

    def _x(self, frame: int, *, edge: bool = False) -> float:
        return self._scale.x(frame, edge=edge)

    def _frame_at(self, x: float) -> int:
        return self._scale.frame_at(x)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go there, or begin a part; on the mark of a best frame, ask for it."""
        if event.button() != Qt.MouseButton.LeftButton or self._count < 2:
            return
        tag = self._tag_at(event.position())
        if tag is not None:
            self.best_asked.emit(tag.view_key, tag.box.toRect())
            return
        self._pressed = event.position()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._brush = (self._frame_at(event.position().x()),) * 2
            self.update()
        elif not self._is_in_ribbon(event.position()):
            self.frame_wanted.emit(self._frame_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go along while the button is down, or draw over a part; else tell what is there."""
        frame = self._frame_at(event.position().x())
        if not event.buttons() & Qt.MouseButton.LeftButton:
            if self._count > 1:
                QToolTip.showText(event.globalPosition().toPoint(), self._told_at(event.position()), self)
        elif self._brush is not None:
            self._brush = (self._brush[0], frame)
            self.update()
        elif self._pressed is not None and self._is_in_ribbon(self._pressed):
            far = abs(event.position().x() - self._pressed.x()) >= QApplication.startDragDistance()
            if far and frame != self._frame_at(self._pressed.x()):
                self._brush = (self._frame_at(self._pressed.x()), frame)
                self.update()
        elif self._pressed is not None and frame != self._index:
            self.frame_wanted.emit(frame)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Take the part that was drawn over; a plain click in the ribbon goes there."""
        pressed, brush = self._pressed, self._brush
        self._pressed = self._brush = None
        if brush is not None:
            self.update()
            first, last = sorted(brush)
            if first < last:
                self.part_wanted.emit(first, last)
        elif pressed is not None and self._is_in_ribbon(pressed):
            self.frame_wanted.emit(self._frame_at(pressed.x()))

    def _is_in_ribbon(self, at: QPointF) -> bool:
        return RIBBON[0] <= at.y() < RIBBON[1]

    def _tag_at(self, at: QPointF) -> Tag | None:
        if at.y() > TAGS[1] + 1:
            return None
        return next((tag for tag in self._tags if tag.box.adjusted(-1, -1, 1, 1).contains(at)), None)

    def _told_at(self, at: QPointF) -> str:
        part = next((one for one in self._parts if one.first <= self._frame_at(at.x()) <= one.last), None)
        told = self._told(self._frame_at(at.x()))
        return f"{part.name}\n{told}" if part is not None and at.y() > TRACK_Y else told

    def _told(self, frame: int) -> str:
        text = frame_title(frame, self._count)
        if self._sight is None or np.isnan(self._sight.views.per_frame[frame, 0]):
            return text
        return f"{text}: {frame_told(self._sight, frame)}"

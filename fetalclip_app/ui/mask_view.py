"""The picture with its mask: edges that can be dragged or moved by keys, and how it will look."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.imaging.deidentify.mask import Mask, shown
from fetalclip_app.imaging.deidentify.texts import FoundText
from fetalclip_app.ui.qimage import image_of
from fetalclip_app.ui.theme import ON_PICTURE
from fetalclip_app.ui.viewport import Viewport
from fetalclip_app.wording.translate import translate

_SIDES = ("left", "top", "right", "bottom")
_REACH = 8.0
"""Pixels of the screen within which an edge is taken hold of."""

_MOVES = {
    Qt.Key.Key_Left: (-1, "x"),
    Qt.Key.Key_Right: (1, "x"),
    Qt.Key.Key_Up: (-1, "y"),
    Qt.Key.Key_Down: (1, "y"),
}
_SMALLEST = 8
"""Pixels of the picture that a rectangle keeps."""


class MaskView(QWidget):
    """Shows one frame.

    Signals:
        edited: The mask after a person moved one of its edges.
    """

    edited = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(320, 240)
        self.setMouseTracking(True)
        self.setAccessibleName(translate("Picture with its mask"))
        self.setAccessibleDescription(translate("Space changes the edge, arrows move it, with Shift by ten pixels"))
        self.kept: Mask | None = None
        self.is_after = False
        self.edge = 0
        """Which edge the keys move: rectangle times four plus the side."""

        self._pixels: Pixels | None = None
        self._texts: tuple[FoundText, ...] = ()
        self._before = self._after = QImage()
        self._is_held = False

    def show_picture(self, pixels: Pixels | None, mask: Mask | None, texts: tuple[FoundText, ...] = ()) -> None:
        """Show a frame with a mask and frames around texts."""
        if pixels is not self._pixels:
            self._before = image_of(pixels) if pixels is not None else QImage()
        self._pixels, self._texts, self.kept = pixels, texts, mask
        self._after = self._before
        if pixels is not None and mask is not None:
            self._after = image_of(shown(pixels, mask.visible()))
        self.edge = min(self.edge, max(4 * len(mask.keep) - 1, 0)) if mask is not None else 0
        self.update()

    def show_after(self, is_after: bool) -> None:
        """Show the picture as it will be, or as it is."""
        self.is_after = is_after
        self.update()

    def side_of_edge(self) -> str:
        """Return which side the keys move now."""
        return _SIDES[self.edge % 4]

    def to_picture(self, point: QPointF) -> tuple[float, float]:
        """Return where a point of the widget lies in the picture, in pixels from its corner."""
        x, y = self._viewport().to_frame(point)
        return x + 0.5, y + 0.5

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the chosen edge, or choose the next one."""
        if self.kept is None or not self.kept.keep:
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_Space:
            self.edge = (self.edge + 1) % (4 * len(self.kept.keep))
            self.update()
        elif Qt.Key(event.key()) in _MOVES:
            step, axis = _MOVES[Qt.Key(event.key())]
            step *= 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            if (axis == "x") == (self.side_of_edge() in ("left", "right")):
                box = self.kept.keep[self.edge // 4]
                self._move_to(getattr(box, self.side_of_edge()) + step)
                self.edited.emit(self.kept)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the nearest edge."""
        edge = self._near(event.position())
        if edge is not None:
            self.edge, self._is_held = edge, True
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the edge that is held, or show that one can be."""
        if self._is_held:
            x, y = self.to_picture(event.position())
            self._move_to(round(x if self.side_of_edge() in ("left", "right") else y))
            return
        edge = self._near(event.position())
        shapes = (Qt.CursorShape.SizeHorCursor, Qt.CursorShape.SizeVerCursor)
        self.setCursor(Qt.CursorShape.ArrowCursor if edge is None else shapes[edge % 2])

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        if self._is_held:
            self._is_held = False
            self.edited.emit(self.kept)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture, dim what will be blanked, and draw the edges and texts."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(ON_PICTURE.canvas))
        if not self._before.isNull():
            place = self._viewport().target
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(place, self._after)
            if not self.is_after:
                painter.setOpacity(0.4)
                painter.drawImage(place, self._before)
                painter.setOpacity(1.0)
                self._draw_edges(painter)
            self._draw_texts(painter)
        painter.end()

    def _draw_edges(self, painter: QPainter) -> None:
        for number, box in enumerate(self.kept.keep if self.kept is not None else ()):
            painter.setPen(QPen(QColor(ON_PICTURE.accent), 1.5))
            rect = self._on_screen(box)
            painter.drawRect(rect)
            if self.edge // 4 == number:
                lines = {
                    "left": (rect.topLeft(), rect.bottomLeft()),
                    "top": (rect.topLeft(), rect.topRight()),
                    "right": (rect.topRight(), rect.bottomRight()),
                    "bottom": (rect.bottomLeft(), rect.bottomRight()),
                }
                painter.setPen(QPen(QColor(ON_PICTURE.accent), 4.0 if self.hasFocus() else 2.5))
                painter.drawLine(*lines[self.side_of_edge()])

    def _draw_texts(self, painter: QPainter) -> None:
        for text in self._texts:
            painter.setPen(QPen(QColor(ON_PICTURE.doubt if text.needs_a_person else ON_PICTURE.muted), 1.5))
            painter.drawRect(self._on_screen(text.box).adjusted(-2, -2, 2, 2))

    def _move_to(self, value: int) -> None:
        if self.kept is None:
            return
        number, side = divmod(self.edge, 4)
        box = self.kept.keep[number]
        limits = {
            "left": (0, box.right - _SMALLEST),
            "top": (0, box.bottom - _SMALLEST),
            "right": (box.left + _SMALLEST, self.kept.width),
            "bottom": (box.top + _SMALLEST, self.kept.height),
        }
        low, high = limits[_SIDES[side]]
        moved = replace(box, **{_SIDES[side]: min(max(value, low), high)})
        boxes = (*self.kept.keep[:number], moved, *self.kept.keep[number + 1 :])
        self.show_picture(self._pixels, replace(self.kept, keep=boxes), self._texts)

    def _near(self, point: QPointF) -> int | None:
        """Return the edge under the pointer."""
        for number, box in enumerate(self.kept.keep if self.kept is not None else ()):
            rect = self._on_screen(box)
            if not rect.adjusted(-_REACH, -_REACH, _REACH, _REACH).contains(point):
                continue
            away = [
                abs(point.x() - rect.left()),
                abs(point.y() - rect.top()),
                abs(point.x() - rect.right()),
                abs(point.y() - rect.bottom()),
            ]
            if min(away) <= _REACH:
                return 4 * number + away.index(min(away))
        return None

    def _on_screen(self, box: Box) -> QRectF:
        view = self._viewport()
        corner = view.to_screen(box.left - 0.5, box.top - 0.5)
        return QRectF(corner, QSizeF(box.width, box.height) * view.scale)

    def _viewport(self) -> Viewport:
        """Return where the picture lies: as large as fits, in the middle."""
        return Viewport(QSizeF(self._before.size()), QSizeF(self.size()))

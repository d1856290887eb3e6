"""Shows one frame on black, with what lies over it; zoom, pan, the ruler and the hand."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from fetalclip_app.domain.calibration import Calibration
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.domain.reading import HeadMeasurement, Measurement
from fetalclip_app.domain.structures import Structure
from fetalclip_app.ui import overlays
from fetalclip_app.ui.calipers.draw import draw_hand, hand_places
from fetalclip_app.ui.calipers.hand import Hand
from fetalclip_app.ui.calipers.pointing import MODIFIERS, Pointing
from fetalclip_app.ui.frame_words import draw_words, words_along
from fetalclip_app.ui.plane_layer import PlaneLayer
from fetalclip_app.ui.qimage import Light, image_of
from fetalclip_app.ui.region_overlay import draw_regions
from fetalclip_app.ui.ruler import Line, RulerTool
from fetalclip_app.ui.structure_overlay import StructureOverlay
from fetalclip_app.ui.theme import ON_PICTURE
from fetalclip_app.ui.viewport import Viewport
from fetalclip_app.wording.translate import translate


class FrameView(QWidget):
    """Draws what it is given.

    Signals:
        line_changed: The ruler's line, two points (x, y) in frame pixels, or None.
        line_done: The ruler's line stands; its length is to be stated.
        zoom_changed: Screen points per pixel.
        painted: Pixels that were given are on the screen now.
    """

    line_changed = Signal(object)
    line_done = Signal()
    zoom_changed = Signal(float)
    painted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(translate("Picture"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._pixels: Pixels | None = None
        self._image = QImage()
        self._is_fresh = False
        self._light = Light()
        self._caption = ""
        self._heat: QImage | None = None
        self._opacity = 0.5
        self._head: HeadMeasurement | None = None
        self._tint = QImage()
        self._lines: tuple[Measurement, ...] = ()
        self._structures: tuple[Structure, ...] = ()
        self._structure_overlay = StructureOverlay(())
        self._calibration: Calibration | None = None
        self._shows_regions = False
        self._viewport = Viewport(QSizeF(1, 1), QSizeF(1, 1))
        self.planes = PlaneLayer(self)
        self.ruler, self.hand = RulerTool(self), Hand(self)
        self.ruler.changed.connect(self._line_moved)
        self.ruler.done.connect(self.line_done)
        self.hand.changed.connect(self.update)
        self._pointing = Pointing(self, (self.ruler, self.hand))

    @property
    def viewport(self) -> Viewport:
        """How the frame lies in the view now."""
        return self._viewport

    @property
    def pixels(self) -> Pixels | None:
        """The frame that is drawn, if any."""
        return self._pixels

    @property
    def heat(self) -> QImage | None:
        """The heatmap that is drawn, if any."""
        return self._heat

    @property
    def caption(self) -> str:
        """What is written about the frame."""
        return self._caption

    @property
    def head(self) -> HeadMeasurement | None:
        """The outline that is drawn, if any."""
        return self._head

    @property
    def lines(self) -> tuple[Measurement, ...]:
        """The lines between landmarks that are drawn, if any."""
        return self._lines

    @property
    def structures(self) -> tuple[Structure, ...]:
        """The structures whose masks are drawn, if any."""
        return self._structures

    def show_pixels(self, pixels: Pixels | None) -> None:
        """Show a frame; the zoom stays where the size does."""
        self._pixels, self._is_fresh = pixels, pixels is not None
        if pixels is not None:
            size = QSizeF(pixels.shape[1], pixels.shape[0])
            if size != self._viewport.picture:
                self._viewport = Viewport(size, QSizeF(self.size()))
                self.zoom_changed.emit(self._viewport.scale)
        self._remake()

    def show_caption(self, text: str) -> None:
        """Write which frame this is, and how fast the cine is shown."""
        if text != self._caption:
            self._caption = text
            self.update()

    def show_heat(self, image: QImage | None) -> None:
        """Lay a heatmap over the frame, or none."""
        self._heat = image
        self.update()

    def set_opacity(self, opacity: float) -> None:
        """Set how much the heatmap covers, 0 to 1."""
        self._opacity = opacity
        self.update()

    def show_head(self, head: HeadMeasurement | None) -> None:
        """Draw a head's outline over the frame, or none."""
        if head is not self._head:
            self._head = head
            self._tint = overlays.head_tint(head) if head is not None else QImage()
            self.update()

    def show_lines(self, lines: tuple[Measurement, ...]) -> None:
        """Draw lines between landmarks over the frame, or none."""
        if lines != self._lines:
            self._lines = lines
            self.update()

    def show_structures(self, structures: tuple[Structure, ...]) -> None:
        """Draw masks of structures over the frame, or none."""
        if structures != self._structures:
            self._structures, self._structure_overlay = structures, StructureOverlay(structures)
            self.update()

    def show_scale(self, calibration: Calibration | None) -> None:
        """Draw the depth scale of this calibration, or none."""
        self._calibration = calibration
        self.update()

    def set_regions(self, is_on: bool) -> None:
        """Draw the regions of the calibration, or not."""
        self._shows_regions = is_on
        self.update()

    def set_light(self, light: Light) -> None:
        """Change brightness and contrast: for the eye only, the model sees the file's own."""
        self._light = light
        self._remake()

    def fit(self) -> None:
        """Show the whole frame."""
        self._set_viewport(self._viewport.fitted())

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom about a point of the view, or about its middle."""
        self._set_viewport(self._viewport.zoomed(factor, at or QPointF(self.rect().center())))

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by points of the screen."""
        self._set_viewport(self._viewport.moved(dx, dy))

    def start_ruler(self) -> None:
        """Lay a line over the picture, to be drawn anew or moved by its ends."""
        if self._pixels is not None:
            self.ruler.start(self._pixels.shape[1], self._pixels.shape[0])
            self.setCursor(Qt.CursorShape.CrossCursor)
            self.setFocus()

    def stop_ruler(self) -> None:
        """Take the line away."""
        self.ruler.stop()
        self.unsetCursor()

    def _line_moved(self, line: Line | None) -> None:
        self.line_changed.emit(line)
        self.update()

    def _remake(self) -> None:
        self._image = image_of(self._pixels, self._light) if self._pixels is not None else QImage()
        self.update()

    def _set_viewport(self, viewport: Viewport) -> None:
        self._viewport = viewport
        self.zoom_changed.emit(viewport.scale)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw frame, overlays and captions."""
        painter, words = QPainter(self), words_along(self.rect(), self._caption)
        painter.fillRect(self.rect(), QColor(ON_PICTURE.canvas))
        if not self._image.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._viewport.scale < 6)
            painter.drawImage(self._viewport.target, self._image)
            self._draw_over(painter, [one.place for one in words])
        draw_words(painter, words)
        painter.end()
        if self._is_fresh:
            self._is_fresh = False
            self.painted.emit()

    def _draw_over(self, painter: QPainter, taken: list[QRectF]) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.planes.draw(painter, self._viewport)
        if self._heat is not None:
            overlays.draw_heat(painter, self._viewport, self._heat, self._opacity)
        taken += hand_places(self._viewport, self.hand)
        overlays.draw_scales(painter, self._viewport, self._calibration, self.width() - 8.0, taken)
        if self.ruler.line is None and not self.hand.is_drawing:
            self._draw_found(painter, taken)
        if self._shows_regions and self._calibration is not None:
            draw_regions(painter, self._viewport, self._calibration)
        if self.ruler.line is not None:
            overlays.draw_line(painter, self._viewport, self.ruler.line, self.ruler.active)
        else:
            draw_hand(painter, self._viewport, self.hand, self._image, taken)

    def _draw_found(self, painter: QPainter, taken: list[QRectF]) -> None:
        """Draw what the model found: not under a hand that draws, which it would lead."""
        if self._structures:
            self._structure_overlay.draw(painter, self._viewport)
        if self._head is not None:
            overlays.draw_head(painter, self._viewport, self._head, self._tint, taken)
        if self._lines:
            overlays.draw_lines(painter, self._viewport, self._lines, taken)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the middle of the picture where it is."""
        super().resizeEvent(event)
        self._set_viewport(self._viewport.resized(QSizeF(self.size())).moved(0, 0))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the pointer."""
        self.zoom_by(1.0015 ** event.angleDelta().y(), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to pan, or take hold of what a tool moves."""
        self.setFocus()
        self._pointing.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, or move what is held."""
        self._pointing.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._pointing.release()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show the whole frame."""
        if self.ruler.line is None and self.hand.shape is None:
            self.fit()

    def event(self, event: QEvent) -> bool:
        """Keep the keys that a tool moves by from stepping through the cine."""
        if event.type() == QEvent.Type.ShortcutOverride:
            assert isinstance(event, QKeyEvent)
            if self._pointing.takes(event):
                event.accept()
                return True
            if event.key() not in MODIFIERS:
                self._pointing.rest()
        return super().event(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Leave Tab to the tool while there is one in hand."""
        return self.ruler.line is None and self.hand.shape is None and super().focusNextPrevChild(forward)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by the keys what a tool holds."""
        if not self._pointing.key(event):
            super().keyPressEvent(event)

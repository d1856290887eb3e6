"""Where a frame lies in its view: zoom, pan, and the way from pixels to the screen and back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, QSizeF

LARGEST_ZOOM = 16.0


@dataclass(frozen=True, slots=True)
class Viewport:
    """A frame of ``picture`` pixels in a view of ``area`` points.

    Attributes:
        zoom: Screen points per pixel over those at which the frame fits; 1 is "fits".
        centre: The pixel in the middle of the view.
    """

    picture: QSizeF
    area: QSizeF
    zoom: float = 1.0
    centre: QPointF | None = None

    @property
    def scale(self) -> float:
        """Screen points per pixel."""
        if self.picture.isEmpty() or self.area.isEmpty():
            return 1.0
        fit = min(self.area.width() / self.picture.width(), self.area.height() / self.picture.height())
        return fit * self.zoom

    @property
    def target(self) -> QRectF:
        """The rectangle on the screen that the whole frame covers."""
        middle = self.centre or QPointF(self.picture.width() / 2, self.picture.height() / 2)
        left = self.area.width() / 2 - middle.x() * self.scale
        top = self.area.height() / 2 - middle.y() * self.scale
        return QRectF(left, top, self.picture.width() * self.scale, self.picture.height() * self.scale)

    def to_screen(self, x: float, y: float) -> QPointF:
        """Return where the point (x, y), in frame pixels, lies; (0, 0) is the middle of the first pixel."""
        target = self.target
        return QPointF(target.left() + (x + 0.5) * self.scale, target.top() + (y + 0.5) * self.scale)

    def to_frame(self, point: QPointF) -> tuple[float, float]:
        """Return the frame pixels (x, y) under a point of the screen."""
        target = self.target
        return (point.x() - target.left()) / self.scale - 0.5, (point.y() - target.top()) / self.scale - 0.5

    def zoomed(self, factor: float, at: QPointF) -> Viewport:
        """Return the view zoomed by ``factor``, with the point under ``at`` where it is."""
        zoom = min(max(self.zoom * factor, 1.0), LARGEST_ZOOM)
        x, y = self.to_frame(at)
        bigger = replace(self, zoom=zoom)
        moved = bigger.to_screen(x, y) - at
        return bigger.moved(-moved.x(), -moved.y())

    def moved(self, dx: float, dy: float) -> Viewport:
        """Return the view with its picture moved by points of the screen, never out of sight."""
        middle = self.centre or QPointF(self.picture.width() / 2, self.picture.height() / 2)
        x = _held(middle.x() - dx / self.scale, self.picture.width(), self.area.width() / self.scale)
        y = _held(middle.y() - dy / self.scale, self.picture.height(), self.area.height() / self.scale)
        return replace(self, centre=QPointF(x, y))

    def resized(self, area: QSizeF) -> Viewport:
        """Return the view in another area."""
        return replace(self, area=area)

    def fitted(self) -> Viewport:
        """Return the view that shows the whole frame."""
        return replace(self, zoom=1.0, centre=None)


def _held(middle: float, length: float, seen: float) -> float:
    """Keep the frame's edge from leaving the view's edge; a frame that fits stays centred."""
    if seen >= length:
        return length / 2
    return min(max(middle, seen / 2), length - seen / 2)

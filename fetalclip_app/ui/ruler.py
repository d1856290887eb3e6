"""A line between two points of the picture, for stating a scale."""

from __future__ import annotations

import math

from PySide6.QtCore import QObject, Qt, Signal

from fetalclip_app.domain.calibration import Point
from fetalclip_app.ui.calipers.pointing import ARROWS, RETURNS

Line = tuple[Point, Point]

_KEYS = frozenset({*ARROWS, *RETURNS, Qt.Key.Key_Tab})
"""What the ruler listens to while its line is there."""


class RulerTool(QObject):
    """Where the line lies.

    Signals:
        changed: The line, in frame pixels, or None.
        done: The line stands; its length is to be stated.
    """

    changed = Signal(object)
    done = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.line: Line | None = None
        self.active = 1
        self.is_held = False
        self._width = self._height = 1

    @property
    def is_on(self) -> bool:
        """Whether the line is there."""
        return self.line is not None

    def start(self, width: int, height: int) -> None:
        """Lay a line down the middle third of a picture of this size."""
        self._width, self._height = width, height
        self.active = 1
        self._set(((width / 2, height / 3), (width / 2, 2 * height / 3)))

    def stop(self) -> None:
        """Take the line away."""
        self.is_held = False
        self.line = None
        self.changed.emit(None)

    def press(self, x: float, y: float, reach: float) -> bool:
        """Take hold of the end within ``reach`` pixels, or begin a new line here."""
        if self.line is None:
            return False
        distances = [math.dist(end, (x, y)) for end in self.line]
        nearest = distances.index(min(distances))
        self.is_held = True
        if distances[nearest] <= reach:
            self.active = nearest
        else:
            self.active = 1
            start = self._inside(x, y)
            self._set((start, start))
        return True

    def hover(self, x: float, y: float) -> None:
        """Stay where it is."""

    def drag(self, x: float, y: float) -> None:
        """Move the end that is held."""
        self._move(self._inside(x, y))

    def release(self) -> None:
        """Let go: the line stands."""
        self.is_held = False
        self.done.emit()

    def takes(self, key: int) -> bool:
        """Whether a key is for the line."""
        return self.line is not None and key in _KEYS

    def rest(self) -> None:
        """Stay: nothing of it waits."""

    def key(self, key: int, modifiers: Qt.KeyboardModifier) -> bool:
        """Move by an arrow key (ten pixels with Shift), change ends by Tab, state the length by Return."""
        if self.line is None or key not in _KEYS:
            return False
        if key in RETURNS:
            self.done.emit()
        elif key == Qt.Key.Key_Tab:
            self.active = 1 - self.active
            self.changed.emit(self.line)
        else:
            dx, dy = ARROWS[Qt.Key(key)]
            far = 10.0 if modifiers & Qt.KeyboardModifier.ShiftModifier else 1.0
            x, y = self.line[self.active]
            self._move(self._inside(x + dx * far, y + dy * far))
        return True

    def _move(self, point: Point) -> None:
        if self.line is not None:
            self._set((point, self.line[1]) if self.active == 0 else (self.line[0], point))

    def _inside(self, x: float, y: float) -> Point:
        return min(max(x, 0.0), self._width - 1.0), min(max(y, 0.0), self._height - 1.0)

    def _set(self, line: Line) -> None:
        self.line = line
        self.changed.emit(line)

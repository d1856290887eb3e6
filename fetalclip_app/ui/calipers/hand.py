"""The hand over the picture: what it draws, takes hold of and moves. Draws and keeps nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from fetalclip_app.domain.calibration import Point
from fetalclip_app.domain.notes import Line
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.ui.calipers.pointing import ARROWS, RETURNS
from fetalclip_app.ui.calipers.shapes import (
    Oval,
    Shape,
    distance_to,
    drawn_shape,
    handles,
    moved,
    nearest,
    oval_on,
    proposal,
    shape_of,
    widened,
)

_FAR_PX = 10.0
_REST_MS = 500
"""Steps by key that follow each other faster than this are one move, and one step to undo."""

_KEYS = frozenset({*ARROWS, *RETURNS, Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Escape})


class Stage(Enum):
    """How far the shape in hand is."""

    NEW = auto()
    """A proposal, or being drawn: nothing that was measured yet."""

    WIDTH = auto()
    """An ellipse whose axis is drawn and whose width is not."""

    KEPT = auto()
    """A measurement, to be moved."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A kept measurement as it lies over the frame."""

    uid: str
    shape: Line | Ellipse
    text: str
    is_doubt: bool = False


class Hand(QObject):
    """One shape at a time, in frame pixels.

    Signals:
        changed: Something is to be drawn anew.
        settled: The shape in hand stands: drawn to its end, or moved and let go.
        picked: (uid): a kept measurement was pointed at.
        left: The shape in hand was given up with Escape.
    """

    changed = Signal()
    settled = Signal()
    picked = Signal(str)
    left = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.shape: Shape | None = None
        self.stage = Stage.NEW
        self.uid = ""
        self.active = 1
        self.is_held = False
        self.text, self.is_doubt = "", False
        self.drawn: tuple[Drawn, ...] = ()
        self._size = (1, 1)
        self._is_given = self._is_axis_alone = self._is_untouched = False
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self.settled)

    @property
    def is_on(self) -> bool:
        """Whether there is anything that the pointer could be for."""
        return self.shape is not None or bool(self.drawn)

    @property
    def is_drawing(self) -> bool:
        """Whether a new shape is in hand: what else lies over the frame makes way."""
        return self.shape is not None and self.stage is not Stage.KEPT

    @property
    def is_waiting(self) -> bool:
        """Whether steps by key are ahead of what is kept."""
        return self._rest.isActive()

    @property
    def result(self) -> Line | Ellipse | None:
        """The shape in hand as it is measured; None where there is none, or only a click."""
        return drawn_shape(self.shape) if self.shape is not None else None

    @property
    def held_at(self) -> Point | None:
        """Where the handle lies that the pointer holds."""
        return handles(self.shape)[self.active] if self.is_held and self.shape is not None else None

    @property
    def is_given(self) -> bool:
        """Whether the new shape in hand is the one that it was begun from, moved or not, and no other."""
        return self._is_given

    def show(self, drawn: tuple[Drawn, ...]) -> None:
        """Lay these over the frame."""
        if drawn != self.drawn:
            self.drawn = drawn
            self.changed.emit()

    def say(self, text: str, *, is_doubt: bool = False) -> None:
        """Write beside the shape in hand how long it is, or why that is not known."""
        self.text, self.is_doubt = text, is_doubt

    def begin(self, kind: type[Line] | type[Oval], width: int, height: int) -> None:
        """Take a new shape in hand: a proposal in the middle of a picture of this size."""
        self._take(proposal(kind, width, height), (width, height), Stage.NEW)
        self._is_untouched = True

    def begin_from(self, shape: Shape, width: int, height: int) -> None:
        """Take a new shape in hand that is not the person's own, to start from."""
        self._take(shape, (width, height), Stage.NEW)
        self._is_given = True

    def hold(self, uid: str, shape: Line | Ellipse, width: int, height: int) -> None:
        """Take a kept measurement in hand, to be moved."""
        active = self.active if uid == self.uid else 1
        self._take(shape_of(shape), (width, height), Stage.KEPT, uid)
        self.active = active

    def rest(self) -> None:
        """Let steps by key stand that wait for more of them."""
        if self.is_waiting:
            self._rest.stop()
            self.settled.emit()

    def put_away(self) -> None:
        """Let go of whatever is in hand; a new shape that was not kept is gone."""
        self.rest()
        self.is_held = False
        if self.shape is not None:
            self.shape, self.uid = None, ""
            self.changed.emit()

    def press(self, x: float, y: float, reach: float) -> bool:
        """Take hold of a handle, point at a kept measurement, or begin to draw; return whether it was any of these."""
        point = self._inside(x, y)
        if self.shape is not None:
            handle = nearest(self.shape, (x, y), reach)
            if handle is not None and not self._is_untouched:  # a bare proposal is for the keys
                self.active, self.is_held = handle, True
                self.changed.emit()
                return True
            if self.is_drawing:
                self._draw_from(point)
                return True
        near = [(distance_to(one.shape, (x, y)), one.uid) for one in self.drawn if one.uid != self.uid]
        distance, uid = min(near, default=(reach + 1, ""))
        if distance > reach:
            return False
        self.rest()
        self.picked.emit(uid)
        return True

    def hover(self, x: float, y: float) -> None:
        """Let the width of a new ellipse follow the pointer."""
        if self.stage is Stage.WIDTH and isinstance(self.shape, Oval) and not self.is_held:
            self._set(widened(self.shape, self._inside(x, y)))

    def drag(self, x: float, y: float) -> None:
        """Move the handle that is held."""
        self._move(self._inside(x, y))

    def release(self) -> None:
        """Let go: a line stands, an ellipse is asked for its width."""
        self.is_held = False
        if self._is_axis_alone and self.result is not None:
            self._is_axis_alone = False
            self.stage, self.active = Stage.WIDTH, 2
            self.changed.emit()
            return
        self.changed.emit()
        if self.result is not None and self._is_whole:
            self.settled.emit()

    def takes(self, key: int) -> bool:
        """Whether a key is for the shape in hand."""
        return self.shape is not None and key in _KEYS

    def key(self, key: int, modifiers: Qt.KeyboardModifier) -> bool:
        """Move by an arrow key (ten pixels with Shift), take the next handle by Tab, keep by Return, leave by Esc."""
        if self.shape is None or key not in _KEYS:
            return False
        if key in ARROWS:
            dx, dy = ARROWS[Qt.Key(key)]
            far = _FAR_PX if modifiers & Qt.KeyboardModifier.ShiftModifier else 1.0
            x, y = handles(self.shape)[self.active]
            self._move(self._inside(x + dx * far, y + dy * far))
            if self.stage is Stage.KEPT:
                self._rest.start()
        elif key == Qt.Key.Key_Escape:
            self.put_away()
            self.left.emit()
        elif key in RETURNS:
            self._rest.stop()
            if self.result is not None:
                self.settled.emit()
        else:
            step = -1 if key == Qt.Key.Key_Backtab else 1
            self.active = (self.active + step) % len(handles(self.shape))
            self.changed.emit()
        return True

    @property
    def _is_whole(self) -> bool:
        """Whether all of the shape in hand was meant: an ellipse's width too, which a proposal only supposes."""
        if self.stage is Stage.WIDTH:
            return self.active in {2, 3}
        return self.stage is Stage.KEPT or isinstance(self.shape, Line) or self._is_given

    def _draw_from(self, point: Point) -> None:
        """Begin anew here; or, where only the width is missing, set it here."""
        self.is_held = True
        if self.stage is Stage.WIDTH and isinstance(self.shape, Oval):
            self.active = 2
            self._set(widened(self.shape, point))
            return
        self.active, self._is_given = 1, False
        self._is_axis_alone = isinstance(self.shape, Oval)
        self._set(Oval(point, point, 0.5) if self._is_axis_alone else Line(point, point))

    def _take(self, shape: Shape, size: tuple[int, int], stage: Stage, uid: str = "") -> None:
        self._rest.stop()
        self._size, self.stage, self.uid = size, stage, uid
        self.active, self.is_held = 1, False
        self._is_given = self._is_axis_alone = self._is_untouched = False
        self.shape = shape
        self.changed.emit()

    def _move(self, point: Point) -> None:
        if self.shape is None:
            return
        if self._is_axis_alone and isinstance(self.shape, Oval):
            self._set(oval_on(self.shape.first, point))
        else:
            self._set(moved(self.shape, self.active, point))

    def _inside(self, x: float, y: float) -> Point:
        width, height = self._size
        return min(max(x, 0.0), width - 1.0), min(max(y, 0.0), height - 1.0)

    def _set(self, shape: Shape) -> None:
        self.shape, self._is_untouched = shape, False
        self.changed.emit()

"""Who gets mouse and keys over the picture: the tool that is on, or else the picture itself, to be moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

from fetalclip_app.ui.viewport import Viewport

ARROWS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}

MODIFIERS = frozenset({Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr})
"""Keys that mean nothing alone."""

RETURNS = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})

_REACH = 12.0
"""Points of the screen within which a handle is taken hold of."""


class Tool(Protocol):
    """Something that is moved over the picture, in frame pixels."""

    is_held: bool

    @property
    def is_on(self) -> bool:
        """Whether it wants the pointer."""
        ...

    def press(self, x: float, y: float, reach: float) -> bool:
        """Take the pointer where it was pressed, or leave it to the picture."""
        ...

    def hover(self, x: float, y: float) -> None:
        """Follow the pointer while no button is down."""
        ...

    def drag(self, x: float, y: float) -> None:
        """Follow the pointer while it is held."""
        ...

    def release(self) -> None:
        """Let go."""
        ...

    def takes(self, key: int) -> bool:
        """Whether this key is for it, and for no command."""
        ...

    def rest(self) -> None:
        """Let stand what was moved: something else is done now."""
        ...

    def key(self, key: int, modifiers: Qt.KeyboardModifier) -> bool:
        """Do what a key means here; return whether it means anything."""
        ...


class Moves(Protocol):
    """A view whose picture can be moved."""

    @property
    def viewport(self) -> Viewport:
        """How the frame lies in the view now."""
        ...

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by points of the screen."""
        ...


class Pointing:
    """Hands events to the first tool that is on."""

    def __init__(self, view: Moves, tools: Sequence[Tool]) -> None:
        self._view, self._tools = view, tools
        self._dragged_from: QPointF | None = None

    @property
    def tool(self) -> Tool | None:
        """The tool that is on."""
        return next((tool for tool in self._tools if tool.is_on), None)

    def press(self, event: QMouseEvent) -> None:
        """Give the press to the tool; what it does not want begins to move the picture."""
        tool, button = self.tool, event.button()
        if tool is not None and button == Qt.MouseButton.LeftButton:
            x, y = self._view.viewport.to_frame(event.position())
            if tool.press(x, y, _REACH / self._view.viewport.scale):
                return
        if button in {Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton}:
            self._dragged_from = event.position()

    def move(self, event: QMouseEvent) -> None:
        """Move what is held, or the picture."""
        tool = self.tool
        if self._dragged_from is not None:
            step = event.position() - self._dragged_from
            self._dragged_from = event.position()
            self._view.pan(step.x(), step.y())
        elif tool is not None:
            (tool.drag if tool.is_held else tool.hover)(*self._view.viewport.to_frame(event.position()))

    def release(self) -> None:
        """Let go of what is held."""
        self._dragged_from = None
        tool = self.tool
        if tool is not None and tool.is_held:
            tool.release()

    def takes(self, event: QKeyEvent) -> bool:
        """Whether a key is the tool's, and no command's."""
        tool = self.tool
        return tool is not None and tool.takes(event.key())

    def rest(self) -> None:
        """Let stand what was moved: a key that is not the tool's was pressed."""
        if self.tool is not None:
            self.tool.rest()

    def key(self, event: QKeyEvent) -> bool:
        """Give a key to the tool; return whether it meant anything to it."""
        tool = self.tool
        return tool is not None and tool.key(event.key(), event.modifiers())

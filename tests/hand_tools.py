"""What a person drew, made up."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.notes import Act, HandMeasurement, Line
from fetalclip_app.domain.overlay import Ellipse

AT = Act("A. Sonographer", datetime(2026, 3, 14, 12, 0, tzinfo=UTC))


def by_hand(measure: Measure, shape: Line | Ellipse, **more: Any) -> HandMeasurement:
    """Return a measurement that was drawn on the first frame, unless ``more`` says otherwise."""
    return HandMeasurement(uuid.uuid4().hex, measure, more.pop("frame_index", 0), shape, AT, **more)


def line(length_px: float, *, x: float = 20.0, y: float = 30.0) -> Line:
    """Return a line to the right."""
    return Line((x, y), (x + length_px, y))


def point(frame: Any, x: float, y: float) -> QPoint:
    """Return where a frame's pixel lies in its view."""
    return frame.viewport.to_screen(x, y).toPoint()


def drag(frame: Any, first: tuple[float, float], last: tuple[float, float], *, lets_go: bool = True) -> None:
    """Press at one pixel of the frame, move to another and let go, as a person does."""
    left = Qt.MouseButton.LeftButton
    QTest.mousePress(frame, left, pos=point(frame, *first))
    QTest.mouseMove(frame, point(frame, *last))
    if lets_go:
        QTest.mouseRelease(frame, left, pos=point(frame, *last))


def ready(desk: Any, *names: str) -> Any:
    """Open clips, wait until the first is read, drawn and its notes have come; return its frame's view."""
    desk.open(*names)
    desk.wait_read()
    window = desk.window
    desk.qtbot.waitUntil(lambda: window.viewer.on_screen is not None and window.notebook.clip is not None)
    return window.area.frame

"""The ruler's way from a line and its length to the scale of a clip, and back."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from fetalclip_app.domain.calibration import Calibration
from fetalclip_app.domain.clip import Clip
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.ui.picture_area import PictureArea
from fetalclip_app.ui.ruler import Line
from fetalclip_app.ui.session import Session
from fetalclip_app.wording import millimetres, pixels

SHORTEST_PX = 10.0
"""A shorter line would make a scale of a few wrong pixels."""


def length_px(line: Line) -> float:
    """Return the length of a line in frame pixels."""
    return math.dist(*line)


def length_mm(line: Line, calibration: Calibration | None) -> float | None:
    """Return the length by the clip's scale; None where the ends lie in no region, or in two."""
    if calibration is None:
        return None
    holding = [
        region for region in calibration.regions if region.is_usable and all(region.box.contains(x, y) for x, y in line)
    ]
    if len({region.spacing for region in holding}) != 1 or holding[0].spacing is None:
        return None
    spacing = holding[0].spacing
    (x1, y1), (x2, y2) = line
    return math.hypot((x2 - x1) * spacing.column_mm, (y2 - y1) * spacing.row_mm)


class _SetScale(QUndoCommand):
    def __init__(self, session: Session, entry: OpenClip, clip: Clip) -> None:
        super().__init__("Scale")
        self._session, self._entry, self._before, self._after = session, entry, entry.clip, clip

    def redo(self) -> None:
        self._session.set_clip(self._entry, self._after)

    def undo(self) -> None:
        self._session.set_clip(self._entry, self._before)


class ScaleSetting(QObject):
    """Opens and closes the ruler.

    Signals:
        closed: The ruler was put away.
        told: A sentence about what was done.
        refused: A sentence about why not, and a hint.
    """

    closed = Signal()
    told = Signal(str)
    refused = Signal(str, str)

    def __init__(self, area: PictureArea, session: Session, undo: QUndoStack, parent: QObject) -> None:
        super().__init__(parent)
        self._area, self._session, self._undo = area, session, undo
        area.frame.line_changed.connect(self._line_changed)
        area.frame.line_done.connect(area.scale.length.setFocus)
        area.scale.stated.connect(self._stated)
        area.scale.given_up.connect(self.close)

    def set_open(self, is_open: bool) -> None:
        """Lay the ruler over the picture, or put it away."""
        if is_open:
            self.open()
        else:
            self.close()

    def open(self) -> None:
        """Lay the ruler over the picture."""
        if self._session.shown is not None and self._area.frame.ruler.line is None:
            self._area.scale.length.clear()
            self._area.scale.open()
            self._area.frame.start_ruler()

    def close(self) -> None:
        """Put the ruler away."""
        self._area.scale.hide()
        self._area.frame.stop_ruler()
        self._area.frame.setFocus()
        self.closed.emit()

    def _line_changed(self, line: Line | None) -> None:
        shown = self._session.shown
        if line is None or shown is None:
            return
        clip = shown.clip
        text = f"Line of {pixels(length_px(line))}"
        measured = length_mm(line, clip.calibration)
        if measured is not None:
            text += f", {millimetres(measured)} by the present scale"
        self._area.scale.show_line(text, overrides=clip.is_calibrated)

    def _stated(self, stated_mm: float) -> None:
        line, shown = self._area.frame.ruler.line, self._session.shown
        if line is None or shown is None:
            return
        length = length_px(line)
        if length < SHORTEST_PX:
            self.refused.emit("The line is too short for a scale.", "Draw it over 10 pixels at least.")
            return
        file_scale = shown.clip.calibration
        clip = with_scale(shown.clip, stated_mm / length)
        self._undo.push(_SetScale(self._session, shown, clip))
        self.close()
        how = "in place of the file's own" if file_scale is not None and file_scale.is_usable else "set by hand"
        self.told.emit(f"Scale {how}: {stated_mm / length:.4f} mm/px. The clip is read again; Ctrl+Z takes it back.")


def with_scale(clip: Clip, pixel_mm: float) -> Clip:
    """Return the clip with a person's scale; a second one replaces the first and keeps the file's on record."""
    calibration = clip.calibration
    if calibration is not None and calibration.overridden is not None:
        clip = _with(clip, calibration.overridden)
    elif calibration is not None and calibration.source == "user":
        clip = _with(clip, None)
    return clip.with_pixel_mm(pixel_mm, override=True)


def _with(clip: Clip, calibration: Calibration | None) -> Clip:
    return replace(clip, calibration=calibration)

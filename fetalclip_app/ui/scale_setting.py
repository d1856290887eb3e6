"""The ruler's way from a line and its length to the scale of a clip, and back."""

from __future__ import annotations

import math

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from fetalclip_app.domain.calibration import Region, Ruler
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.measuring import Refusal, measure
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.ui.picture_area import PictureArea
from fetalclip_app.ui.ruler import Line
from fetalclip_app.ui.session import Session
from fetalclip_app.wording.scale import distance, refusal, region_scale

SHORTEST_PX = 10.0
"""A shorter line would make a scale of a few wrong pixels."""


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
        told = distance(measure(shown.clip.calibration, *line))
        self._area.scale.show_line(f"Line of {told}", overrides=shown.clip.is_calibrated)

    def _stated(self, stated_mm: float) -> None:
        line, shown = self._area.frame.ruler.line, self._session.shown
        if line is None or shown is None:
            return
        if math.dist(*line) < SHORTEST_PX:
            self.refused.emit("The line is too short for a scale.", "Draw it over 10 pixels at least.")
            return
        was_calibrated = shown.clip.is_calibrated
        ruler = Ruler(*line, stated_mm)
        clip = shown.clip.with_ruler(ruler)
        if isinstance(clip, Refusal):
            self.refused.emit(f"No scale by this line: {refusal(clip)}.", "Draw it inside the 2-D picture.")
            return
        self._undo.push(_SetScale(self._session, shown, clip))
        self.close()
        how = "in place of the file's own" if was_calibrated else "set by hand"
        size = region_scale(next(region for region in _regions(clip) if region.ruler == ruler))
        self.told.emit(f"Scale {how}: {size}. The clip is read again; Ctrl+Z takes it back.")


def _regions(clip: Clip) -> tuple[Region, ...]:
    return clip.calibration.regions if clip.calibration is not None else ()

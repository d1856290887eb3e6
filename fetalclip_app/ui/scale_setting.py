"""The ruler's way from a line and its length to the scale of a clip, and back."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from fetalclip_app.domain.calibration import Region, Ruler
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.measuring import Refusal, measure
from fetalclip_app.ui.notebook import Notebook
from fetalclip_app.ui.picture_area import PictureArea
from fetalclip_app.ui.ruler import Line
from fetalclip_app.ui.session import Session
from fetalclip_app.wording.scale import distance, refusal, region_scale
from fetalclip_app.wording.translate import translate

SHORTEST_PX = 10.0
"""A shorter line would make a scale of a few wrong pixels."""


class ScaleSetting(QObject):
    """Opens and closes the ruler, and gives every clip the scale that its notes hold.

    Signals:
        closed: The ruler was put away.
        told: A sentence about what was done.
        refused: A sentence about why not, and a hint.
    """

    closed = Signal()
    told = Signal(str)
    refused = Signal(str, str)

    def __init__(self, area: PictureArea, session: Session, book: Notebook, parent: QObject) -> None:
        super().__init__(parent)
        self._area, self._session, self._book = area, session, book
        area.frame.line_changed.connect(self._line_changed)
        area.frame.line_done.connect(area.scale.length.setFocus)
        area.scale.stated.connect(self._stated)
        area.scale.given_up.connect(self.close)
        book.changed.connect(self._follow_notes)

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
        said = translate("Line of {length}").format(length=told)
        self._area.scale.show_line(said, overrides=shown.clip.is_calibrated)

    def _stated(self, stated_mm: float) -> None:
        line, shown, notes = self._area.frame.ruler.line, self._session.shown, self._book.clip
        if line is None or shown is None:
            return
        if notes is None:
            self._refuse(translate("This clip is still being looked up."), translate("Try again in a moment."))
            return
        if math.dist(*line) < SHORTEST_PX:
            hint = translate("Draw it over 10 pixels at least.")
            self._refuse(translate("The line is too short for a scale."), hint)
            return
        was_calibrated = shown.clip.is_calibrated
        ruler = Ruler(*line, stated_mm)
        clip = shown.clip.with_ruler(ruler)
        if isinstance(clip, Refusal):
            said = translate("No scale by this line: {reason}.").format(reason=refusal(clip))
            self._refuse(said, translate("Draw it inside the 2-D picture."))
            return
        self._book.change_clip(translate("Scale"), replace(notes, rulers=(*notes.rulers, ruler)))
        self.close()
        size = region_scale(next(region for region in _regions(clip) if region.ruler == ruler))
        said = translate("Scale set by hand: {size}. The clip is read again; undo takes it back.")
        if was_calibrated:
            said = translate("Scale in place of the file's own: {size}. The clip is read again; undo takes it back.")
        self.told.emit(said.format(size=size))

    def _refuse(self, sentence: str, hint: str) -> None:
        self.refused.emit(sentence, hint)

    def _follow_notes(self) -> None:
        """Give each clip whose notes have come the scale that they hold: set, undone, or kept from another day."""
        for entry in self._session.entries:
            if not entry.clip.content_key.is_taken or not self._book.knows(entry.clip.key):
                continue
            rulers = self._book.of_clip(entry.clip.key).rulers
            if rulers or any(region.ruler is not None for region in _regions(entry.clip)):
                clip = entry.clip.with_rulers(rulers)
                if clip.calibration != entry.clip.calibration:
                    self._session.set_clip(entry, clip)


def _regions(clip: Clip) -> tuple[Region, ...]:
    return clip.calibration.regions if clip.calibration is not None else ()

"""Measure first, in the window: one switch, and every part shows only what may be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from fetalclip_app.biometry.values import MEASURED
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.veil import unveiled, veiled

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts


class MeasureFirst(QObject):
    """Holds readings back in the session, so that no card, overlay or file has what is hidden."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self._switch = parts.actions["measure_first"]
        self._switch.setChecked(parts.choices.now.measure_first)
        self._switch.triggered.connect(self._set_on)
        parts.notebook.changed.connect(self._show)
        self._show()

    def _set_on(self, is_on: bool) -> None:
        self._parts.choices.keep(measure_first=is_on)
        self._show()

    def _show(self) -> None:
        self._parts.findings.head.show_first(is_on=self._parts.choices.now.measure_first)
        self._parts.session.set_veil(self._shown)

    def _shown(self, clip: Clip, reading: ClipReading) -> ClipReading:
        """Return what may be seen: a clip whose notes have not come was measured by nobody yet."""
        if not self._parts.choices.now.measure_first:
            return unveiled(reading)
        notes = self._parts.notebook.of_clip(clip.key) if clip.content_key.is_taken else None
        measured = {one.measure for one in notes.measured} if notes is not None else set()
        hidden = frozenset(MEASURED) - measured
        if reading.held is not None and reading.held.measures == hidden:
            return reading
        return veiled(reading, hidden)

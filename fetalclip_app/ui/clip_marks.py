"""Marks the clips of the list with which a person did something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.wording.noted import noted

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts


class ClipMarks(QObject):
    """Looks into the notebook for the list."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts = parts
        parts.notebook.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        self._parts.clips.show_notes(self._noted)

    def _noted(self, entry: OpenClip) -> str:
        clip, _study = self._parts.notebook.notes_of(entry)
        return noted(clip)

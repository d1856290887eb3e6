"""Says in the strip at the bottom whether what a person did is on disk; and once, above the picture, why not."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from fetalclip_app import wording
from fetalclip_app.errors import ErrorCode, FetalClipError, UnreadableFile
from fetalclip_app.wording.archive import archive_not_saved, archive_saved

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts


class Keeping(QObject):
    """Speaks for the notebook; the strip keeps in sight what the message said once."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._status, self._telling = parts.status, parts.telling
        self._told: ErrorCode | None = None
        parts.notebook.saved.connect(self._saved)
        parts.notebook.failed.connect(self._failed)

    def _saved(self, at: datetime) -> None:
        self._told = None
        self._status.show_archive(archive_saved(at))

    def _failed(self, error: Exception) -> None:
        code = error.code if isinstance(error, FetalClipError) else None
        is_of_one_scan = code is ErrorCode.ARCHIVE_NOTES_UNKNOWN or isinstance(error, UnreadableFile)
        if not is_of_one_scan:  # what is done with others is kept
            self._show(error)
        if code is None or code is not self._told:
            self._telling.trouble(error)
        self._told = code

    def _show(self, error: Exception) -> None:
        known = error if isinstance(error, FetalClipError) else None
        why = wording.unexpected() if known is None else f"{wording.sentence(known)} {wording.hint(known)}"
        self._status.show_archive(archive_not_saved(known), why=why)

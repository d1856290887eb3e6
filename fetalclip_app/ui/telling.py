"""What the window says in sentences: what went wrong, what was written, what happened to the device or to a probe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject

from fetalclip_app import wording
from fetalclip_app.domain.listing import Notice
from fetalclip_app.errors import ErrorCode, FetalClipError
from fetalclip_app.inference.request import EngineInfo
from fetalclip_app.ui.message_strip import MessageStrip
from fetalclip_app.wording.translate import plural, translate

_NAMED = 3
"""Files named at first in one message; the others stand in its details."""


class Telling(QObject):
    """Speaks by the message strip, one thing at a time; what a later message would hide is gathered."""

    def __init__(self, message: MessageStrip, parent: QObject) -> None:
        super().__init__(parent)
        self._message = message
        self._unopened: list[str] = []
        self._notices: set[str] = set()
        self._remarks: list[str] = []

    def trouble(self, error: Exception, path: Path | None = None) -> None:
        """Say in one calm sentence what went wrong, and what helps."""
        self._forget_files()
        if not isinstance(error, FetalClipError):
            self._message.tell(wording.unexpected(), tone="error")
            return
        can_retry = error.code in {ErrorCode.WORKER_LOST, ErrorCode.OUT_OF_MEMORY}
        offer = translate("Read again") if can_retry else ""
        self._message.tell(wording.sentence(error), wording.hint(error), tone="doubt", offer=offer)

    def unopened(self, path: Path, error: Exception) -> None:
        """Say which file could not be opened, why, and what helps; of several, all of it in one message.

        A structured report is no such file: it is shown in a window of its own.
        """
        if isinstance(error, FetalClipError) and error.code is ErrorCode.STRUCTURED_REPORT:
            return
        if self._message.isHidden():
            self._forget_files()
        told = [*self._unopened, _told(path, error)]
        if self._unopened or self._remarks:
            self._tell_files(told)
        else:
            self.trouble(error, path)
        self._unopened = told

    def listing(self, notices: Sequence[Notice]) -> None:
        """Say what was found beside the clips that were opened; what could not be opened stays said."""
        if self._message.isHidden():
            self._forget_files()
        self._remarks += [wording.notice_sentence(notice) for notice in notices]
        self._tell_files(self._unopened)

    def _tell_files(self, unopened: list[str]) -> None:
        said = [*self._remarks, *unopened]
        if unopened:
            told = plural("{count} file could not be opened.", "{count} files could not be opened.", len(unopened))
            self._message.tell(told, _listed(said), details=_all_of(said))
        else:
            first, *others = said
            self._message.tell(first, _listed(others), details=_all_of(others))

    def _forget_files(self) -> None:
        self._unopened.clear()
        self._remarks.clear()

    def good(self, text: str) -> None:
        """Say what was done."""
        self._forget_files()
        self._message.tell(text, tone="good")

    def lines(self, said: Sequence[str], *, is_good: bool) -> None:
        """Say the last of some lines, which sums them up; those before it on demand."""
        self._forget_files()
        self._message.tell(said[-1], tone="good" if is_good else "error", details="\n".join(said[:-1]))

    def refused(self, sentence: str, hint: str) -> None:
        """Say why something cannot be done, and what helps."""
        self._forget_files()
        self._message.tell(sentence, hint)

    def engine(self, info: EngineInfo | None) -> None:
        """Say what happened to the device or to a probe, each thing once; the strip below keeps it in sight."""
        keys = info.notices if info is not None else ()
        fresh = [key for key in keys if key not in self._notices]
        self._notices = set(keys)
        if fresh:
            self._forget_files()
            is_slower = [wording.slows_down(key) for key in fresh]
            slower = [translate("Readings take longer from now on.")] if any(is_slower) else []
            choice = [] if all(is_slower) else [wording.naming_choice()]
            first, *others = map(wording.notice, fresh)
            self._message.tell(first, " ".join([*others, *slower, *choice]))


def _told(path: Path, error: Exception) -> str:
    """Return what happened to this file, and what helps."""
    if not isinstance(error, FetalClipError):
        return f"{path.name}: {wording.unexpected()}"
    said = wording.sentence(error)
    named = said if path.name in said else f"{path.name}: {said}"
    return f"{named} {wording.hint(error)}".strip()


def _listed(told: list[str]) -> str:
    left = len(told) - _NAMED
    return "\n".join([*told[:_NAMED], *([translate("And {left} more.", left=left)] if left > 0 else [])])


def _all_of(told: list[str]) -> str:
    """Return all of them where the list above leaves some out."""
    return "\n".join(told) if len(told) > _NAMED else ""

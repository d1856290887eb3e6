"""Signs what a report says of the study that is looked at: worked out off the window's thread, and again at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from fetalclip_app.domain.notes import study_key
from fetalclip_app.domain.sign_off import SignOff
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.ui import exports
from fetalclip_app.ui.exports import Sealed
from fetalclip_app.ui.jobs import Lane
from fetalclip_app.ui.sign_dialog import SignDialog
from fetalclip_app.wording import sign_off as words
from fetalclip_app.wording.translate import translate

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts


class Signing(QObject):
    """Opens the dialog. What changes while it is open is not signed: the seal is taken once more before."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self.dialog: SignDialog | None = None
        parts.actions["sign_report"].triggered.connect(lambda checked=False: self.open())

    def open(self) -> None:
        """Work out what would be signed, and ask."""
        key = self._parts.notebook.study_key
        if key is None or not self._is_read(key):
            self._parts.telling.refused(
                translate("There is nothing to sign yet."), translate("Open a scan and let the model read it first.")
            )
            return
        self._work_out(key, self._ask)

    def _is_read(self, key: str) -> bool:
        clips = self._parts.notebook.clips_of(key)
        return any(entry.reading is not None for entry, _notes in clips)

    def _work_out(self, key: str, then: Callable[[Sealed], None]) -> None:
        """Have the seal of a study taken as a report would have it now."""
        parts, exporting = self._parts, self._parts.window.exporting
        clips = exporting.ready(parts.session.entries)
        checklists = exporting.checklists()

        def work(cancel: CancelToken, report: Report) -> Sealed:
            return exports.sealed(key, clips, checklists)

        job = parts.jobs.start(Lane.FILE, work)
        job.succeeded.connect(then)
        job.failed.connect(parts.telling.trouble)

    def _ask(self, found: Sealed) -> None:
        book = self._parts.notebook
        notes = book.of_study(found.key)
        if book.study_key != found.key or notes is None or self.dialog is not None:
            return  # another study is looked at by now
        open_clips = sum(study_key(entry.group) == found.key for entry in self._parts.session.entries)
        shown = words.ToSign(found.title, found.state, found.clips, open_clips, found.seal)
        dialog = SignDialog(self._parts.window, shown, notes.signed, self._parts.choices.now.operator)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.signed.connect(lambda name: self._work_out(found.key, lambda now: self._sign(name, found, now)))
        dialog.withdrawn.connect(lambda: self._withdraw(found.key))
        dialog.finished.connect(lambda _result: setattr(self, "dialog", None))
        self.dialog = dialog
        dialog.open()

    def _sign(self, name: str, seen: Sealed, now: Sealed) -> None:
        if now.seal != seen.seal:
            self._parts.telling.refused(*words.changed_meanwhile())
            return
        book = self._parts.notebook
        book.sign_study(seen.key, SignOff(name, book.act().when, now.seal))
        self._parts.telling.good(words.now_signed(name))

    def _withdraw(self, key: str) -> None:
        self._parts.notebook.sign_study(key, None)
        self._parts.telling.good(translate("The signature is withdrawn: the report is a draft. Both acts are kept."))

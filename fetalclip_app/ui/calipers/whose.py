"""Whose value of a measure enters the report, the model's or the person's own: by key, or from a number's card."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from fetalclip_app.biometry.values import MEASURED, entering
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.notes import ClipNotes, Enters
from fetalclip_app.wording import by_hand as words

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts


class WhoseEnters(QObject):
    """Ties both keys and the panel's card to the notebook.

    Args:
        in_hand: Tells which measure's line or ellipse is in hand.
    """

    def __init__(self, parts: Parts, in_hand: Callable[[], Measure | None]) -> None:
        super().__init__(parts.window)
        self._parts, self._book, self._in_hand = parts, parts.notebook, in_hand
        parts.actions["take_model"].triggered.connect(lambda: self._take(Enters.MODEL))
        parts.actions["take_own"].triggered.connect(lambda: self._take(Enters.PERSON))
        parts.findings.enters_wanted.connect(lambda measure, whose: self._take(whose, measure))
        parts.notebook.changed.connect(self._show)

    def _take(self, whose: Enters, only: Measure | None = None) -> None:
        """Let a person's or the model's value enter: of one measure, of what is in hand, or of all that there is."""
        notes, own, entry = self._book.clip, self._own(), self._parts.session.shown
        if notes is None or own is None or entry is None:
            return
        wanted = only or self._in_hand() or self._parts.findings.head.measure_in_focus
        values = [entering(own, entry.known, entry.clip.calibration, measure) for measure in MEASURED]
        found = [
            value.measure
            for value in values
            if wanted in {None, value.measure} and (value.has_model_size if whose is Enters.MODEL else value.person)
        ]
        if not found:
            self._parts.telling.refused(*words.nothing_to_take(whose))
            return
        self._book.change_clip(words.act_text(found[0], "choose"), notes.with_enters(found, whose))
        self._parts.telling.good(words.taken(whose, found))

    def _own(self) -> ClipNotes | None:
        """Return what was measured as the fetus's whose scan the clip is, as the report has it."""
        notes, entry = self._book.clip, self._parts.session.shown
        return notes.of_fetus(self._book.fetus_of(entry) or "") if notes is not None and entry is not None else None

    def _show(self) -> None:
        self._parts.findings.show_notes(self._own())

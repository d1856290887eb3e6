"""Ask the clip: brings the question into the window, and its answers to the list, the timeline and the picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from fetalclip_app.domain.model_names import COMPACT
from fetalclip_app.ui.asking.asker import Asker
from fetalclip_app.ui.asking.hit_rows import FoundFrame
from fetalclip_app.ui.asking.marks import HitMarks
from fetalclip_app.ui.asking.panel import AskPanel
from fetalclip_app.ui.asking.pictures import HitPictures
from fetalclip_app.ui.asking.question import Question, Reply
from fetalclip_app.ui.palette import Entry
from fetalclip_app.wording import told
from fetalclip_app.wording.asking import ask_clip, ask_study
from fetalclip_app.wording.translate import translate

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts


class Asking(QObject):
    """The door of the feature, and a `palette.Provider`: any text may be asked."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self.asker = Asker(parts.session, parts.jobs, self)
        self.panel = AskPanel(parts.clips)
        self.marks = HitMarks(parts.transport.timeline)
        self._pictures = HitPictures(parts.jobs, self.panel.rows, self)
        self._hits: tuple[FoundFrame, ...] = ()
        self.panel.asked.connect(self._ask)
        self.panel.chosen.connect(self._go)
        self.panel.closed.connect(self.dismiss)
        self.asker.replied.connect(self._show)
        self.asker.waiting.connect(lambda: self._show_none(translate("The model is not there yet.")))
        self.asker.failed.connect(self._fail)
        parts.session.clip_shown.connect(self._mark)
        parts.palette.add(self)
        parts.actions["ask"].triggered.connect(lambda: self.open(Question("")))

    def entries(self, text: str) -> Sequence[Entry]:
        """Offer to ask any text: of the clip, and of its study."""
        if not text:
            return ()
        why_not = "" if self._parts.session.shown is not None else translate("No clip is open")
        asked = ((ask_clip(text), Question(text)), (ask_study(text), Question(text, whole_study=True)))
        return [Entry(title, partial(self.open, question), "", why_not) for title, question in asked]

    def open(self, question: Question) -> None:
        """Open the panel with this question, and ask it; it comes also where the list of clips is folded."""
        self._parts.clips.show()
        self.panel.open(question)
        self._ask(question)

    def dismiss(self) -> bool:
        """Close the panel and take its marks away; return whether it was open."""
        was_open = self.panel.isVisible()
        self.asker.clear()
        self.panel.hide()
        self._set_hits(())
        if was_open:
            self.panel.field.clear()
            self.panel.show_nothing()
            actions = self._parts.actions
            is_folded = actions["picture_only"].isChecked() or not actions["panel_clips"].isChecked()
            self._parts.clips.setVisible(not is_folded)
            self._parts.area.frame.setFocus()
        return was_open

    def _ask(self, question: Question) -> None:
        if question.sentence:
            self.asker.ask(question)
        else:
            self.asker.clear()
            self._show_none("")

    def _show(self, reply: Reply) -> None:
        info = self._parts.session.info
        self.panel.show_reply(reply, is_bundled=info is not None and info.identity.key == COMPACT)
        self._set_hits(reply.hits)

    def _show_none(self, text: str) -> None:
        self.panel.show_nothing(text)
        self._set_hits(())

    def _fail(self, error: Exception) -> None:
        self.panel.show_trouble(told(error))
        self._set_hits(())

    def _go(self, hit: FoundFrame) -> None:
        """Look at a found frame; the keys stay in the list."""
        parts = self._parts
        has_keys = self.panel.list.hasFocus()
        if hit.clip not in parts.session.entries:
            return
        parts.session.show(hit.clip)
        parts.viewer.player.pause()
        parts.viewer.player.seek(hit.frame_index)
        if has_keys:
            self.panel.list.setFocus()

    def _set_hits(self, hits: tuple[FoundFrame, ...]) -> None:
        self._hits = hits
        self._mark()

    def _mark(self) -> None:
        shown = self._parts.session.shown
        frames = [hit.frame_index for hit in self._hits if hit.clip is shown]
        self.marks.show_frames(frames, len(shown.clip) if shown is not None else 1)

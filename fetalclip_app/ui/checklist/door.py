"""The checklist of the study that is looked at: worked out from its clips, marked by the person, and a way to each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QTimer
from PySide6.QtWidgets import QMenu

from fetalclip_app.domain.checklist import ChecklistFindings, Evidence, ItemFinding, StudyChecklist
from fetalclip_app.domain.notes import ItemMark, ItemState, StudyNotes, study_key
from fetalclip_app.tasks.checklist_evidence import ClipSeen
from fetalclip_app.tasks.checklist_findings import Remembering, assess, assess_studies
from fetalclip_app.ui.checklist.card import ChecklistCard
from fetalclip_app.ui.checklist.lists import Checklists
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.wording.checklist import item_told, mark_noted

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts

GATHER_MS = 30
"""Changes within this time are shown at once: many clips may come in a row."""

_MARKS: dict[str, ItemState | None] = {
    "item_seen": ItemState.SEEN,
    "item_doubtful": ItemState.DOUBTFUL,
    "item_missing": ItemState.MISSING,
    "item_unmarked": None,
}


class ChecklistDoor(QObject):
    """Asks the clips, shows the card, notes what the person says."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self._look = Remembering()
        self._fetus = ""
        self.lists = Checklists(parts.choices, parts.window)
        self.card = ChecklistCard(self.lists.menu)
        parts.findings.add_card(self.card)
        self._soon = QTimer(self, singleShot=True, interval=GATHER_MS)
        self._soon.timeout.connect(self._show)
        self._tie()
        parts.window.exporting.checklists = self.of_studies
        self.card.set_open(parts.choices.now.checklist_open)
        self._show()

    @property
    def findings(self) -> ChecklistFindings | None:
        """What the list comes to for the fetus that is chosen; None where no list can be used, or no study is open."""
        checklist, study = self.lists.now, self._parts.notebook.study
        if checklist is None or self._parts.notebook.study_key is None:
            return None
        marks = study.checklist if study is not None else {}
        return assess(checklist, self._clips(study), marks, fetus=self._chosen(study), look=self._look)

    def of_studies(self) -> tuple[StudyChecklist, ...]:
        """Return what every study says of which a clip is read and the notes have come; for a report.

        Clips that are not read yet count: what is missing among the others is not missing in the study.
        """
        checklist, book = self.lists.now, self._parts.notebook
        keyed = [(study_key(entry.group), entry) for entry in self._parts.session.entries]
        read = {key for key, entry in keyed if entry.reading is not None}
        come = {key: notes for key in read if (notes := book.of_study(key)) is not None}
        seen = [(entry.group, self._seen(entry, come[key])) for key, entry in keyed if key in come]
        return () if checklist is None else assess_studies(checklist, seen, come, look=self._look)

    def mark(self, state: ItemState | None) -> None:
        """Note what the person says of the current item; None takes it back."""
        book, row = self._parts.notebook, self.card.current
        if row is None or book.study is None:
            return
        item = row.finding.item
        key = item.mark_key(self._chosen(book.study))
        others = {known: word for known, word in book.study.checklist.items() if known != key}
        marks = others if state is None else {**others, key: ItemMark(state, book.act())}
        book.change_study(mark_noted(row.finding, state), replace(book.study, checklist=marks))

    def go(self, finding: ItemFinding) -> None:
        """Go to the frame that shows an item best; from there to the next one that shows it."""
        places = [(entry, one) for one in finding.evidence if (entry := self._entry(one.clip_key)) is not None]
        if not places:
            return
        here = [self._is_here(entry, one) for entry, one in places]
        entry, one = places[(here.index(True) + 1) % len(places) if True in here else 0]
        has_focus = [row for row in self.card.rows if row.hasFocus()]
        self._parts.session.show(entry)
        for row in has_focus:  # another clip takes the focus to the picture: who walks the list by keys stays in it
            row.setFocus()
        if one.frame_index is not None:
            self._parts.viewer.player.pause()
            self._parts.viewer.player.seek(one.frame_index)

    def _tie(self) -> None:
        parts, card = self._parts, self.card
        for changed in (parts.notebook.changed, parts.session.reading_changed, parts.session.clips_changed):
            changed.connect(self._soon.start)
        parts.session.clips_changed.connect(self._forget_closed)
        self.lists.changed.connect(self._soon.start)
        self.lists.failed.connect(parts.telling.trouble)
        card.folded.connect(lambda is_folded: self._set_open(not is_folded))
        card.item_wanted.connect(self.go)
        card.marks_wanted.connect(self._offer_marks)
        card.fetus_chosen.connect(self._choose_fetus)
        works: dict[str, Callable[[], object]] = {
            "checklist": self._open_and_focus,
            "item_next": lambda: self._step(1),
            "item_previous": lambda: self._step(-1),
            "item_go": self._go_to_current,
            **{name: partial(self.mark, state) for name, state in _MARKS.items()},
        }
        for name, work in works.items():
            parts.actions[name].triggered.connect(lambda checked=False, work=work: work())

    def _forget_closed(self) -> None:
        taken = (entry.clip for entry in self._parts.session.entries if entry.clip.content_key.is_taken)
        self._look.keep({clip.key for clip in taken})

    def _show(self) -> None:
        self._soon.stop()
        self.card.setVisible(self._parts.session.shown is not None)
        found = self.findings
        if found is not None:
            study = self._parts.notebook.study
            self.card.show_findings(found, study.fetuses if study is not None else (), self._told)
        elif self.lists.problem:
            self.card.show_problem(self.lists.problem)

    def _clips(self, study: StudyNotes | None) -> list[ClipSeen]:
        return [self._seen(entry, study) for entry in self._entries()]

    def _entries(self) -> list[OpenClip]:
        wanted = self._parts.notebook.study_key
        return [entry for entry in self._parts.session.entries if study_key(entry.group) == wanted]

    def _seen(self, entry: OpenClip, study: StudyNotes | None) -> ClipSeen:
        key = entry.clip.key if entry.clip.content_key.is_taken else ""
        notes = self._parts.notebook.of_clip(key)
        fetus = study.fetus_of(notes) if study is not None else ""
        return ClipSeen(key, entry.reading, notes, entry.clip.calibration, fetus)

    def _chosen(self, study: StudyNotes | None) -> str:
        fetuses = study.fetuses if study is not None else ()
        return self._fetus if self._fetus in fetuses else next(iter(fetuses), "")

    def _entry(self, clip_key: str) -> OpenClip | None:
        taken = (entry for entry in self._entries() if entry.clip.content_key.is_taken)
        return next((entry for entry in taken if entry.clip.key == clip_key), None)

    def _is_here(self, entry: OpenClip, one: Evidence) -> bool:
        return entry is self._parts.session.shown and one.frame_index in {None, self._parts.viewer.index}

    def _told(self, finding: ItemFinding) -> str:
        places = {one.clip_key: self._entry(one.clip_key) for one in finding.evidence}
        clips = {key: (entry.clip.name, len(entry.clip)) for key, entry in places.items() if entry is not None}
        return item_told(finding, clips)

    def _choose_fetus(self, fetus: str) -> None:
        self._fetus = fetus
        self._show()

    def _set_open(self, is_open: bool) -> None:
        self.card.set_open(is_open)
        self._parts.choices.keep(checklist_open=is_open)

    def _open_and_focus(self) -> None:
        """Open the list and go to its current item; fold it where the focus is there already."""
        if self.card.is_open and any(row.hasFocus() for row in self.card.rows):
            self._set_open(False)
            self._parts.area.frame.setFocus()
            return
        if not self._parts.findings.isVisible():
            self._parts.actions["panel_findings"].trigger()
        self._set_open(True)
        self._step(0)

    def _step(self, by: int) -> None:
        if not self.card.is_open:
            self._set_open(True)
        self.card.step(by)
        QTimer.singleShot(0, self.card, self._show_current)  # once what was just opened has its place

    def _show_current(self) -> None:
        if self.card.current is not None:
            self._parts.findings.ensureWidgetVisible(self.card.current, 0, 120)

    def _go_to_current(self) -> None:
        if self.card.current is not None:
            self.go(self.card.current.finding)

    def _offer_marks(self, where: QPoint) -> None:
        menu = QMenu(self._parts.window)
        for name in ("item_go", *_MARKS):
            menu.addAction(self._parts.actions[name])
        menu.insertSeparator(self._parts.actions["item_seen"])
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(where)

"""Lets an earlier exam of the same patient stand beside the one that is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QTimer
from PySide6.QtWidgets import QMenu

from fetalclip_app.biometry.values import MEASURED
from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.exams import Kinship, kinship
from fetalclip_app.domain.study_table import StudyRow, StudyTable
from fetalclip_app.ui.grid.best import BestOfClips, Standing
from fetalclip_app.ui.grid.earlier_panel import Compared, EarlierPanel
from fetalclip_app.ui.growth.study import ShownStudy, exam_day_of
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.wording import fetus_title, study_heading
from fetalclip_app.wording.earlier import (
    age_that_day,
    day_title,
    interval_told,
    no_other_exam,
    no_view_here,
    refused_exam,
    this_is_it,
    view_missing,
)
from fetalclip_app.wording.growth import row_name, row_value, whose_size

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts

GATHER_MS = 30
_Key = tuple[Measure, BpdDefinition | None]


class EarlierDoor(QObject):
    """Asks at every change anew whether both exams are of one patient; another one's is never beside."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self._best = BestOfClips()
        self._tables = ShownStudy(parts.session, parts.notebook)
        self._beside: tuple[OpenClip, ...] = ()
        self.panel = EarlierPanel(parts.jobs)
        self.panel.setParent(parts.area)
        self.panel.hide()
        self.menu = QMenu(parts.window)
        self.menu.setObjectName("exams")
        self._action = parts.actions["earlier"]
        self._action.triggered.connect(self._set_open)
        self.panel.closed.connect(lambda: self._set_open(False))
        self.panel.choice_wanted.connect(lambda: self._ask(self._exams()))
        parts.area.companion_changed.connect(self._follow)
        self._soon = QTimer(self, singleShot=True, interval=GATHER_MS)
        self._soon.timeout.connect(self._show)
        session, book = parts.session, parts.notebook
        for changed in (session.clips_changed, session.reading_changed, session.clip_shown, book.changed):
            changed.connect(lambda *_told: self._soon.start() if self._is_open else None)

    @property
    def _is_open(self) -> bool:
        return self._parts.area.companion is self.panel

    def _follow(self) -> None:
        self._action.setChecked(self._is_open)

    def _set_open(self, is_open: bool) -> None:
        area = self._parts.area
        if not is_open:
            if self._is_open:
                area.show_companion(None)
                area.frame.setFocus()
            return
        self._follow()  # it is on once an exam stands there
        exams = self._exams()
        own = [exam for exam in exams if self._kinship(exam) is Kinship.SAME]
        if len(own) == 1:
            self.choose(own[0])
        elif exams:
            self._ask(exams)
        else:
            self._parts.telling.refused(*no_other_exam())

    def choose(self, exam: OpenClip) -> None:
        """Let the exam of this clip stand beside, or say why it cannot."""
        kin = self._kinship(exam)
        if kin is not Kinship.SAME:
            self._parts.telling.refused(*refused_exam(kin))
            return
        self._beside = tuple(one for one in self._parts.session.entries if one.group.key == exam.group.key)
        self._parts.area.show_companion(self.panel)
        self._show()

    def _exams(self) -> list[OpenClip]:
        """Return the first clip of every other study that is open."""
        shown = self._parts.session.shown
        firsts = {entry.group.key: entry for entry in reversed(self._parts.session.entries)}
        return [entry for key, entry in reversed(firsts.items()) if shown is None or key != shown.group.key]

    def _ask(self, exams: Sequence[OpenClip]) -> None:
        if not exams:
            self._parts.telling.refused(*no_other_exam())
            return
        self.menu.clear()
        for exam in exams:
            action = self.menu.addAction(self._title(exam, patients=2))
            action.triggered.connect(partial(self._chose, exam))
        at = self.panel.choose if self._is_open else self._parts.area
        self.menu.popup(at.mapToGlobal(QPoint(12, 28)))

    def _chose(self, exam: OpenClip) -> None:
        if exam in self._parts.session.entries:
            self.choose(exam)

    def _kinship(self, exam: OpenClip) -> Kinship:
        shown = self._parts.session.shown
        if shown is None:
            return Kinship.NOT_NAMED
        among = [entry.clip.origin for entry in self._parts.session.entries]
        return kinship(shown.clip.origin, exam.clip.origin, among)

    @staticmethod
    def _title(exam: OpenClip, *, patients: int) -> str:
        folder = exam.group.folder.name if exam.group.folder else ""
        return " · ".join(filter(None, study_heading(exam.group.origin, folder, patients=patients)))

    def _show(self) -> None:
        """Show the exam beside as it is known now."""
        shown, entries = self._parts.session.shown, self._parts.session.entries
        key = next((entry.group.key for entry in self._beside if entry in entries), None)
        clips = [entry for entry in entries if entry.group.key == key]
        if not self._is_open or shown is None or not clips:
            self._set_open(False)
            return
        kin = self._kinship(clips[0])
        if kin is not Kinship.SAME:
            self._empty(self._title(clips[0], patients=2), refused_exam(kin)[0])
        elif key == shown.group.key:
            self._empty(self._title(clips[0], patients=1), this_is_it())
        else:
            self._compare(shown, clips)

    def _empty(self, title: str, sentence: str) -> None:
        self.panel.show_exam(title, "", "")
        self.panel.show_nothing(sentence)
        self.panel.show_values(())

    def _compare(self, shown: OpenClip, clips: list[OpenClip]) -> None:
        book, then = self._parts.notebook, clips[0]
        (_clip, mine), (_clip, theirs) = book.notes_of(shown), book.notes_of(then)
        now_day, then_day = exam_day_of(shown, mine), exam_day_of(then, theirs)
        dating = mine.dating or theirs.dating
        age = age_that_day(dating, then_day, is_own=mine.dating is None)
        about = then.group.origin.study_description
        self.panel.show_exam(day_title(then_day), interval_told(now_day, then_day), f"{about}\n{age}".strip())
        key = shown.best_view
        found = self._best_of(clips, key) if key else None
        if found is not None:
            self.panel.show_frame(found[0].clip, found[1])
        elif key:
            is_read = all(entry.reading is not None for entry in clips)
            self.panel.show_nothing(view_missing(key, is_read=is_read))
        else:
            self.panel.show_nothing(no_view_here(is_read=shown.reading is not None))
        fetus = book.fetus_of(shown)
        rows = _compared(self._tables.table_of(shown), self._tables.table_of(then), fetus)
        self.panel.show_values(rows if fetus is not None else ())

    def _best_of(self, clips: Sequence[OpenClip], key: str) -> tuple[OpenClip, Standing] | None:
        """Return the clip whose best frame of a view is a person's choice, or shows it most surely."""
        book = self._parts.notebook
        ranked: list[tuple[bool, float, OpenClip, Standing]] = []
        for entry in clips:
            notes, _study = book.notes_of(entry)
            standing = self._best.standing(entry, notes, key)
            candidates = self._best.of(entry).of(key)
            if standing.is_best:
                ranked.append((standing.is_chosen, candidates[0].view if candidates else 0.0, entry, standing))
        if not ranked:
            return None
        _chosen, _view, entry, standing = max(ranked, key=lambda one: one[:2])
        return entry, standing


def _compared(now: StudyTable | None, then: StudyTable | None, fetus: str | None) -> list[Compared]:
    """Return the measures that either exam has of a fetus; BPDs between different edges are different rows."""
    mine, theirs = _rows(now, fetus), _rows(then, fetus)
    named = f" · {fetus_title(fetus)}" if fetus else ""
    sized = {measure for measure, edges in (*mine, *theirs) if edges is not None}
    keys = [key for key in {**mine, **theirs} if key[1] is not None or key[0] not in sized]
    found = []
    for key in sorted(keys, key=lambda key: (MEASURED.index(key[0]), str(key[1]))):
        # An exam without a value of a measure has one row with the reason, between no edges.
        one, other = (rows.get(key) or rows.get((key[0], None)) for rows in (mine, theirs))
        name = next(row_name(row) for row in (mine.get(key), theirs.get(key)) if row is not None)
        found.append(Compared(name + named, _value(one), _value(other), _source(one), _source(other)))
    return found


def _rows(table: StudyTable | None, fetus: str | None) -> dict[_Key, StudyRow]:
    one = next((one for one in table.fetuses if one.fetus == fetus), None) if table is not None else None
    return {(row.measure, row.bpd_definition): row for row in (one.rows if one is not None else ())}


def _value(row: StudyRow | None) -> str:
    return row_value(row) if row is not None else "–"


def _source(row: StudyRow | None) -> str:
    return whose_size(row.value) if row is not None and row.value is not None else ""

"""What a person did with the study that is looked at: the one door for doing it, undoing it and keeping it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from fetalclip_app.domain.history import History, StudyHistory
from fetalclip_app.domain.notes import Act, ClipNotes, StudyNotes, study_key
from fetalclip_app.domain.sign_off import SignOff
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.ui.jobs import Job, Jobs, Lane
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.ui.session import Session

Notes = ClipNotes | StudyNotes
Place = tuple[type[Notes], str]
"""Kind of notes, and the key that they are kept under."""


class NotesStore(Protocol):
    """Where notes are kept between two runs. Called off the window's thread, one call at a time."""

    def load_study(self, key: str) -> StudyNotes | None:
        """Return what is kept for a study, or None."""
        ...

    def load_clip(self, key: str) -> ClipNotes | None:
        """Return what is kept for a clip's content, or None."""
        ...

    def history_of(self, key: str) -> Callable[[], History]:
        """Return what reads every act on a clip's notes as they are kept now, the oldest first; called anywhere."""
        ...

    def study_history_of(self, key: str) -> Callable[[], StudyHistory]:
        """Return the same of a study's notes."""
        ...

    def save_study(self, key: str, notes: StudyNotes, act: Act) -> None:
        """Keep a study's notes in place of those before."""
        ...

    def save_clip(self, key: str, notes: ClipNotes, act: Act, *, study: str) -> None:
        """Keep a clip's notes in place of those before; ``study`` is where it was open."""
        ...


class _Change(QUndoCommand):
    def __init__(self, text: str, put: Callable[[Notes], None], before: Notes, after: Notes) -> None:
        super().__init__(text)
        self._put, self._before, self._after = put, before, after

    def redo(self) -> None:
        self._put(self._after)

    def undo(self) -> None:
        self._put(self._before)


class Notebook(QObject):
    """Holds the notes of everything that is open; every change of them can be undone and is kept at once.

    A clip's notes are there once its content key was taken, off the window's thread: until then `clip` is None, and
    nothing can be noted.

    Signals:
        changed: Notes of the shown clip or study are others, or another clip is shown.
        clip_loaded: (OpenClip, ClipNotes): what was kept for a clip has come.
        changed_unseen: What was undone or done again belongs to a clip or study that is not open.
        saved: The moment at which everything done so far is on disk.
        failed: The exception that loading or saving raised.
    """

    changed = Signal()
    clip_loaded = Signal(object, object)
    changed_unseen = Signal()
    saved = Signal(object)
    failed = Signal(Exception)

    def __init__(
        self,
        session: Session,
        jobs: Jobs,
        undo: QUndoStack,
        *,
        store: NotesStore | None = None,
        who: Callable[[], str] = str,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._undo, self._store, self._who = session, jobs, undo, store, who
        self._studies: dict[str, StudyNotes] = {}
        self._clips: dict[str, ClipNotes] = {}
        self._last_act: Act | None = None
        self._asked_studies: set[str] = set()
        self._asked_clips: set[OpenClip] = set()
        session.clip_shown.connect(self._look_at)
        session.reading_changed.connect(self._look_at_readings)

    @property
    def study_key(self) -> str | None:
        """The key of the study that is looked at; None where nothing is."""
        shown = self._session.shown
        return study_key(shown.group) if shown is not None else None

    @property
    def clip_key(self) -> str | None:
        """The content key of the clip that is looked at; None until it was taken."""
        shown = self._session.shown
        return shown.clip.key if shown is not None and shown.clip.content_key.is_taken else None

    @property
    def study(self) -> StudyNotes | None:
        """What was entered for the study that is looked at; None until it has come."""
        return self._studies.get(self.study_key or "")

    @property
    def clip(self) -> ClipNotes | None:
        """What was done with the clip that is looked at; None until it has come."""
        return self._clips.get(self.clip_key or "")

    def knows(self, key: str) -> bool:
        """Whether the notes of a clip's content have come."""
        return key in self._clips

    def of_clip(self, key: str) -> ClipNotes:
        """Return the notes of a clip's content; empty ones where nothing is known of it."""
        return self._clips.get(key, ClipNotes())

    def notes_of(self, entry: OpenClip) -> tuple[ClipNotes, StudyNotes]:
        """Return the notes of an open clip and of its study; empty ones where none have come."""
        clip = self.of_clip(entry.clip.key) if entry.clip.content_key.is_taken else ClipNotes()
        return clip, self._studies.get(study_key(entry.group), StudyNotes())

    def fetus_of(self, entry: OpenClip) -> str | None:
        """Return whose scan an open clip is: as `StudyNotes.fetus_of`; empty where no notes have come."""
        clip, study = self.notes_of(entry)
        return study.fetus_of(clip)

    def of_study(self, key: str) -> StudyNotes | None:
        """Return what was entered for a study; None until it has come."""
        return self._studies.get(key)

    def clips_of_study(self) -> tuple[tuple[OpenClip, ClipNotes], ...]:
        """Return the open clips of the study that is looked at whose notes have come, in their order."""
        return self.clips_of(self.study_key or "")

    def clips_of(self, key: str) -> tuple[tuple[OpenClip, ClipNotes], ...]:
        """Return the same of any study."""
        return tuple(
            (entry, self._clips[entry.clip.key])
            for entry in self._session.entries
            if entry.clip.content_key.is_taken and entry.clip.key in self._clips and study_key(entry.group) == key
        )

    def history_of(self, key: str) -> Callable[[], History]:
        """Return what reads every act on a clip's notes that is kept now; blocks, and raises what the store raises."""
        return self._store.history_of(key) if self._store is not None else tuple

    def study_history_of(self, key: str) -> Callable[[], StudyHistory]:
        """Return the same of a study's notes."""
        return self._store.study_history_of(key) if self._store is not None else tuple

    def act(self) -> Act:
        """Return who does something now."""
        return Act(self._who(), datetime.now(UTC).astimezone())

    def last_act(self) -> Act:
        """Return the act by which the last change is kept."""
        return self._last_act or self.act()

    def change_study(self, text: str, notes: StudyNotes) -> None:
        """Note something of the study that is looked at; ``text`` is what undo calls it. Nothing where nothing is."""
        key, before = self.study_key, self.study
        if key is not None and before is not None and notes != before:
            self._push(text, (StudyNotes, key), before, notes)

    def change_clip(self, text: str, notes: ClipNotes) -> None:
        """Note something of the clip that is looked at; ``text`` is what undo calls it. Nothing where nothing is."""
        key, before = self.clip_key, self.clip
        if key is not None and before is not None and notes != before:
            self._push(text, (ClipNotes, key), before, notes)

    def put(self, place: Place, notes: Notes, study: str) -> None:
        """Set notes as they are from now on, and keep them. What a person does goes by the undo stack instead.

        Args:
            study: Of which they are, or their clip is: what is undone may be another's than the one that is shown.
        """
        _kind, key = place
        act = self._last_act = self.act()
        if isinstance(notes, StudyNotes):
            self._studies[key] = notes
            self._save(lambda store: store.save_study(key, notes, act))
        else:
            self._clips[key] = notes
            self._save(lambda store: store.save_clip(key, notes, act, study=study))
        self.changed.emit()

    def sign_study(self, key: str, signed: SignOff | None) -> None:
        """Set a study's signature, or withdraw it; both are acts that undo does not reach. Nothing where none came."""
        notes = self._studies.get(key)
        if notes is not None and notes.signed != signed:
            self.put((StudyNotes, key), replace(notes, signed=signed), key)

    def look_again(self) -> None:
        """Ask once more for what could not be loaded."""
        self._look_at(self._session.shown)
        self._look_at_readings()

    def _push(self, text: str, place: Place, before: Notes, after: Notes) -> None:
        study = self.study_key or ""

        def put(notes: Notes) -> None:
            self._turn_to(place)
            self.put(place, self._signed_as_now(place, notes), study)

        self._undo.push(_Change(text, put, before, after))

    def _signed_as_now(self, place: Place, notes: Notes) -> Notes:
        """Return notes under the signature that stands now: nothing that is undone signs or withdraws."""
        now = self._studies.get(place[1])
        return replace(notes, signed=now.signed) if isinstance(notes, StudyNotes) and now is not None else notes

    def _turn_to(self, place: Place) -> None:
        """Look at what is undone or done again, where it is open; else say that it is not."""
        kind, key = place
        if key == (self.study_key if kind is StudyNotes else self.clip_key):
            return
        for entry in self._session.entries:
            taken = entry.clip.content_key.is_taken
            if key == study_key(entry.group) if kind is StudyNotes else taken and entry.clip.key == key:
                self._session.show(entry)
                return
        self.changed_unseen.emit()

    def _save(self, write: Callable[[NotesStore], None]) -> None:
        store = self._store
        if store is None:
            return

        def work(cancel: CancelToken, report: Report) -> None:
            write(store)

        job = self._jobs.start(Lane.ARCHIVE, work)
        job.succeeded.connect(lambda _none: self.saved.emit(datetime.now(UTC).astimezone()))
        job.failed.connect(self.failed)

    def _look_at(self, entry: OpenClip | None) -> None:
        if entry is not None:
            self._fetch_study(study_key(entry.group))
            self._fetch_clips([entry])
        self.changed.emit()

    def _look_at_readings(self) -> None:
        """A clip that was read has its key: its notes and its study's count for a report, though it was never shown."""
        self._asked_clips.intersection_update(self._session.entries)
        read = [entry for entry in self._session.entries if entry.reading is not None]
        for key in dict.fromkeys(study_key(entry.group) for entry in read):
            self._fetch_study(key)
        self._fetch_clips(read)

    def _fetch_study(self, key: str) -> None:
        if key in self._asked_studies:
            return
        self._asked_studies.add(key)
        store = self._store

        def work(cancel: CancelToken, report: Report) -> StudyNotes:
            return (store.load_study(key) if store is not None else None) or StudyNotes()

        def come(notes: StudyNotes) -> None:
            self._studies.setdefault(key, notes)
            self.changed.emit()

        job = self._jobs.start(Lane.ARCHIVE, work)
        job.succeeded.connect(come)
        job.failed.connect(lambda _error: self._asked_studies.discard(key))  # asked again when it is looked at again
        job.failed.connect(self.failed)

    def _fetch_clips(self, entries: Sequence[OpenClip]) -> None:
        for entry in entries:
            if entry not in self._asked_clips:
                self._asked_clips.add(entry)
                self._fetch_clip(entry)

    def _fetch_clip(self, entry: OpenClip) -> None:
        clip = entry.clip
        if clip.content_key.is_taken:
            self._load_clip(entry, clip.key)
            return

        def work(cancel: CancelToken, report: Report) -> str:
            return clip.key

        job = self._jobs.start(Lane.HASHING, work)
        job.succeeded.connect(lambda key: self._load_clip(entry, key))
        self._tell_failure(job, entry)

    def _load_clip(self, entry: OpenClip, key: str) -> None:
        store = self._store

        def work(cancel: CancelToken, report: Report) -> ClipNotes:
            return (store.load_clip(key) if store is not None else None) or ClipNotes()

        def come(notes: ClipNotes) -> None:
            self._clips.setdefault(key, notes)
            self.clip_loaded.emit(entry, self._clips[key])
            self.changed.emit()

        job = self._jobs.start(Lane.ARCHIVE, work)
        job.succeeded.connect(come)
        self._tell_failure(job, entry)

    def _tell_failure(self, job: Job, entry: OpenClip) -> None:
        job.failed.connect(lambda _error: self._asked_clips.discard(entry))  # asked again when it is looked at again
        job.failed.connect(self.failed)

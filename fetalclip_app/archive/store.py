"""The archive: notes by study and by content, and every act that made them so."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar, cast

from fetalclip_app.archive import acts, handed_out, notes_json, records, trail
from fetalclip_app.archive.acts import CLIP, STUDY, KeptAct
from fetalclip_app.archive.database import Connect, connect, storable
from fetalclip_app.archive.deleting import delete_study, overwrite
from fetalclip_app.archive.file import ArchiveFile
from fetalclip_app.archive.handed_out import HandedOut
from fetalclip_app.archive.names import forget, remember
from fetalclip_app.archive.notes_json import Notes
from fetalclip_app.archive.records import KeptEmbeddings, KeptMask, KeptReading
from fetalclip_app.domain.history import History, NotesChange, StudyChange, StudyHistory
from fetalclip_app.domain.kept import KeptNames, Place, Taken
from fetalclip_app.domain.notes import Act, ClipNotes, StudyNotes

Kept = TypeVar("Kept", ClipNotes, StudyNotes)

_KINDS: dict[type[Notes], str] = {StudyNotes: STUDY, ClipNotes: CLIP}


class Archive(ArchiveFile):
    """Keeps notes between two runs, and what is kept beside them."""

    def __init__(self, path: Path, how: Connect = connect) -> None:
        """Remember where the archive lies; nothing is opened yet."""
        super().__init__(path, how)
        self._known: dict[tuple[str, str], str] = {}  # place -> the notes that this program has of it

    def load_study(self, key: str) -> StudyNotes | None:
        """Return what is kept for a study, or None.

        Raises:
            ArchiveFailed: It cannot be read.
        """
        return cast(StudyNotes | None, self._load(StudyNotes, key))

    def load_clip(self, key: str) -> ClipNotes | None:
        """Return what is kept for a clip's content, or None.

        Raises:
            ArchiveFailed: It cannot be read.
        """
        return cast(ClipNotes | None, self._load(ClipNotes, key))

    def save_study(self, key: str, notes: StudyNotes, act: Act) -> None:
        """Keep a study's notes in place of those before, and the act.

        Raises:
            ArchiveFailed: They are not on disk; they wait.
            ValueError: The notes hold what cannot be kept.
        """
        self._save(notes, key, act, key)

    def save_clip(self, key: str, notes: ClipNotes, act: Act, *, study: str) -> None:
        """Keep a clip's notes in place of those before, and the act.

        Raises:
            ArchiveFailed: They are not on disk; they wait.
            ValueError: The notes hold what cannot be kept.
        """
        self._save(notes, key, act, study)

    def keep_reading(self, reading: KeptReading) -> None:
        """Keep what a model said of a clip; the same once more is kept once.

        Raises:
            ArchiveFailed: It is not on disk; it waits.
        """
        self._write(lambda connection: records.insert_reading(connection, reading))

    def keep_embeddings(self, embeddings: KeptEmbeddings) -> None:
        """Keep the rows of a clip's frames; those of one model, preprocessing and crop are kept once.

        Raises:
            ArchiveFailed: They are not on disk; they wait.
        """
        self._write(lambda connection: records.insert_embeddings(connection, embeddings))

    def keep_view_set(self, name: str, content: bytes, at: datetime) -> None:
        """Keep a set of views that was used, as its file is; the same content is kept once.

        Raises:
            ArchiveFailed: It is not on disk; it waits.
        """
        row = records.of_view_set(name, content, at)
        self._write(lambda connection: records.insert(connection, "view_sets", row))

    def keep_mask(self, clip_key: str, mask_json: str, act: Act) -> None:
        """Keep the mask by which a copy of a clip was made.

        Raises:
            ArchiveFailed: It is not on disk; it waits.
        """
        mask = KeptMask(trail.new_uid(), clip_key, act.who, act.when.isoformat(), mask_json)
        self._write(lambda connection: records.insert_mask(connection, mask))

    def keep_export(self, made: HandedOut, act: Act) -> None:
        """Have the trail say that a file went out.

        Raises:
            ArchiveFailed: It is not on disk; it waits.
        """
        self._write(lambda connection: handed_out.record(connection, act, made))

    def entries(self) -> tuple[trail.Entry, ...]:
        """Return every entry of the trail, the first first.

        Raises:
            ArchiveFailed: They cannot be read.
        """
        return self._ask(lambda connection: tuple(trail.entries(connection))) or ()

    def readings(self, clip_key: str) -> tuple[KeptReading, ...]:
        """Return what models said of a clip, the first first.

        Raises:
            ArchiveFailed: It cannot be read.
        """
        return self._ask(lambda connection: records.readings(connection, clip_key)) or ()

    def view_set(self, sha256: str) -> tuple[str, bytes] | None:
        """Return name and content of a set of views that was used, by its SHA-256; None where it is not kept.

        Raises:
            ArchiveFailed: It cannot be read.
        """
        return self._ask(lambda connection: records.view_set(connection, sha256))

    def masks(self, clip_key: str) -> tuple[str, ...]:
        """Return the masks by which copies of a clip were made, as JSON, the first first.

        Raises:
            ArchiveFailed: They cannot be read.
        """
        return self._ask(lambda connection: records.masks(connection, clip_key)) or ()

    def embeddings(self, clip_key: str) -> tuple[KeptEmbeddings, ...]:
        """Return the rows of a clip's frames, by each model, preprocessing and crop.

        Raises:
            ArchiveFailed: They cannot be read.
        """
        return self._ask(lambda connection: records.embeddings(connection, clip_key)) or ()

    def acts(self) -> tuple[KeptAct, ...]:
        """Return every act, the oldest first.

        Raises:
            ArchiveFailed: They cannot be read.
        """

        return self._ask(acts.every) or ()

    def load_history(self, key: str) -> History:
        """Return every act on the notes of a clip's content, the oldest first.

        Raises:
            ArchiveFailed: They cannot be read.
        """
        return self.history_of(key)()

    def load_study_history(self, key: str) -> StudyHistory:
        """Return the same of a study's notes.

        Raises:
            ArchiveFailed: They cannot be read.
        """
        return self.study_history_of(key)()

    def history_of(self, key: str) -> Callable[[], History]:
        """Return what reads the same, as it is kept now: of many acts it takes a while, where nothing waits for it.

        Raises:
            ArchiveFailed: It cannot be read.
        """
        kept = self._ask(lambda connection: acts.of_place(connection, CLIP, storable(key))) or ()
        return lambda: tuple(NotesChange(_act(one), *_both(one, ClipNotes)) for one in kept)

    def study_history_of(self, key: str) -> Callable[[], StudyHistory]:
        """Return the same of a study's notes.

        Raises:
            ArchiveFailed: It cannot be read.
        """
        kept = self._ask(lambda connection: acts.of_place(connection, STUDY, storable(key))) or ()
        return lambda: tuple(StudyChange(_act(one), *_both(one, StudyNotes)) for one in kept)

    def remember(self, names: KeptNames, place: Place | None) -> None:
        """Note whose a study is and where a clip's file lies, to be found by.

        Raises:
            ArchiveFailed: It is not on disk; it waits.
        """
        self._write(lambda connection: remember(connection, names, place))

    def forget_names(self) -> bool:
        """Take all names and places away; return whether they are overwritten already (`deleting.overwrite`).

        Raises:
            ArchiveFailed: They are all still there.
        """
        self.do(forget)
        return self._with_connection(overwrite)

    def delete_study(self, key: str, act: Act) -> tuple[Taken, bool]:
        """Delete what is kept of a study; return how much it was, and whether it is overwritten already.

        Raises:
            ArchiveFailed: All of it is still there; STUDY_NOT_KEPT where nothing is kept of it.
        """
        taken = self.do(lambda connection: delete_study(connection, key, act))
        self._known.clear()
        return taken, self._with_connection(overwrite)

    def _load(self, kind: type[Notes], key: str) -> Notes | None:
        def query(connection: sqlite3.Connection) -> str | None:
            row = connection.execute(
                "SELECT json FROM notes WHERE kind = ? AND key = ?", (_KINDS[kind], storable(key))
            ).fetchone()
            return None if row is None else str(row[0])

        text = self._ask(query)
        notes = None if text is None else notes_json.read(kind, text)
        self._known.setdefault((_KINDS[kind], storable(key)), text or notes_json.written(kind()))
        return notes

    def _save(self, notes: Notes, key: str, act: Act, study: str) -> None:
        place, text = (_KINDS[type(notes)], storable(key)), notes_json.written(notes)
        kept = acts.Kept(place, storable(study), text, self._known.get(place))
        self._known[place] = text
        self._write(lambda connection: acts.keep_notes(connection, kept, act))


def _act(one: KeptAct) -> Act:
    return Act(one.who, datetime.fromisoformat(one.at))


def _both(one: KeptAct, kind: type[Kept]) -> tuple[Kept, Kept]:
    """Return notes before and after an act: of them the fields that it changed."""
    return cast(Kept, notes_json.read(kind, one.before)), cast(Kept, notes_json.read(kind, one.after))

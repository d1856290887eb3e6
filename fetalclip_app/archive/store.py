"""The archive: notes by study and by content, and every act that made them so."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar, cast

from fetalclip_app.archive import acts, anchor, notes_json, records, trail
from fetalclip_app.archive.acts import CLIP, STUDY, KeptAct
from fetalclip_app.archive.database import Connect, connect, opened, set_aside, storable, told
from fetalclip_app.archive.notes_json import Notes
from fetalclip_app.archive.records import KeptEmbeddings, KeptMask, KeptReading
from fetalclip_app.domain.notes import Act, ClipNotes, StudyNotes
from fetalclip_app.errors import ArchiveFailed, ErrorCode

_log = logging.getLogger(__name__)

Found = TypeVar("Found")

Write = Callable[[sqlite3.Connection], object]

_KINDS: dict[type[Notes], str] = {StudyNotes: STUDY, ClipNotes: CLIP}


class Archive:
    """Keeps notes between two runs. Called by one thread at a time; every call blocks until it is done.

    What cannot be written waits and is written with the next act, so that a lock of a minute costs nothing. A file
    that is damaged is set aside, and a new one begun. Where the file cannot be opened at all, nothing is read from it
    and nothing written to it until the program starts again: notes that were begun without those kept must not take
    their place.
    """

    def __init__(self, path: Path, how: Connect = connect) -> None:
        """Remember where the archive lies; nothing is opened yet."""
        self._path, self._how = path, how
        self._connection: sqlite3.Connection | None = None
        self._closed_by: ArchiveFailed | None = None
        self._waiting: list[Write] = []
        self._known: dict[tuple[str, str], str] = {}  # place -> the notes that this program has of it

    @property
    def is_waiting(self) -> bool:
        """Whether something that was done is not on disk."""
        return bool(self._waiting)

    def open(self) -> None:
        """Open the file, and make or migrate it where needed; nothing where it is open.

        Raises:
            ArchiveFailed: It cannot be opened; or ARCHIVE_DAMAGED, once: then a new one is open in its place.
        """
        if self._closed_by is not None:
            raise self._closed_by
        if self._connection is None:
            self._connection = self._open()

    def close(self) -> None:
        """Write what waits, if that can be done, and close the file."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            with told(self._path):
                self._flush(connection)
        finally:
            connection.close()

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

    def write_waiting(self) -> None:
        """Write what could not be written before.

        Raises:
            ArchiveFailed: It still cannot.
        """
        self._write()

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

    def acts(self) -> tuple[KeptAct, ...]:
        """Return every act, the oldest first.

        Raises:
            ArchiveFailed: They cannot be read.
        """

        return self._ask(acts.every) or ()

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

    def _ask(self, query: Callable[[sqlite3.Connection], Found]) -> Found | None:
        """Return what a query finds; None where the archive could not be opened, which was said then."""
        if self._closed_by is not None:
            return None
        return self._with_connection(query)

    def _write(self, write: Write | None = None) -> None:
        """Write what waits, and this with it, in one transaction."""
        if self._closed_by is not None:
            raise self._closed_by
        if write is not None:
            self._waiting.append(write)
        self._with_connection(self._flush)

    def _flush(self, connection: sqlite3.Connection) -> None:
        if not self._waiting:
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            for write in self._waiting:
                write(connection)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        self._waiting.clear()
        anchor.write(self._path, trail.head(connection))

    def _with_connection(self, work: Callable[[sqlite3.Connection], Found]) -> Found:
        self.open()
        assert self._connection is not None
        try:
            with told(self._path):
                return work(self._connection)
        except ArchiveFailed as error:
            if error.code is ErrorCode.ARCHIVE_DAMAGED:
                raise self._begun_anew(error) from error
            raise

    def _open(self) -> sqlite3.Connection:
        try:
            return self._looked_at(opened(self._path, self._how))
        except ArchiveFailed as error:
            if error.code is ErrorCode.ARCHIVE_DAMAGED:
                raise self._begun_anew(error) from error
            self._give_up(error)
            raise

    def _looked_at(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        """Return a connection, and have what was cut off its trail recorded for good before the next entry hides it."""
        try:
            with told(self._path):
                is_cut = trail.is_cut(connection, anchor.read(self._path))
        except ArchiveFailed:
            connection.close()
            raise
        if is_cut:
            at = datetime.now(UTC).astimezone().isoformat()
            self._waiting.insert(0, lambda writing: _record_cut(writing, at))
        return connection

    def _begun_anew(self, damage: ArchiveFailed) -> ArchiveFailed:
        """Set the damaged file aside, begin a new one with what waits, and return what is to be said of it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        try:
            aside = set_aside(self._path)
            self._connection = opened(self._path, self._how)
        except ArchiveFailed as error:
            self._give_up(error)
            return error
        try:
            with told(self._path):
                self._flush(self._connection)
        except ArchiveFailed as error:
            _log.warning("what waits is not written to the new archive yet: %s", error)
        return ArchiveFailed(ErrorCode.ARCHIVE_DAMAGED, name=self._path.name, aside=aside.name)

    def _give_up(self, error: ArchiveFailed) -> None:
        """Leave the file alone until the program starts again; a lock and a full disk may go, and are tried again."""
        if error.code not in {ErrorCode.ARCHIVE_LOCKED, ErrorCode.ARCHIVE_FULL}:
            self._closed_by = error
            self._waiting.clear()


def _record_cut(connection: sqlite3.Connection, at: str) -> None:
    trail.record(connection, trail.Deed(trail.What.CUT, "", at))

"""The archive's file while it is open: what waits to be written, and what becomes of a file that is damaged."""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from fetalclip_app.archive import anchor, trail
from fetalclip_app.archive.database import Connect, connect, opened, set_aside, told
from fetalclip_app.errors import ArchiveFailed, ErrorCode

_log = logging.getLogger(__name__)

Found = TypeVar("Found")

Write = Callable[[sqlite3.Connection], object]


class ArchiveFile:
    """Opens the file, reads and writes. Called by one thread at a time; every call blocks until it is done.

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
        self._opened_as: tuple[int, int] | None = None  # what the file system calls the file that was opened first
        self._left: list[sqlite3.Connection] = []  # to a file that has gone: closing would touch what lies there now

    @property
    def path(self) -> Path:
        """Where the archive lies."""
        return self._path

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
            if self._opened_as is not None and not self._path.exists():
                raise self._gone()  # a new one in its place would hide the old one once that is back
            self._connection = self._open()
            self._opened_as = _identity(self._path)

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

    def write_waiting(self) -> None:
        """Write what could not be written before.

        Raises:
            ArchiveFailed: It still cannot.
        """
        self._write()

    def do(self, work: Callable[[sqlite3.Connection], Found]) -> Found:
        """Do something in one transaction, after what waits; where that fails, it is not done, and does not wait.

        Raises:
            ArchiveFailed: As the work raises it, or why nothing can be written; ARCHIVE_BUSY for a lock.
        """
        try:
            self._write()
            return self._with_connection(lambda connection: self._in_one(connection, work))
        except ArchiveFailed as error:
            if error.code is ErrorCode.ARCHIVE_LOCKED:
                raise ArchiveFailed(ErrorCode.ARCHIVE_BUSY, name=self._path.name) from error
            raise

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
        self._in_one(connection, lambda writing: [write(writing) for write in self._waiting])
        self._waiting.clear()

    def _in_one(self, connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], Found]) -> Found:
        connection.execute("BEGIN IMMEDIATE")
        try:
            found = work(connection)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        if not self._is_there():
            raise self._gone()
        anchor.write(self._path, trail.head(connection))
        return found

    def _with_connection(self, work: Callable[[sqlite3.Connection], Found]) -> Found:
        if self._connection is not None and not self._is_there():
            self._leave()
        self.open()
        assert self._connection is not None
        try:
            with told(self._path):
                return work(self._connection)
        except ArchiveFailed as error:
            if error.code is ErrorCode.ARCHIVE_UNREACHABLE:
                self._leave()  # a handle to a drive that was gone stays broken when the drive is back
            if error.code is ErrorCode.ARCHIVE_DAMAGED:
                raise self._begun_anew(error) from error
            raise

    def _is_there(self) -> bool:
        """Whether the file that is open is the one that lies there: a drive may go, and come back, meanwhile."""
        return _identity(self._path) == self._opened_as

    def _leave(self) -> None:
        if self._connection is not None:
            self._left.append(self._connection)
            self._connection = None

    def _gone(self) -> ArchiveFailed:
        problem = os.strerror(errno.ENOENT)
        return ArchiveFailed(ErrorCode.ARCHIVE_UNREACHABLE, name=self._path.name, problem=problem)

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
            self._opened_as = _identity(self._path)
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
        """Leave the file alone until the program starts again; what may pass is tried again."""
        may_pass = {ErrorCode.ARCHIVE_LOCKED, ErrorCode.ARCHIVE_FULL}
        if self._opened_as is not None:  # it was there: a drive that is gone may come back
            may_pass.add(ErrorCode.ARCHIVE_UNREACHABLE)
        if error.code not in may_pass:
            self._closed_by = error
            self._waiting.clear()


def _record_cut(connection: sqlite3.Connection, at: str) -> None:
    trail.record(connection, trail.Deed(trail.What.CUT, "", at))


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what the file system calls a file, or None where there is none.

    Where a file that is open cannot be taken away (Windows), it is enough that it is there.
    """
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if os.name == "posix" else (0, 0)

"""Opens the archive's file, and says in this program's errors what SQLite says in its own."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from fetalclip_app.archive import anchor, schema
from fetalclip_app.errors import ArchiveFailed, ErrorCode

Connect = Callable[[Path], sqlite3.Connection]

_WAIT_S = 2.0
"""Another program that writes is waited for that long."""

_CODES = {
    sqlite3.SQLITE_BUSY: ErrorCode.ARCHIVE_LOCKED,
    sqlite3.SQLITE_LOCKED: ErrorCode.ARCHIVE_LOCKED,
    sqlite3.SQLITE_READONLY: ErrorCode.ARCHIVE_READ_ONLY,
    sqlite3.SQLITE_PERM: ErrorCode.ARCHIVE_READ_ONLY,
    sqlite3.SQLITE_FULL: ErrorCode.ARCHIVE_FULL,
    sqlite3.SQLITE_CORRUPT: ErrorCode.ARCHIVE_DAMAGED,
    sqlite3.SQLITE_NOTADB: ErrorCode.ARCHIVE_DAMAGED,
}
"""SQLite's primary result codes -> ours; every other is ARCHIVE_UNREACHABLE."""

_SYSTEM_CODES = {
    errno.ENOSPC: ErrorCode.ARCHIVE_FULL,
    errno.EDQUOT: ErrorCode.ARCHIVE_FULL,
    errno.EACCES: ErrorCode.ARCHIVE_READ_ONLY,
    errno.EPERM: ErrorCode.ARCHIVE_READ_ONLY,
    errno.EROFS: ErrorCode.ARCHIVE_READ_ONLY,
}


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection to a file, which is made where there is none.

    It may be used by several threads, one after the other: the window opens it off its own thread and closes it on it.
    """
    return sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)


def opened(path: Path, how: Connect = connect) -> sqlite3.Connection:
    """Return a connection to an archive of this program's version, made or migrated where needed.

    Raises:
        ArchiveFailed: ARCHIVE_NEWER for a file of a later version, which is not touched; ARCHIVE_DAMAGED for one that
            is no archive; else why it cannot be opened.
    """
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _look_at(path)
        connection = how(path)
    try:
        with told(path):
            _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system raise into `ArchiveFailed`."""
    try:
        yield
    except sqlite3.Error as error:
        primary = getattr(error, "sqlite_errorcode", -1) & 0xFF
        code = _CODES.get(primary, ErrorCode.ARCHIVE_UNREACHABLE)
        raise ArchiveFailed(code, name=path.name, problem=str(error)) from error
    except OSError as error:
        code = _SYSTEM_CODES.get(error.errno or 0, ErrorCode.ARCHIVE_UNREACHABLE)
        raise ArchiveFailed(code, name=path.name, problem=error.strerror or type(error).__name__) from error


def storable(text: str) -> str:
    """Return a text that UTF-8 can hold: the name of a folder may be bytes of another encoding."""
    return text.encode("utf-8", errors="backslashreplace").decode()


def set_aside(path: Path) -> Path:
    """Give a damaged file another name, and with it what SQLite keeps beside it; return that name.

    Raises:
        ArchiveFailed: It cannot be renamed.
    """
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    aside = path.with_name(f"{path.stem}.damaged-{moment}{path.suffix}")
    with told(path):
        for suffix in ("-wal", "-shm", ""):
            beside = path.with_name(path.name + suffix)
            if beside.exists():
                beside.rename(aside.with_name(aside.name + suffix))
        if anchor.path_beside(path).exists():
            anchor.path_beside(path).rename(anchor.path_beside(aside))
    return aside


def _look_at(path: Path) -> None:
    """Refuse what must not be opened for writing: that alone would change it.

    SQLite reads the header, and never Python: on POSIX systems a process that closes any handle to a file loses all
    its locks on it, those of its other connections too. Another program would then take itself for the last one that
    has the archive open, and remove the write-ahead log under this one (sqlite.org/howtocorrupt.html, 2.2).
    """
    if not path.exists():
        return
    if not path.stat().st_size:
        return
    looking = sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)
    try:
        (application,) = looking.execute("PRAGMA application_id").fetchone()
        version = schema.version_of(looking)
        looking.execute("SELECT count(*) FROM sqlite_schema")
    finally:
        looking.close()
    if application != schema.APPLICATION_ID and (application or version):
        raise ArchiveFailed(ErrorCode.ARCHIVE_DAMAGED, name=path.name)
    _refuse_newer(version, path)


def _refuse_newer(version: int, path: Path) -> None:
    if version > schema.VERSION:
        raise ArchiveFailed(ErrorCode.ARCHIVE_NEWER, name=path.name, version=version, known=schema.VERSION)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    # WAL: a reader never waits for a writer, and a program that dies leaves what was committed. FULL and not NORMAL:
    # in WAL mode NORMAL may lose the last commits with the computer's power. A hand makes an act a second at the most,
    # and one fsync off the window's thread costs it nothing.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")  # macOS: else its disk may keep what was flushed in its own memory
    connection.execute("PRAGMA secure_delete = ON")  # what is replaced or deleted leaves nothing in the free pages
    version = schema.version_of(connection)
    _refuse_newer(version, path)
    if version < schema.VERSION:
        schema.migrate(connection)

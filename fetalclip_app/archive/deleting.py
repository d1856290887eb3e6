"""Takes a study out of the archive for good, and leaves a record that somebody did, and how much it was."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict

from fetalclip_app.archive import trail
from fetalclip_app.archive.acts import CLIP, STUDY
from fetalclip_app.archive.checking import erased_digest
from fetalclip_app.archive.database import storable
from fetalclip_app.archive.trail import CONTENTS, What
from fetalclip_app.domain.kept import Taken
from fetalclip_app.domain.notes import Act
from fetalclip_app.errors import ArchiveFailed, ErrorCode


def delete_study(connection: sqlite3.Connection, key: str, act: Act) -> Taken:
    """Delete what is kept of a study and of its clips, inside the caller's transaction; `overwrite` comes after it.

    A clip belongs to the study that it was open in last. Sets of views stay: they name nobody, and others use them.

    Raises:
        ArchiveFailed: STUDY_NOT_KEPT: nothing is kept of it.
    """
    study = storable(key)
    clips = [clip for (clip,) in connection.execute("SELECT key FROM clips WHERE study = ? ORDER BY key", (study,))]
    if not clips and connection.execute("SELECT 1 FROM studies WHERE key = ?", (study,)).fetchone() is None:
        raise ArchiveFailed(ErrorCode.STUDY_NOT_KEPT)
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS leaving (clip TEXT PRIMARY KEY)")
    connection.execute("DELETE FROM leaving")
    connection.executemany("INSERT INTO leaving VALUES (?)", [(clip,) for clip in clips])
    numbers = {what: _numbers(connection, what, study) for what in CONTENTS}
    (rows,) = connection.execute(f"SELECT count(*) FROM embeddings WHERE {_OF_CLIPS}").fetchone()
    acts, readings, masks = (len(numbers[what]) for what in (What.ACT, What.READING, What.MASK))
    taken = Taken(len(clips), acts, readings, masks, rows)
    _record(connection, act, taken, numbers)
    for what, content in CONTENTS.items():
        connection.executemany(f"DELETE FROM {content.table} WHERE number = ?", [(number,) for number in numbers[what]])
    for table in ("embeddings", "seen_views", "places"):
        connection.execute(f"DELETE FROM {table} WHERE {_OF_CLIPS}")
    connection.execute(f"DELETE FROM notes WHERE kind = '{CLIP}' AND key IN (SELECT clip FROM leaving)")
    connection.execute("DELETE FROM notes WHERE kind = ? AND key = ?", (STUDY, study))
    connection.execute("DELETE FROM clips WHERE study = ?", (study,))
    for table, column in (("places", "study"), ("names", "study"), ("studies", "key")):
        connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (study,))
    connection.execute("DELETE FROM leaving")
    return taken


_MAY_PASS = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL}


def overwrite(connection: sqlite3.Connection) -> bool:
    """Have nothing of what was deleted left in the file or beside it; False where that has to wait.

    Outside a transaction. The file is written anew, page by page, and the write-ahead log is emptied. While another
    program reads the archive, or where the disk is full, the log stays until the last program closes the file.
    """
    try:
        connection.execute("VACUUM")
        (is_busy, _log_pages, _moved) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in _MAY_PASS:
            raise
        return False
    return not is_busy


_OF_CLIPS = "clip IN (SELECT clip FROM leaving)"


def _numbers(connection: sqlite3.Connection, what: What, study: str) -> list[int]:
    """Return the rows of a table that go: of the study's clips, and of the study itself."""
    of_clip = f"(kind = '{CLIP}' AND key IN (SELECT clip FROM leaving))" if what is What.ACT else _OF_CLIPS
    of_study = f" OR (kind = '{STUDY}' AND key = ?)" if what is What.ACT else ""
    query = f"SELECT number FROM {CONTENTS[what].table} WHERE {of_clip}{of_study} ORDER BY number"
    return [number for (number,) in connection.execute(query, (study,) if of_study else ())]


def _record(connection: sqlite3.Connection, act: Act, taken: Taken, numbers: dict[What, list[int]]) -> None:
    gone: list[int] = []
    for what, of_table in numbers.items():
        for number in of_table:
            entries = connection.execute("SELECT number FROM trail WHERE what = ? AND about = ?", (str(what), number))
            gone += [entry for (entry,) in entries]
    deletion = trail.next_number(connection)
    connection.executemany("INSERT INTO erased (entry, deletion) VALUES (?, ?)", [(entry, deletion) for entry in gone])
    deed = trail.Deed(
        What.DELETED,
        storable(act.who),
        act.when.isoformat(),
        digest=erased_digest(connection, deletion),
        details={**asdict(taken), "entries": len(gone)},
    )
    trail.record(connection, deed)

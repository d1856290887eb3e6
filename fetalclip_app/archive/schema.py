"""The archive's tables, version by version: an older file is brought up to date, a newer one is left alone."""

from __future__ import annotations

import sqlite3

APPLICATION_ID = 0x46434C50
"""``FCLP`` in the header of the file: tells an archive from every other SQLite file."""

_NOTES = (
    """CREATE TABLE studies (
        key TEXT PRIMARY KEY,          -- domain.notes.study_key
        first_kept TEXT NOT NULL       -- ISO 8601 with the offset from UTC, as all moments here
    ) STRICT""",
    """CREATE TABLE clips (
        key TEXT PRIMARY KEY,          -- 16 hex digits of the SHA-256 of the content
        study TEXT NOT NULL,           -- where it was open last
        first_kept TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE notes (
        kind TEXT NOT NULL CHECK (kind IN ('study', 'clip')),
        key TEXT NOT NULL,
        json TEXT NOT NULL,            -- archive.notes_json
        PRIMARY KEY (kind, key)
    ) STRICT""",
    """CREATE TABLE acts (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        who TEXT NOT NULL,
        at TEXT NOT NULL,
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        study TEXT NOT NULL,
        before TEXT NOT NULL,          -- JSON: the fields that changed, as they were
        after TEXT NOT NULL            -- JSON: the same fields, as they are now
    ) STRICT""",
    """CREATE TRIGGER acts_stay_as_they_are BEFORE UPDATE ON acts
       BEGIN SELECT RAISE(ABORT, 'acts are never changed'); END""",
    """CREATE TRIGGER acts_stay BEFORE DELETE ON acts
       BEGIN SELECT RAISE(ABORT, 'acts are never deleted'); END""",
    "CREATE INDEX acts_of_place ON acts (kind, key)",
)

_RECORDS = (
    """CREATE TABLE readings (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        clip TEXT NOT NULL,
        study TEXT NOT NULL,
        at TEXT NOT NULL,
        model TEXT NOT NULL,           -- SHA-256 of the weights
        digest TEXT NOT NULL,          -- SHA-256 of the JSON
        json BLOB NOT NULL,            -- as docs/analyze.schema.json without the file's name, UTF-8, zlib
        UNIQUE (clip, digest)
    ) STRICT""",
    """CREATE TABLE view_sets (
        sha256 TEXT PRIMARY KEY,       -- of the content
        name TEXT NOT NULL,
        content BLOB NOT NULL,         -- the file, byte by byte
        first_used TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE masks (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        clip TEXT NOT NULL,            -- content key of the original
        who TEXT NOT NULL,
        at TEXT NOT NULL,
        json TEXT NOT NULL             -- imaging.deidentify.mask_book.RememberedMask
    ) STRICT""",
    "CREATE INDEX masks_of_clip ON masks (clip)",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_NOTES, _RECORDS)
"""What makes version n + 1 of version n. Never changed once released: files of that version exist."""

VERSION = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file up to `VERSION` in one transaction: all of it, or nothing.

    Raises:
        sqlite3.Error: The file is as it was.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statements in MIGRATIONS[version_of(connection) :]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of a file; 0 for a new one."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)

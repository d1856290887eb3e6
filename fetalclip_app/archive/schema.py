"""The archive's tables, version by version: an older file is brought up to date, a newer one is left alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from fetalclip_app.archive import seen_views, trail

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

Step = str | Callable[[sqlite3.Connection], None]
"""A statement, or what is done with the rows that are there."""

_TRAIL: tuple[Step, ...] = (
    "DROP TRIGGER acts_stay_as_they_are",
    "DROP TRIGGER acts_stay",
    *(f"ALTER TABLE {table} ADD COLUMN uid TEXT NOT NULL DEFAULT ''" for table in ("acts", "readings", "masks")),
    trail.named,
    *(f"CREATE INDEX {table}_by_uid ON {table} (uid)" for table in ("acts", "readings", "masks")),
    """CREATE TABLE trail (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        who TEXT NOT NULL,
        what TEXT NOT NULL,            -- archive.trail.What
        about INTEGER,                 -- number of the act, reading or mask
        digest TEXT NOT NULL,          -- SHA-256 of that row: archive.trail.digest_of
        details TEXT NOT NULL,         -- JSON: counts and hashes
        hash TEXT NOT NULL             -- SHA-256 of this entry and of the hash before it
    ) STRICT""",
    """CREATE TABLE erased (
        entry INTEGER PRIMARY KEY,     -- of the trail, whose content was deleted
        deletion INTEGER NOT NULL      -- the entry that says so
    ) STRICT""",
    *(
        f"""CREATE TRIGGER {table}_{verb}_never BEFORE {verb} ON {table}
        BEGIN SELECT RAISE(ABORT, '{table} is only added to'); END"""
        for table in ("trail", "erased")
        for verb in ("UPDATE", "DELETE")
    ),
    *(
        f"""CREATE TRIGGER {content.table}_stay_as_they_are BEFORE UPDATE ON {content.table}
        BEGIN SELECT RAISE(ABORT, '{content.table} are never changed'); END"""
        for content in trail.CONTENTS.values()
    ),
    *(
        f"""CREATE TRIGGER {content.table}_stay BEFORE DELETE ON {content.table}
        WHEN NOT EXISTS (
            SELECT 1 FROM erased JOIN trail ON trail.number = erased.entry
            WHERE trail.what = '{what}' AND trail.about = OLD.number
        )
        BEGIN SELECT RAISE(ABORT, '{content.table} are never deleted without a record'); END"""
        for what, content in trail.CONTENTS.items()
    ),
    "CREATE INDEX trail_of_content ON trail (what, about)",
    trail.begin,
)

_FINDING: tuple[Step, ...] = (
    "INSERT OR IGNORE INTO studies (key, first_kept) SELECT study, min(at) FROM readings GROUP BY study",
    "INSERT OR IGNORE INTO clips (key, study, first_kept) SELECT clip, study, min(at) FROM readings GROUP BY clip",
    """CREATE TABLE seen_views (
        clip TEXT NOT NULL,
        view TEXT NOT NULL,            -- what a model saw in it: archive.seen_views
        PRIMARY KEY (clip, view)
    ) STRICT""",
    seen_views.gather,
    """CREATE TABLE names (
        study TEXT PRIMARY KEY,
        patient_name TEXT NOT NULL,
        patient_id TEXT NOT NULL,
        day TEXT NOT NULL,             -- YYYY-MM-DD; empty where the files do not say
        description TEXT NOT NULL,
        last_open TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE places (
        clip TEXT NOT NULL,
        study TEXT NOT NULL,
        path TEXT NOT NULL,            -- where its file lay
        last_open TEXT NOT NULL,
        PRIMARY KEY (clip, path)
    ) STRICT""",
    """CREATE TABLE embeddings (
        clip TEXT NOT NULL,
        model TEXT NOT NULL,           -- SHA-256 of the weights
        preprocessing TEXT NOT NULL,
        crop TEXT NOT NULL,            -- JSON: left, top, right, bottom of what the network saw
        frames INTEGER NOT NULL,
        width INTEGER NOT NULL,
        digest TEXT NOT NULL,          -- SHA-256 of the rows
        rows BLOB NOT NULL,            -- float32, little-endian, frame by frame
        at TEXT NOT NULL,
        PRIMARY KEY (clip, model, preprocessing, crop)
    ) STRICT""",
    "CREATE INDEX acts_of_study ON acts (study)",
    "CREATE INDEX readings_of_study ON readings (study)",
    "CREATE INDEX clips_of_study ON clips (study)",
)

MIGRATIONS: tuple[tuple[Step, ...], ...] = (_NOTES, _RECORDS, (*_TRAIL, *_FINDING))
"""What makes version n + 1 of version n. Never changed once released: files of that version exist."""

VERSION = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file up to `VERSION` in one transaction: all of it, or nothing.

    Raises:
        sqlite3.Error: The file is as it was.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        for steps in MIGRATIONS[version_of(connection) :]:
            for step in steps:
                connection.execute(step) if isinstance(step, str) else step(connection)
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

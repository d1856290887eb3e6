"""Archives as programs before this one wrote them: their own tables, and rows as a person's work left them."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from pathlib import Path

APPLICATION_ID = 0x46434C50

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

CLIP, STUDY = "0123456789abcdef", "study 1.2.3"
READING = json.dumps(
    {
        "frames": 3,
        "views": {
            "best": "brain",
            "abstained": None,
            "per_frame": [{"brain": 0.9, "femur": 0.1}, {"brain": 0.2, "femur": 0.8}, None],
            "unfamiliar": [],
        },
    }
)

_ACTS = (
    ("A. S.", "2026-03-14T12:04:31.123456+02:00", "clip", CLIP, STUDY, "{}", '{"best": {"brain": 7}, "fetus": ""}'),
    ("A. S.", "2026-03-14T12:05:02.654321+02:00", "clip", CLIP, STUDY, '{"fetus": ""}', '{"fetus": "A"}'),
)


def write(path: Path, version: int) -> None:
    """Make an archive of version 1 or 2 with two acts; version 2 with a reading and a mask."""
    path.parent.mkdir(parents=True, exist_ok=True)
    old = sqlite3.connect(path, isolation_level=None)
    old.execute("PRAGMA journal_mode = WAL")
    for statement in (*_NOTES, *(_RECORDS if version > 1 else ())):
        old.execute(statement)
    old.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    old.execute(f"PRAGMA user_version = {version}")
    old.execute("INSERT INTO studies VALUES (?, ?)", (STUDY, _ACTS[0][1]))
    old.execute("INSERT INTO clips VALUES (?, ?, ?)", (CLIP, STUDY, _ACTS[0][1]))
    for act in _ACTS:
        old.execute("INSERT INTO acts (who, at, kind, key, study, before, after) VALUES (?, ?, ?, ?, ?, ?, ?)", act)
    old.execute("INSERT INTO notes VALUES ('clip', ?, ?)", (CLIP, '{"best":{"brain":7},"fetus":"A"}'))
    if version > 1:
        digest = hashlib.sha256(READING.encode()).hexdigest()
        row = (CLIP, STUDY, "2026-03-14T12:06:00+02:00", "7f3a", digest, zlib.compress(READING.encode()))
        old.execute("INSERT INTO readings (clip, study, at, model, digest, json) VALUES (?, ?, ?, ?, ?, ?)", row)
        old.execute("INSERT INTO masks (clip, who, at, json) VALUES (?, 'A. S.', ?, '{}')", (CLIP, _ACTS[1][1]))
    old.close()

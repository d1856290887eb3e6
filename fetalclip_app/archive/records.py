"""What is kept beside notes: readings, the sets of views that they were made with, masks of copies."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fetalclip_app.archive.database import storable


@dataclass(frozen=True, slots=True)
class KeptReading:
    """What a model said of a clip.

    Attributes:
        clip_key: Of the clip's content.
        study: `domain.notes.study_key` of where it was open.
        at: ISO 8601 with the offset from UTC.
        model: SHA-256 of the weights.
        json: As docs/analyze.schema.json has a reading, without the file's name.
    """

    clip_key: str
    study: str
    at: str
    model: str
    json: str


def of_reading(reading: KeptReading) -> dict[str, object]:
    """Return the row of a reading: its JSON takes a tenth of the room so."""
    content = reading.json.encode()
    return {
        "clip": reading.clip_key,
        "study": storable(reading.study),
        "at": reading.at,
        "model": reading.model,
        "digest": hashlib.sha256(content).hexdigest(),
        "json": zlib.compress(content),
    }


def of_view_set(name: str, content: bytes, at: datetime) -> dict[str, object]:
    """Return the row of a set of views."""
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "name": storable(name),
        "content": content,
        "first_used": at.isoformat(),
    }


def insert(connection: sqlite3.Connection, table: str, row: Mapping[str, object]) -> None:
    """Add a row; nothing where the table has it."""
    places = ", ".join("?" for _ in row)
    connection.execute(f"INSERT OR IGNORE INTO {table} ({', '.join(row)}) VALUES ({places})", tuple(row.values()))


def readings(connection: sqlite3.Connection, clip_key: str) -> tuple[KeptReading, ...]:
    """Return what is kept of a clip, the first first."""
    rows = connection.execute(
        "SELECT clip, study, at, model, json FROM readings WHERE clip = ? ORDER BY number", (clip_key,)
    )
    return tuple(KeptReading(clip, of, at, model, zlib.decompress(text).decode()) for clip, of, at, model, text in rows)


def view_set(connection: sqlite3.Connection, sha256: str) -> tuple[str, bytes] | None:
    """Return name and content of a set."""
    row = connection.execute("SELECT name, content FROM view_sets WHERE sha256 = ?", (sha256,)).fetchone()
    return None if row is None else (str(row[0]), bytes(row[1]))


def masks(connection: sqlite3.Connection, clip_key: str) -> tuple[str, ...]:
    """Return the masks of a clip as JSON, the first first."""
    rows = connection.execute("SELECT json FROM masks WHERE clip = ? ORDER BY number", (clip_key,))
    return tuple(str(row[0]) for row in rows)

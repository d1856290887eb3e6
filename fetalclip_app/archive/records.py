"""What is kept beside notes: readings, the sets of views that they were made with, masks of copies."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime

from fetalclip_app.archive import seen_views, trail
from fetalclip_app.archive.acts import know_clip, know_study
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


@dataclass(frozen=True, slots=True)
class KeptMask:
    """The mask by which a copy was made.

    Attributes:
        uid: Tells it from every other; 32 hex digits.
        json: As `imaging.deidentify.mask_book.RememberedMask` has it.
    """

    uid: str
    clip_key: str
    who: str
    at: str
    json: str


@dataclass(frozen=True, slots=True)
class KeptEmbeddings:
    """The rows by which a model stands for the frames of a clip.

    Attributes:
        clip: Key of the clip's content.
        model: SHA-256 of the weights.
        preprocessing: Its fingerprint.
        crop: JSON: left, top, right, bottom of what the network saw.
        digest: SHA-256 of the rows.
        rows: float32, little-endian, (frames, width).
        at: ISO 8601 with the offset from UTC.
    """

    clip: str
    model: str
    preprocessing: str
    crop: str
    frames: int
    width: int
    digest: str
    rows: bytes
    at: str


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


def insert(connection: sqlite3.Connection, table: str, row: Mapping[str, object]) -> int | None:
    """Add a row, and return its number; None where the table has it."""
    places = ", ".join("?" for _ in row)
    added = connection.execute(
        f"INSERT OR IGNORE INTO {table} ({', '.join(row)}) VALUES ({places})", tuple(row.values())
    )
    return added.lastrowid if added.rowcount == 1 else None


def insert_reading(connection: sqlite3.Connection, reading: KeptReading, recorded: trail.Deed | None = None) -> bool:
    """Add a reading with its entry of the trail and the views that studies are found by; False where it is kept."""
    row = of_reading(reading)
    number = insert(connection, "readings", {**row, "uid": trail.new_uid()})
    if number is None:
        return False
    know_study(connection, str(row["study"]), reading.at)
    know_clip(connection, reading.clip_key, str(row["study"]), reading.at, is_open=recorded is None)
    said = json.loads(reading.json)
    seen_views.keep(connection, reading.clip_key, seen_views.views_in(said) if isinstance(said, dict) else ())
    deed = recorded or trail.Deed(trail.What.READING, "", reading.at)
    trail.record(connection, replace(deed, about=number))
    return True


def insert_mask(connection: sqlite3.Connection, mask: KeptMask, recorded: trail.Deed | None = None) -> None:
    """Add the mask of a copy with its entry of the trail."""
    row = {"clip": mask.clip_key, "who": storable(mask.who), "at": mask.at, "json": mask.json, "uid": mask.uid}
    number = insert(connection, "masks", row)
    deed = recorded or trail.Deed(trail.What.MASK, storable(mask.who), mask.at)
    trail.record(connection, replace(deed, about=number))


def insert_embeddings(connection: sqlite3.Connection, embeddings: KeptEmbeddings) -> bool:
    """Add the embeddings of a clip; False where those of the same model, preprocessing and crop are kept."""
    return insert(connection, "embeddings", asdict(embeddings)) is not None


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


def embeddings(connection: sqlite3.Connection, clip_key: str) -> tuple[KeptEmbeddings, ...]:
    """Return the embeddings of a clip that are kept."""
    names = ", ".join(field.name for field in fields(KeptEmbeddings))
    rows = connection.execute(f"SELECT {names} FROM embeddings WHERE clip = ? ORDER BY at", (clip_key,))
    return tuple(KeptEmbeddings(*row) for row in rows)

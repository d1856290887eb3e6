"""What a person did: each act stays, beside the notes that it made."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from fetalclip_app.archive import notes_json
from fetalclip_app.archive.database import storable
from fetalclip_app.domain.notes import Act

STUDY, CLIP = "study", "clip"
"""Kinds of notes, as they stand in the file."""


@dataclass(frozen=True, slots=True)
class KeptAct:
    """One act as it stands in the archive.

    Attributes:
        at: ISO 8601 with the offset from UTC.
        kind: ``study`` or ``clip``.
        key: Of that study or clip.
        before, after: JSON of the fields that changed.
    """

    who: str
    at: str
    kind: str
    key: str
    study: str
    before: str
    after: str


def every(connection: sqlite3.Connection) -> tuple[KeptAct, ...]:
    """Return every act, the oldest first."""
    rows = connection.execute("SELECT who, at, kind, key, study, before, after FROM acts ORDER BY number")
    return tuple(KeptAct(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class Kept:
    """Notes to be kept, as JSON.

    Attributes:
        place: Kind and key.
        known: What they were made of; None where nobody looked at what is kept.
    """

    place: tuple[str, str]
    study: str
    text: str
    known: str | None


def keep_notes(connection: sqlite3.Connection, kept: Kept, act: Act) -> None:
    """Put notes in the place of those before, with the act that made them so.

    What another program kept there since these were looked at stays, where this act did not change the same.
    """
    place, study, text = kept.place, kept.study, kept.text
    kind, key = place
    row = connection.execute("SELECT json FROM notes WHERE kind = ? AND key = ?", place).fetchone()
    if row is not None and kept.known is not None and row[0] != kept.known:
        text = notes_json.joined(kept.known, text, row[0])
    before, after = notes_json.changed(None if row is None else row[0], text)
    if after == notes_json.NOTHING:
        return
    at = act.when.isoformat()
    connection.execute("INSERT OR IGNORE INTO studies (key, first_kept) VALUES (?, ?)", (study, at))
    if kind == CLIP:
        connection.execute(
            "INSERT INTO clips (key, study, first_kept) VALUES (?, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET study = excluded.study",
            (key, study, at),
        )
    connection.execute("INSERT OR REPLACE INTO notes (kind, key, json) VALUES (?, ?, ?)", (*place, text))
    connection.execute(
        "INSERT INTO acts (who, at, kind, key, study, before, after) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (storable(act.who), at, *place, study, before, after),
    )

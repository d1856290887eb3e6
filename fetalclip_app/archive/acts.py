"""What a person did: each act stays, beside the notes that it made."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from fetalclip_app.archive import notes_json, trail
from fetalclip_app.archive.database import storable
from fetalclip_app.domain.notes import Act

STUDY, CLIP = "study", "clip"
"""Kinds of notes, as they stand in the file."""


_COLUMNS = "uid, who, at, kind, key, study, before, after"


@dataclass(frozen=True, slots=True)
class KeptAct:
    """One act as it stands in the archive.

    Attributes:
        uid: Tells it from every other, also in another archive; 32 hex digits.
        at: ISO 8601 with the offset from UTC.
        kind: ``study`` or ``clip``.
        key: Of that study or clip.
        before, after: JSON of the fields that changed.
    """

    uid: str
    who: str
    at: str
    kind: str
    key: str
    study: str
    before: str
    after: str


def every(connection: sqlite3.Connection) -> tuple[KeptAct, ...]:
    """Return every act, the oldest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM acts ORDER BY number")
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
    know_study(connection, study, at)
    if kind == CLIP:
        know_clip(connection, key, study, at)
    connection.execute("INSERT OR REPLACE INTO notes (kind, key, json) VALUES (?, ?, ?)", (*place, text))
    add(connection, KeptAct(trail.new_uid(), storable(act.who), at, *place, study, before, after))


def add(connection: sqlite3.Connection, act: KeptAct, recorded: trail.Deed | None = None) -> None:
    """Add an act, and the entry of the trail that speaks of it: by whom and when it was done, or as ``recorded``."""
    number = connection.execute(
        "INSERT INTO acts (uid, who, at, kind, key, study, before, after) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (act.uid, act.who, act.at, act.kind, act.key, act.study, act.before, act.after),
    ).lastrowid
    deed = recorded or trail.Deed(trail.What.ACT, act.who, act.at)
    trail.record(connection, replace(deed, about=number))


def know_study(connection: sqlite3.Connection, study: str, at: str) -> None:
    """Note that something of a study is kept."""
    connection.execute("INSERT OR IGNORE INTO studies (key, first_kept) VALUES (?, ?)", (study, at))


def know_clip(connection: sqlite3.Connection, clip: str, study: str, at: str, *, is_open: bool = True) -> None:
    """Note that something of a clip is kept, and the study that it was open in last.

    Args:
        is_open: In this study, now; else it stays with the study that it is known of.
    """
    moved = "DO UPDATE SET study = excluded.study" if is_open else "DO NOTHING"
    connection.execute(
        f"INSERT INTO clips (key, study, first_kept) VALUES (?, ?, ?) ON CONFLICT (key) {moved}", (clip, study, at)
    )


def of_study(connection: sqlite3.Connection, study: str) -> tuple[KeptAct, ...]:
    """Return the acts on a study and on the clips that are its, the oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM acts WHERE (kind = '{STUDY}' AND key = ?) "
        f"OR (kind = '{CLIP}' AND key IN (SELECT key FROM clips WHERE study = ?)) ORDER BY number",
        (study, study),
    )
    return tuple(KeptAct(*row) for row in rows)


def of_place(connection: sqlite3.Connection, kind: str, key: str) -> tuple[KeptAct, ...]:
    """Return the acts on one study or clip, the oldest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM acts WHERE kind = ? AND key = ? ORDER BY number", (kind, key))
    return tuple(KeptAct(*row) for row in rows)


def result_of(done: Iterable[KeptAct]) -> dict[str, Any]:
    """Return the notes that acts come to, one after the other: each says what its fields were from then on."""
    fields: dict[str, Any] = {}
    for act in done:
        fields.update(json.loads(act.after))
    return fields

"""Whose a study is and where its files lie: what studies are found by, in tables of their own that may be emptied.

Nothing else in the archive names a patient (but a folder's name may). These tables are no part of the trail.
"""

from __future__ import annotations

import sqlite3

from fetalclip_app.archive import acts
from fetalclip_app.archive.database import storable
from fetalclip_app.domain.kept import KeptNames, Place


def remember(connection: sqlite3.Connection, names: KeptNames, place: Place | None) -> None:
    """Note names and place in the place of those before; the study, and the clip where one is placed, count as kept."""
    study, at = storable(names.study), names.last_open
    acts.know_study(connection, study, at)
    put_names(connection, names)
    if place is not None:
        acts.know_clip(connection, place.clip, study, at)
        put_place(connection, place, study, at)


def put_place(connection: sqlite3.Connection, place: Place, study: str, at: str) -> None:
    """Note where a clip's file lies."""
    connection.execute(
        "INSERT OR REPLACE INTO places (clip, study, path, last_open) VALUES (?, ?, ?, ?)",
        (place.clip, study, storable(place.path), at),
    )


def put_names(connection: sqlite3.Connection, names: KeptNames) -> None:
    """Note whose a study is."""
    said = (names.study, names.patient_name, names.patient_id, names.day, names.description, names.last_open)
    connection.execute(
        "INSERT OR REPLACE INTO names (study, patient_name, patient_id, day, description, last_open) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        tuple(storable(text) for text in said),
    )


def of_study(connection: sqlite3.Connection, study: str) -> KeptNames | None:
    """Return whose a study is; None where that is not kept."""
    row = connection.execute(
        "SELECT study, patient_name, patient_id, day, description, last_open FROM names WHERE study = ?", (study,)
    ).fetchone()
    return None if row is None else KeptNames(*row)


def places_of(connection: sqlite3.Connection, study: str) -> tuple[Place, ...]:
    """Return where the files of a study lay, those that were open last first."""
    rows = connection.execute("SELECT clip, path FROM places WHERE study = ? ORDER BY last_open DESC, path", (study,))
    return tuple(Place(*row) for row in rows)


def forget(connection: sqlite3.Connection) -> int:
    """Take all names and places away, and return of how many studies; `deleting.overwrite` comes after it."""
    (count,) = connection.execute("SELECT count(*) FROM names").fetchone()
    connection.execute("DELETE FROM names")
    connection.execute("DELETE FROM places")
    return int(count)

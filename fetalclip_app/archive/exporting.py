"""Gathers what is kept of a study, and hands it to one file."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fetalclip_app import __version__
from fetalclip_app.archive import acts, names, study_file, study_records, trail
from fetalclip_app.archive.acts import CLIP, STUDY
from fetalclip_app.archive.database import opened, storable, told
from fetalclip_app.archive.handed_out import FileKind, HandedOut, handed_out
from fetalclip_app.archive.study_file import Source
from fetalclip_app.archive.study_records import Clip, Manifest, Mask, Notes, Reading, Records, Rows, ViewSet
from fetalclip_app.domain.kept import Exported, Place
from fetalclip_app.domain.notes import Act
from fetalclip_app.errors import ArchiveFailed, ErrorCode, UnreadableFile
from fetalclip_app.imaging.files.content import KeyedContent
from fetalclip_app.imaging.files.finding import content_at
from fetalclip_app.imaging.guard import reading


@dataclass(frozen=True, slots=True)
class Wanted:
    """What goes into the file besides what a person and the model said."""

    names: bool = False
    pictures: bool = False


def export(archive: Path, study: str, target: Path, act: Act, wanted: Wanted = Wanted()) -> Exported:
    """Write a study's file, whole or not at all.

    Raises:
        ArchiveFailed: The archive cannot be read; STUDY_NOT_KEPT, ARCHIVE_MISSING.
        ExportFailed: The file cannot be written.
        UnreadableFile: A picture changed while it was copied.
    """
    if not archive.exists():
        raise ArchiveFailed(ErrorCode.ARCHIVE_MISSING, name=str(archive))
    connection = opened(archive)
    try:
        with told(archive):
            connection.execute("BEGIN")  # one reading of the archive, whatever is written meanwhile
            records, contents = _gathered(connection, storable(study), wanted)
            places = names.places_of(connection, storable(study)) if wanted.pictures else ()
            head = trail.head(connection)
            connection.rollback()
    finally:
        connection.close()
    pictures = _pictures(places)
    clips = tuple(
        one.model_copy(update={"picture": pictures[one.key][0]}) if one.key in pictures else one
        for one in records.clips
    )
    missing = tuple(one.key for one in clips if not one.picture) if wanted.pictures else ()
    manifest = Manifest(
        format=study_records.FORMAT,
        version=study_records.VERSION,
        app_version=__version__,
        made_at=act.when.isoformat(),
        made_by=storable(act.who),
        study=records.study,
        trail_entries=head.number,
        trail_hash=head.hash,
        missing_pictures=missing,
        files={},
    )
    sources = tuple(Source(name, clip, content.open) for clip, (name, content) in pictures.items())
    study_file.write(target, records.model_copy(update={"clips": clips}), contents, sources, manifest)
    return Exported(len(clips), len(records.acts), len(records.readings), len(pictures), missing)


def as_handed_out(exported: Exported, target: Path) -> HandedOut:
    """Return what is to be recorded of a study's file.

    Raises:
        ExportFailed: It cannot be read back.
    """
    counts = {"clips": exported.clips, "acts": exported.acts, "pictures": exported.pictures}
    return handed_out(target, FileKind.STUDY, **counts)


_OF_STUDY = "clip IN (SELECT key FROM clips WHERE study = ?)"


def _gathered(connection: sqlite3.Connection, study: str, wanted: Wanted) -> tuple[Records, Mapping[str, bytes]]:
    known = connection.execute("SELECT first_kept FROM studies WHERE key = ?", (study,)).fetchone()
    if known is None:
        raise ArchiveFailed(ErrorCode.STUDY_NOT_KEPT)
    clips = connection.execute("SELECT key, first_kept FROM clips WHERE study = ? ORDER BY key", (study,))
    notes = connection.execute(
        "SELECT kind, key, json FROM notes WHERE (kind = ? AND key = ?) "
        "OR (kind = ? AND key IN (SELECT key FROM clips WHERE study = ?)) ORDER BY kind, key",
        (STUDY, study, CLIP, study),
    )
    contents: dict[str, bytes] = {}
    readings = []
    for clip, of, at, model, digest, content in connection.execute(
        f"SELECT clip, study, at, model, digest, json FROM readings WHERE {_OF_STUDY} ORDER BY number", (study,)
    ):
        readings.append(Reading(clip=clip, study=of, at=at, model=model, digest=digest))
        contents[study_records.reading_entry(digest)] = zlib.decompress(content)
    used = {sha for content in contents.values() for sha in _view_sets_of(json.loads(content))}
    view_sets = []
    for sha256, name, content, first_used in connection.execute(
        "SELECT sha256, name, content, first_used FROM view_sets ORDER BY sha256"
    ):
        if sha256 in used:
            view_sets.append(ViewSet(sha256=sha256, name=name, first_used=first_used))
            contents[study_records.view_set_entry(sha256)] = content
    rows = []
    for *about, content in connection.execute(
        "SELECT clip, model, preprocessing, crop, frames, width, digest, at, rows FROM embeddings "
        f"WHERE {_OF_STUDY} ORDER BY clip, digest",
        (study,),
    ):
        rows.append(Rows(**dict(zip(Rows.model_fields, about, strict=True))))
        contents[study_records.rows_entry(rows[-1].digest)] = content
    masks = connection.execute(
        f"SELECT uid, clip, who, at, json FROM masks WHERE {_OF_STUDY} ORDER BY number", (study,)
    )
    records = Records(
        study=study,
        first_kept=known[0],
        clips=tuple(Clip(key=key, first_kept=at) for key, at in clips),
        notes=tuple(Notes(kind=kind, key=key, json_text=text) for kind, key, text in notes),
        acts=acts.of_study(connection, study),
        readings=tuple(readings),
        masks=tuple(Mask(**dict(zip(Mask.model_fields, row, strict=True))) for row in masks),
        view_sets=tuple(view_sets),
        embeddings=tuple(rows),
        names=names.of_study(connection, study) if wanted.names else None,
    )
    return records, contents


def _view_sets_of(reading: object) -> set[str]:
    provenance = reading.get("provenance") if isinstance(reading, dict) else None
    used = provenance.get("view_sets") if isinstance(provenance, dict) else None
    return {one["sha256"] for one in used.values()} if isinstance(used, dict) else set()


def _pictures(places: tuple[Place, ...]) -> dict[str, tuple[str, KeyedContent]]:
    """Return clip -> entry and content, of those that still lie where the archive knows them, as they were."""
    found: dict[str, tuple[str, KeyedContent]] = {}
    for place in places:
        if place.clip in found:
            continue
        path = Path(place.path)
        try:
            with reading(path):
                content = content_at(path)
            if content.key().digits() == place.clip:
                entry = f"{study_records.PICTURES}/{place.clip}{path.suffix.lower()}"
                found[place.clip] = entry, content
        except UnreadableFile:
            continue
    return found

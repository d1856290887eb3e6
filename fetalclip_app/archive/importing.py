"""Takes a study's file into the archive: nothing that is kept is lost, and the same file once more changes nothing."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from fetalclip_app.archive import acts, names, notes_json, records, study_file, study_records, trail
from fetalclip_app.archive.acts import CLIP, STUDY, KeptAct
from fetalclip_app.archive.database import storable
from fetalclip_app.archive.records import KeptEmbeddings, KeptMask, KeptReading
from fetalclip_app.archive.store import Archive
from fetalclip_app.archive.study_file import StudyFile
from fetalclip_app.archive.trail import Deed, What
from fetalclip_app.domain.kept import Imported, Place
from fetalclip_app.domain.notes import Act, ClipNotes, StudyNotes
from fetalclip_app.errors import ArchiveFailed, ErrorCode

_KINDS = {STUDY: StudyNotes, CLIP: ClipNotes}


def read(path: Path) -> StudyFile:
    """Return a study's file, found whole, with notes and acts that this program understands.

    Raises:
        ArchiveFailed: STUDY_FILE_DAMAGED, STUDY_FILE_NEWER.
    """
    file = study_file.read(path)
    try:
        _look_through(file)
    except (ArchiveFailed, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArchiveFailed(ErrorCode.STUDY_FILE_DAMAGED, name=path.name, problem=study_records.RECORDS) from error
    return file


def take_in(
    archive: Archive, file: StudyFile, act: Act, folder: Path | None, *, with_names: bool
) -> tuple[Imported, tuple[Path, ...]]:
    """Write a study's scans into a folder, where one is given, and add what is new; return also where the scans lie.

    The scans come first: an archive that names places has them, and one that took the study has its scans.

    Args:
        with_names: Whose the study is, where the file says so, and where its scans lie, is noted too.

    Raises:
        ExportFailed: The folder cannot be written to; nothing was added.
        ArchiveFailed: It cannot be written.
    """
    pictures = study_file.unpack(file, folder) if folder is not None and file.pictures else ()

    def work(connection: sqlite3.Connection) -> Imported:
        imported = merge(connection, file, act, with_names=with_names)
        if with_names:
            for clip, picture in zip(file.pictures.values(), pictures, strict=False):
                place = Place(clip, str(picture.absolute()))
                names.put_place(connection, place, file.records.study, act.when.isoformat())
        return imported

    return archive.do(work), pictures


def merge(connection: sqlite3.Connection, file: StudyFile, act: Act, *, with_names: bool = True) -> Imported:
    """Add what is not kept yet, inside the caller's transaction.

    Acts keep who and when; notes that both sides changed are put together act by act, in the order of their moments.

    Args:
        with_names: Whose the study is, where the file says so, is noted too.
    """
    held, at = file.records, act.when.isoformat()
    merging = _Merging(connection, file, Deed(What.ACT, storable(act.who), at))
    acts.know_study(connection, held.study, held.first_kept)
    for clip in held.clips:
        acts.know_clip(connection, clip.key, held.study, clip.first_kept, is_open=False)
    view_sets = merging.view_sets()
    readings = merging.readings()
    masks = merging.masks()
    embeddings = merging.embeddings()
    new, joined = merging.acts()
    imported = Imported(held.study, new, readings, masks, view_sets, embeddings, joined)
    if with_names and held.names is not None and names.of_study(connection, held.study) is None:
        names.put_names(connection, held.names)
    if not imported.is_nothing:
        details = {"acts": new, "readings": readings, "trail_hash": file.manifest.trail_hash}
        digest = hashlib.sha256(file.manifest.model_dump_json().encode()).hexdigest()
        trail.record(connection, Deed(What.IMPORTED, storable(act.who), at, digest=digest, details=details))
    return imported


@dataclass(frozen=True, slots=True)
class _Merging:
    """One import. ``deed`` has who does it, and when."""

    connection: sqlite3.Connection
    file: StudyFile
    deed: Deed

    def view_sets(self) -> int:
        added = 0
        for one in self.file.records.view_sets:
            content = self.file.contents[study_records.view_set_entry(one.sha256)]
            row = records.of_view_set(one.name, content, datetime.fromisoformat(one.first_used))
            added += records.insert(self.connection, "view_sets", row) is not None
        return added

    def readings(self) -> int:
        added = 0
        for one in self.file.records.readings:
            text = self.file.contents[study_records.reading_entry(one.digest)].decode()
            reading = KeptReading(one.clip, one.study, one.at, one.model, text)
            deed = replace(self.deed, what=What.READING)
            added += records.insert_reading(self.connection, reading, deed)
        return added

    def masks(self) -> int:
        known = {uid for (uid,) in self.connection.execute("SELECT uid FROM masks")}
        new = [one for one in self.file.records.masks if one.uid not in known]
        for one in new:
            mask = KeptMask(one.uid, one.clip, one.who, one.at, one.json_text)
            records.insert_mask(self.connection, mask, replace(self.deed, what=What.MASK))
        return len(new)

    def embeddings(self) -> int:
        added = 0
        for one in self.file.records.embeddings:
            rows = self.file.contents[study_records.rows_entry(one.digest)]
            added += records.insert_embeddings(self.connection, KeptEmbeddings(**one.model_dump(), rows=rows))
        return added

    def acts(self) -> tuple[int, int]:
        """Add the acts that are new; return how many, and of how many places the notes were put together."""
        new: dict[tuple[str, str], list[KeptAct]] = defaultdict(list)
        for one in self.file.records.acts:
            if self.connection.execute("SELECT 1 FROM acts WHERE uid = ?", (one.uid,)).fetchone() is None:
                new[one.kind, one.key].append(one)
        joined = sum(self._place(kind, key, these) for (kind, key), these in new.items())
        return sum(len(these) for these in new.values()), joined

    def _place(self, kind: str, key: str, new: Sequence[KeptAct]) -> bool:
        """Add the acts on one study or clip, and put its notes in order; return whether there were others."""
        kept = acts.of_place(self.connection, kind, key)
        together = json.loads(_together([*kept, *new])) if kept else acts.result_of(new)
        for one in new:
            acts.add(self.connection, one, self.deed)
        plain = acts.result_of([*kept, *new])
        if together != plain:  # what both sides changed: by an act of its own, so that the acts come to the notes
            before, after = notes_json.changed(json.dumps(plain), json.dumps(together))
            who, at = self.deed.who, self.deed.at
            study = self.file.records.study
            acts.add(self.connection, KeptAct(trail.new_uid(), who, at, kind, key, study, before, after))
        text = json.dumps(together, ensure_ascii=False, separators=(",", ":"))
        self.connection.execute("INSERT OR REPLACE INTO notes (kind, key, json) VALUES (?, ?, ?)", (kind, key, text))
        return bool(kept)


def _together(done: Sequence[KeptAct]) -> str:
    """Return the notes that acts of two archives come to: entry by entry, the later over the earlier."""
    state = untouched = notes_json.written(_KINDS[done[0].kind]())
    for act in sorted(done, key=lambda one: (datetime.fromisoformat(one.at), one.uid)):
        # The first act of an archive says all fields, those too that nobody touched.
        known = json.dumps({**json.loads(untouched), **json.loads(act.before)})
        state = notes_json.joined(known, act.after, state)
    return state


def _look_through(file: StudyFile) -> None:
    """Raise where the file's notes are not what its acts come to, or say what this program does not know."""
    held = file.records
    places = {(STUDY, held.study), *((CLIP, clip.key) for clip in held.clips)}
    done: dict[tuple[str, str], list[KeptAct]] = defaultdict(list)
    for act in held.acts:
        datetime.fromisoformat(act.at)
        done[act.kind, act.key].append(act)
    kept = {(one.kind, one.key): one.json_text for one in held.notes}
    if not set(done) <= places or set(kept) != set(done):
        raise ValueError("acts on what the file does not name")
    for place, text in kept.items():
        notes_json.read(_KINDS[place[0]], text)
        if json.loads(text) != acts.result_of(done[place]):
            raise ValueError("notes that the acts do not come to")
    clips = {clip.key for clip in held.clips}
    readings, masks, rows = ({one.clip for one in many} for many in (held.readings, held.masks, held.embeddings))
    if not readings | masks | rows <= clips:
        raise ValueError("of a clip that the file does not name")
    hashed = [(one.digest, study_records.reading_entry(one.digest)) for one in held.readings]
    hashed += [(one.digest, study_records.rows_entry(one.digest)) for one in held.embeddings]
    hashed += [(one.sha256, study_records.view_set_entry(one.sha256)) for one in held.view_sets]
    for digest, entry in hashed:
        if hashlib.sha256(file.contents[entry]).hexdigest() != digest:
            raise ValueError("a content under another hash")

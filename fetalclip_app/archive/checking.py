"""Whether the archive is whole: its pages, the chain of the trail, and that each content is what the trail says."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fetalclip_app.archive import anchor, schema, trail
from fetalclip_app.archive.database import connect, opened, told
from fetalclip_app.archive.trail import CONTENTS, Entry, What
from fetalclip_app.domain.kept import BEFORE_FIRST, Checked, Flaw, FlawKind, Head
from fetalclip_app.errors import ArchiveFailed, ErrorCode


def check(path: Path) -> Checked:
    """Look at every page, entry and content of an archive. Changes nothing, but brings an older file up to date.

    Raises:
        ArchiveFailed: It cannot be opened; ARCHIVE_MISSING where there is none.
    """
    if not path.exists():
        raise ArchiveFailed(ErrorCode.ARCHIVE_MISSING, name=str(path))
    connection = opened(path)
    try:
        with told(path):
            return check_open(connection, anchor.read(path))
    finally:
        connection.close()


def check_open(connection: sqlite3.Connection, anchored: Head | None) -> Checked:
    """Look at an archive that is open, in one reading of it.

    Raises:
        sqlite3.Error: It cannot be read to its end.
    """
    connection.execute("BEGIN")
    try:
        pages = tuple(_pages(connection))
        # Damaged pages are told as they are: what would be read from them says nothing.
        flaws = pages or tuple(_all(connection, anchored))
        counts = [] if pages else [_count(connection, name) for name in ("trail", "acts", "readings")]
        entries, acts, readings = counts or (0, 0, 0)
        return Checked(
            entries, Head() if pages else trail.head(connection), acts, readings, anchored is not None, flaws
        )
    finally:
        connection.rollback()


def _all(connection: sqlite3.Connection, anchored: Head | None) -> Iterator[Flaw]:
    yield from _tables(connection)
    yield from _chain(connection, anchored)
    yield from _contents(connection)
    yield from _deletions(connection)
    yield from _notes(connection)
    yield from _hashed(connection)


def _pages(connection: sqlite3.Connection) -> Iterator[Flaw]:
    for (said,) in connection.execute("PRAGMA integrity_check"):
        if said != "ok":
            yield Flaw(FlawKind.PAGES, where=str(said))


def _tables(connection: sqlite3.Connection) -> Iterator[Flaw]:
    query = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
    made = connect(Path(":memory:"))
    try:
        schema.migrate(made)
        wanted = dict(made.execute(query).fetchall())
    finally:
        made.close()
    found = dict(connection.execute(query).fetchall())
    for name in sorted({*wanted, *found}):
        if wanted.get(name) != found.get(name):
            yield Flaw(FlawKind.TABLES, where=str(name))


def _chain(connection: sqlite3.Connection, anchored: Head | None) -> Iterator[Flaw]:
    before, number = BEFORE_FIRST, 0
    for entry in trail.entries(connection):
        if entry.what == What.CUT:
            yield Flaw(FlawKind.CUT, entry.number)
        elif entry.number != number + 1:
            yield Flaw(FlawKind.GAP, entry.number)
        if entry.hash != entry.hash_after(before):
            yield Flaw(FlawKind.HASH, entry.number)
        before, number = entry.hash, entry.number
    if trail.is_cut(connection, anchored):
        yield Flaw(FlawKind.CUT, where=f"{number} < {anchored.number if anchored is not None else '?'}")


def _contents(connection: sqlite3.Connection) -> Iterator[Flaw]:
    erased = {entry for (entry,) in connection.execute("SELECT entry FROM erased")}
    known: dict[str, set[int]] = defaultdict(set)
    for entry in trail.entries(connection):
        if entry.about is None or entry.what not in CONTENTS:
            continue
        known[entry.what].add(entry.about)
        digest = trail.content_digest(connection, What(entry.what), entry.about)
        if digest is None and entry.number not in erased:
            yield Flaw(FlawKind.LOST, entry.number, _where(entry))
        elif digest is not None and digest != entry.digest:
            yield Flaw(FlawKind.CHANGED, entry.number, _where(entry), _key(connection, entry))
    for what, content in CONTENTS.items():
        for (number,) in connection.execute(f"SELECT number FROM {content.table} ORDER BY number"):
            if number not in known[what]:
                yield Flaw(FlawKind.UNRECORDED, where=f"{content.table} {number}")


def _deletions(connection: sqlite3.Connection) -> Iterator[Flaw]:
    told = {entry.number: entry for entry in trail.entries(connection) if entry.what == What.DELETED}
    for deletion in sorted({number for (number,) in connection.execute("SELECT deletion FROM erased")} | set(told)):
        entry = told.get(deletion)
        if entry is None or entry.digest != erased_digest(connection, deletion):
            yield Flaw(FlawKind.DELETION, deletion)
    rows = connection.execute(
        "SELECT number, at, who, what, about, digest, details, hash FROM trail JOIN erased ON entry = number"
    )
    for entry in [Entry(*row) for row in rows]:
        if entry.about is not None and entry.what in CONTENTS and _stands(connection, entry):
            yield Flaw(FlawKind.DELETION, entry.number, _where(entry))


def erased_digest(connection: sqlite3.Connection, deletion: int) -> str:
    """Return the digest over everything that one deletion took: which entries, and what they were about."""
    return trail.digest_of(
        [
            list(row)
            for row in connection.execute(
                "SELECT number, digest FROM erased JOIN trail ON entry = number WHERE deletion = ? ORDER BY number",
                (deletion,),
            )
        ]
    )


def _notes(connection: sqlite3.Connection) -> Iterator[Flaw]:
    acted: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for kind, key, after in connection.execute("SELECT kind, key, after FROM acts ORDER BY number"):
        acted[kind, key].update(_parsed(after) or {})
    kept = {(kind, key): text for kind, key, text in connection.execute("SELECT kind, key, json FROM notes")}
    for kind, key in sorted(set(acted) | set(kept)):
        text = kept.get((kind, key))
        if text is None or _parsed(text) != acted.get((kind, key)):
            yield Flaw(FlawKind.NOTES, where=kind, key=key)


def _hashed(connection: sqlite3.Connection) -> Iterator[Flaw]:
    for number, clip, digest, content in connection.execute("SELECT number, clip, digest, json FROM readings"):
        if _inflated_digest(content) != digest:
            yield Flaw(FlawKind.READING, where=f"readings {number}", key=clip)
    for sha256, content in connection.execute("SELECT sha256, content FROM view_sets"):
        if hashlib.sha256(content).hexdigest() != sha256:
            yield Flaw(FlawKind.READING, where=f"view_sets {sha256[:8]}")
    for clip, digest, rows in connection.execute("SELECT clip, digest, rows FROM embeddings"):
        if hashlib.sha256(rows).hexdigest() != digest:
            yield Flaw(FlawKind.READING, where="embeddings", key=clip)


def _inflated_digest(content: bytes) -> str:
    try:
        return hashlib.sha256(zlib.decompress(content)).hexdigest()
    except zlib.error:
        return ""


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _where(entry: Entry) -> str:
    return f"{CONTENTS[What(entry.what)].table} {entry.about}"


def _stands(connection: sqlite3.Connection, entry: Entry) -> bool:
    return trail.content_digest(connection, What(entry.what), entry.about or 0) is not None


def _key(connection: sqlite3.Connection, entry: Entry) -> str:
    content = CONTENTS[What(entry.what)]
    name = "key" if "key" in content.columns else "clip"
    (key,) = connection.execute(f"SELECT {name} FROM {content.table} WHERE number = ?", (entry.about,)).fetchone()
    return str(key)


def _count(connection: sqlite3.Connection, table: str) -> int:
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(count)

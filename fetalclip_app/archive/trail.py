"""The audit trail: what was done, entry by entry, each bound to the one before it by a hash.

An entry holds a digest of what it is about, and not the content: that may be deleted for good, and the chain still
holds. Contents bear a random name (``uid``), so that nothing can be guessed from a digest.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fetalclip_app.domain.kept import Head


class What(StrEnum):
    """What an entry of the trail is about."""

    BEGUN = "begun"
    """The trail was begun over what a program without one had kept."""
    ACT = "act"
    READING = "reading"
    MASK = "mask"
    EXPORTED = "exported"
    IMPORTED = "imported"
    DELETED = "deleted"
    CUT = "cut"
    """Entries were found to be missing at the end, where the program was opened."""


@dataclass(frozen=True, slots=True)
class Content:
    """A table whose rows the trail speaks of, and the columns that its digest is over."""

    table: str
    columns: tuple[str, ...]


CONTENTS: dict[What, Content] = {
    What.ACT: Content("acts", ("uid", "who", "at", "kind", "key", "study", "before", "after")),
    What.READING: Content("readings", ("uid", "clip", "study", "at", "model", "digest")),
    What.MASK: Content("masks", ("uid", "clip", "who", "at", "json")),
}


@dataclass(frozen=True, slots=True)
class Deed:
    """What is to be recorded.

    Attributes:
        at: ISO 8601 with the offset from UTC.
        about: Number of the row of the table that `CONTENTS` names; None where it is about none.
        details: Counts and hashes; nothing of a patient, since entries are never deleted.
    """

    what: What
    who: str
    at: str
    about: int | None = None
    digest: str = ""
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the trail, as it stands in the file."""

    number: int
    at: str
    who: str
    what: str
    about: int | None
    digest: str
    details: str
    hash: str

    def hash_after(self, before: str) -> str:
        """Return the hash that this entry must have where the one before it has ``before``."""
        row = [self.number, self.at, self.who, self.what, self.about, self.digest, self.details, before]
        return digest_of(row)


def new_uid() -> str:
    """Return a name that no other content bears, and nobody guesses: 32 hex digits."""
    return secrets.token_hex(16)


def digest_of(row: Iterable[object]) -> str:
    """Return the SHA-256 of a row's canonical form: a JSON list without spaces, in UTF-8."""
    text = json.dumps(list(row), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def content_digest(connection: sqlite3.Connection, what: What, number: int) -> str | None:
    """Return the digest of a content as it stands now; None where there is none."""
    content = CONTENTS[what]
    names = ", ".join(content.columns)
    row = connection.execute(f"SELECT {names} FROM {content.table} WHERE number = ?", (number,)).fetchone()
    return None if row is None else digest_of(row)


def record(connection: sqlite3.Connection, deed: Deed) -> int:
    """Add an entry at the end, and return its number. Inside the transaction that does what it tells of."""
    digest = deed.digest
    if deed.about is not None:
        digest = content_digest(connection, deed.what, deed.about) or ""
    before, number = head(connection), next_number(connection)
    details = json.dumps(dict(deed.details), ensure_ascii=False, separators=(",", ":"))
    entry = Entry(number, deed.at, deed.who, str(deed.what), deed.about, digest, details, "")
    connection.execute(
        "INSERT INTO trail (number, at, who, what, about, digest, details, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (number, entry.at, entry.who, entry.what, entry.about, digest, details, entry.hash_after(before.hash)),
    )
    return number


def next_number(connection: sqlite3.Connection) -> int:
    """Return the number of the entry that is added next: none is given twice."""
    return max(head(connection).number, _counted(connection)) + 1


def head(connection: sqlite3.Connection) -> Head:
    """Return the last entry's number and hash."""
    row = connection.execute("SELECT number, hash FROM trail ORDER BY number DESC LIMIT 1").fetchone()
    return Head() if row is None else Head(*row)


def entries(connection: sqlite3.Connection) -> Iterable[Entry]:
    """Return every entry, the first first."""
    rows = connection.execute("SELECT number, at, who, what, about, digest, details, hash FROM trail ORDER BY number")
    return (Entry(*row) for row in rows)


def holds(connection: sqlite3.Connection, known: Head) -> bool:
    """Whether the trail still has the entry that was once its last."""
    if known == Head():
        return True
    row = connection.execute("SELECT hash FROM trail WHERE number = ?", (known.number,)).fetchone()
    return row is not None and row[0] == known.hash


def is_cut(connection: sqlite3.Connection, anchored: Head | None) -> bool:
    """Whether entries are missing at the end: the table has counted further, or the anchor's entry is not there."""
    counted_on = _counted(connection) > head(connection).number
    return counted_on or (anchored is not None and not holds(connection, anchored))


def begin(connection: sqlite3.Connection) -> None:
    """Record what a program without a trail kept: each content by an entry of its own, and how many there were."""
    counts: dict[str, object] = {}
    for content in CONTENTS.values():
        (count,) = connection.execute(f"SELECT count(*) FROM {content.table}").fetchone()
        counts[content.table] = count
    if not any(counts.values()):
        return
    moment = _last_moment(connection)
    record(connection, Deed(What.BEGUN, "", moment, details=counts))
    for what, content in CONTENTS.items():
        who = "who" if "who" in content.columns else "''"
        for number, at, by in connection.execute(
            f"SELECT number, at, {who} FROM {content.table} ORDER BY number"
        ).fetchall():
            record(connection, Deed(what, by, at, number))


def named(connection: sqlite3.Connection) -> None:
    """Give what an older program kept its names: by its content, so that two copies of one archive agree."""
    for content in CONTENTS.values():
        plain = [name for name in content.columns if name != "uid"]
        for number, *row in connection.execute(f"SELECT number, {', '.join(plain)} FROM {content.table}").fetchall():
            connection.execute(f"UPDATE {content.table} SET uid = ? WHERE number = ?", (digest_of(row)[:32], number))


def _last_moment(connection: sqlite3.Connection) -> str:
    moments = [
        row[0]
        for content in CONTENTS.values()
        if (row := connection.execute(f"SELECT max(at) FROM {content.table}").fetchone()) and row[0]
    ]
    return max(moments, default="")


def _counted(connection: sqlite3.Connection) -> int:
    """Return the highest number that SQLite knows to have given, be its entry there or not."""
    sequence = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'trail'").fetchone()
    return int(sequence[0]) if sequence else 0

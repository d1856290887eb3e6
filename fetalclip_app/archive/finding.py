"""Finds studies by name, day, view and free text, in what is kept of them."""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fetalclip_app.archive.acts import CLIP, STUDY
from fetalclip_app.archive.database import opened, told
from fetalclip_app.domain.kept import FoundStudy, KeptNames, Query
from fetalclip_app.errors import UnreadableFile
from fetalclip_app.imaging.files.finding import content_at
from fetalclip_app.imaging.guard import reading


def find(path: Path, query: Query) -> tuple[FoundStudy, ...]:
    """Return the studies that fit, the last worked with first; none where there is no archive.

    Raises:
        ArchiveFailed: It cannot be read.
    """
    return search(path, query)[0]


def search(path: Path, query: Query) -> tuple[tuple[FoundStudy, ...], tuple[str, ...]]:
    """Return the same, and the keys of the views that any study has.

    Raises:
        ArchiveFailed: It cannot be read.
    """
    if not path.exists():
        return (), ()
    connection = opened(path)
    try:
        with told(path):
            gathered = _gathered(connection)
    finally:
        connection.close()
    fitting = [one.found() for one in gathered.values() if _fits(one, query)]
    views = {view for one in gathered.values() for view in one.views}
    return tuple(sorted(fitting, key=lambda one: (one.last_done, one.key), reverse=True)), tuple(sorted(views))


def those_there(places: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Return which files lie where they lay, and which do not; of a drive that is slow or gone this takes a while."""
    there: list[Path] = []
    gone: list[Path] = []
    for path in places:
        try:
            with reading(path):
                content_at(path)
        except UnreadableFile:
            gone.append(path)
        else:
            there.append(path)
    return there, gone


def plain(text: str) -> str:
    """Return a text as it is compared: small letters, without accents."""
    return "".join(one for one in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(one))


@dataclass(slots=True)
class _Gathered:
    """What is known of one study while it is put together."""

    key: str
    first_done: str
    names: KeptNames | None = None
    stated_day: str = ""
    last_done: str = ""
    clips: set[str] = field(default_factory=set)
    views: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    days: set[str] = field(default_factory=set)
    places: dict[str, Path] = field(default_factory=dict)
    acts: int = 0
    readings: int = 0

    @property
    def day(self) -> str:
        return (self.names.day if self.names is not None else "") or self.stated_day

    def done(self, at: str) -> None:
        self.last_done = max(self.last_done, at)
        self.days.add(at[:10])

    def found(self) -> FoundStudy:
        return FoundStudy(
            self.key,
            self.names,
            self.day,
            len(self.clips),
            tuple(sorted(self.views)),
            self.acts,
            self.readings,
            self.first_done,
            self.last_done,
            tuple(self.places.values()),
        )


def _gathered(connection: sqlite3.Connection) -> dict[str, _Gathered]:
    found = {key: _Gathered(key, at) for key, at in connection.execute("SELECT key, first_kept FROM studies")}
    of_clip: dict[str, _Gathered] = {}
    for clip, study in connection.execute("SELECT key, study FROM clips"):
        if study in found:
            found[study].clips.add(clip)
            of_clip[clip] = found[study]
    for one in found.values():
        one.done(one.first_done)
    _add_acts(connection, found)
    for clip, at in connection.execute("SELECT clip, at FROM readings"):
        if clip in of_clip:
            of_clip[clip].readings += 1
            of_clip[clip].done(at)
    for clip, view in connection.execute("SELECT clip, view FROM seen_views"):
        if clip in of_clip:
            of_clip[clip].views.add(view)
    _add_notes(connection, found, of_clip)
    _add_names(connection, found)
    return found


def _add_acts(connection: sqlite3.Connection, found: dict[str, _Gathered]) -> None:
    for study, at, who in connection.execute("SELECT study, at, who FROM acts"):
        if study in found:
            found[study].acts += 1
            found[study].done(at)
            found[study].texts.add(who)


def _add_notes(connection: sqlite3.Connection, found: dict[str, _Gathered], of_clip: dict[str, _Gathered]) -> None:
    kinds: dict[str, dict[str, _Gathered]] = {STUDY: found, CLIP: of_clip}
    for kind, key, text in connection.execute("SELECT kind, key, json FROM notes"):
        one = kinds[kind].get(key)
        if one is None:
            continue
        notes = json.loads(text)
        one.texts.update(_texts_in(notes))
        if kind == STUDY:
            one.stated_day = notes.get("exam_day") or ""
        else:
            one.views.update((notes.get("named") or {}).values(), notes.get("best") or {})


def _add_names(connection: sqlite3.Connection, found: dict[str, _Gathered]) -> None:
    for row in connection.execute("SELECT study, patient_name, patient_id, day, description, last_open FROM names"):
        names = KeptNames(*row)
        if names.study in found:
            found[names.study].names = names
            found[names.study].texts |= {names.patient_name, names.patient_id, names.description}
    for clip, study, path in connection.execute("SELECT clip, study, path FROM places ORDER BY last_open DESC"):
        if study in found:
            found[study].places.setdefault(clip, Path(path))
            found[study].texts.add(Path(path).name)


def _texts_in(value: Any) -> Iterator[str]:
    """Return every text in a JSON value; not the names of its fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts_in(one)


def _fits(one: _Gathered, query: Query) -> bool:
    words = plain(query.text).split()
    names = defaultdict(str) if one.names is None else {"name": one.names.patient_name, "id": one.names.patient_id}
    called = plain(f"{names['name']} {names['id']}")
    everything = plain(" ".join([one.key, *sorted(one.texts), *sorted(one.views)]))
    return (
        all(word in everything for word in words)
        and all(word in called for word in plain(query.name).split())
        and (not query.view or query.view in one.views)
        and _is_between(one, query)
    )


def _is_between(one: _Gathered, query: Query) -> bool:
    if query.since is None and query.until is None:
        return True
    since = query.since.isoformat() if query.since else ""
    until = query.until.isoformat() if query.until else "9999-12-31"
    return any(since <= day <= until for day in (*one.days, one.day) if day)

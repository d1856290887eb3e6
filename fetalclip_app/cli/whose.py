"""Which files are of a multiple pregnancy by what is stated of others of their study, and of no fetus by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from fetalclip_app.domain.clip import Origin
from fetalclip_app.report.build import ClipEntry, Entry
from fetalclip_app.report.studies import each_somebodys


class _File(NamedTuple):
    path: Path
    origin: Origin


class Whose:
    """Remembers what the files are listed by, and neither the clips nor their readings."""

    def __init__(self) -> None:
        self._stated: dict[int, tuple[_File, str | None]] = {}

    def add(self, place: int, entry: ClipEntry) -> None:
        """Take the file that was read in this place of the output."""
        self._stated[place] = _File(entry.clip.path, entry.clip.origin), entry.fetus

    @cached_property
    def _nobodys(self) -> frozenset[int]:
        found = each_somebodys(list(self._stated.values()))
        return frozenset(place for place, fetus in zip(self._stated, found, strict=True) if fetus is None)

    def rows(self, table: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the JSON's entries, those of nobody named as such."""
        return [_nobodys(row) if place in self._nobodys else row for place, row in enumerate(table)]

    def entries(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return the report's entries likewise."""
        return [
            replace(entry, fetus=None) if isinstance(entry, ClipEntry) and place in self._nobodys else entry
            for place, entry in enumerate(entries)
        ]


def _nobodys(row: dict[str, Any]) -> dict[str, Any]:
    numbers = [{**one, "fetus": None} for one in row["numbers"]]
    return {"file": row["file"], "fetus": None, **row, "numbers": numbers}

"""Which views a model saw in a clip, so that studies are found by them."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

_TASKS = ("views", "brain_views")

LEAST_SHARE = 0.1
"""A view that leads in fewer of a clip's frames is not found by; our own choice, as wide as a sweep's passing view."""


def views_in(reading: Mapping[str, Any]) -> frozenset[str]:
    """Return the views of a reading's JSON: the clip's own, and what leads in a tenth of its frames."""
    found: set[str] = set()
    for task in _TASKS:
        seen = reading.get(task)
        if not isinstance(seen, dict):
            continue
        if seen.get("best") and seen.get("abstained") is None:
            found.add(str(seen["best"]))
        found |= _leading(seen.get("per_frame") or (), frozenset(seen.get("unfamiliar") or ()))
    return frozenset(found)


def keep(connection: sqlite3.Connection, clip: str, views: Iterable[str]) -> None:
    """Note the views of a clip beside those that are noted."""
    connection.executemany(
        "INSERT OR IGNORE INTO seen_views (clip, view) VALUES (?, ?)", [(clip, view) for view in sorted(views)]
    )


def gather(connection: sqlite3.Connection) -> None:
    """Note the views of every reading that is kept; one that cannot be read has none."""
    for clip, content in connection.execute("SELECT clip, json FROM readings").fetchall():
        try:
            reading = json.loads(zlib.decompress(content))
        except (ValueError, zlib.error):
            continue
        keep(connection, clip, views_in(reading) if isinstance(reading, dict) else ())


def _leading(per_frame: Iterable[Mapping[str, float] | None], unfamiliar: frozenset[int]) -> set[str]:
    known = [row for index, row in enumerate(per_frame) if row and index not in unfamiliar]
    leaders = Counter(max(row, key=lambda view: row[view]) for row in known)
    return {view for view, count in leaders.items() if count >= LEAST_SHARE * len(known)}

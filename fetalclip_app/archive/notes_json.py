"""Notes as JSON and back: nothing is dropped on either way, and what is not known is refused."""

from __future__ import annotations

import functools
import json
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from fetalclip_app.domain.notes import ClipNotes, StudyNotes
from fetalclip_app.errors import ArchiveFailed, ErrorCode

Notes = ClipNotes | StudyNotes


@functools.cache
def _forms() -> dict[type[Notes], TypeAdapter[Any]]:
    """Return what reads and writes notes; made when it is first needed, off the window's thread."""
    return {kind: TypeAdapter(kind) for kind in (ClipNotes, StudyNotes)}


NOTHING = "{}"
"""What `changed` returns twice where two notes are the same."""


def written(notes: Notes) -> str:
    """Return notes as JSON.

    Raises:
        ValueError: They hold what JSON cannot, such as a length that is no number.
    """
    try:
        text = _forms()[type(notes)].dump_json(notes, warnings="error").decode()
        same = read(type(notes), text)
    except (PydanticSerializationError, ArchiveFailed) as error:
        raise ValueError("notes that cannot be read back") from error
    if same != notes:
        raise ValueError("notes that would come back as others")
    return text


def read(kind: type[Notes], text: str) -> Notes:
    """Return the notes that a text holds. A field that is missing, as in texts of an older program, is at its default.

    Raises:
        ArchiveFailed: ARCHIVE_NOTES_UNKNOWN for a field or a value that this program does not know, or a damaged text.
    """
    try:
        found: Notes = _forms()[kind].validate_json(text, extra="forbid")
    except ValidationError as error:
        raise ArchiveFailed(ErrorCode.ARCHIVE_NOTES_UNKNOWN) from error
    return found


def changed(before: str | None, after: str) -> tuple[str, str]:
    """Return what differs between two notes as JSON: the fields with their values before and after."""
    old: dict[str, Any] = json.loads(before) if before is not None else {}
    new: dict[str, Any] = json.loads(after)
    names = [name for name in new if name not in old or old[name] != new[name]]
    was, now = ({name: values[name] for name in names if name in values} for values in (old, new))
    return json.dumps(was, ensure_ascii=False), json.dumps(now, ensure_ascii=False)


_BY_ENTRY = frozenset({"named", "best", "enters", "checklist", "view_sets"})
"""Fields whose entries are set one by one."""

_DRAWN = "measured"
"""The field whose entries bear a ``uid``."""


def joined(known: str, after: str, kept: str) -> str:
    """Return what is kept with a change in it, where another program may have kept something meanwhile.

    Args:
        known: The notes that the change was made of.
        after: The same, changed.
        kept: The notes as they are kept now. Where both changed one thing, ``after`` has it.
    """
    was, now, new = json.loads(known), json.loads(after), json.loads(kept)
    for name, value in now.items():
        if name in _BY_ENTRY:
            new[name] = _entries(was.get(name, {}), value, new.get(name, {}))
        elif name == _DRAWN:
            drawn = ({one["uid"]: one for one in notes.get(name, [])} for notes in (was, now, new))
            new[name] = list(_entries(*drawn).values())
        elif was.get(name) != value:
            new[name] = value
    return json.dumps(new, ensure_ascii=False, separators=(",", ":"))


def _entries(was: dict[str, Any], now: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    """Return entries with what came, went and changed from ``was`` to ``now``."""
    left = {key: one for key, one in kept.items() if key in now or key not in was}
    return {**left, **{key: one for key, one in now.items() if key not in was or was[key] != one}}

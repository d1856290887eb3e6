"""JSON files that anybody may write: where the user's own lie, their bytes, and what is wrong with one in words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

MAX_BYTES = 1_000_000


def own_files(folders: Sequence[Path]) -> tuple[Path, ...]:
    """Return the JSON files of the user's folders, each folder's sorted by name; a folder or a pipe is no file."""
    return tuple(
        path for folder in folders if folder.is_dir() for path in sorted(folder.glob("*.json")) if path.is_file()
    )


def content_of(path: Path, *, too_large: str) -> bytes:
    """Return the bytes of a file.

    Args:
        too_large: What is said of one of more than `MAX_BYTES`.

    Raises:
        OSError: It cannot be read.
        ValueError: It is too large, or no file.
    """
    if path.exists() and not path.is_file():  # a pipe would be waited for, for ever
        raise ValueError("it is no file")
    with path.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(too_large)
    return content


def problem_of(error: Exception) -> str:
    """Return what is wrong, in words for a person."""
    match error:
        case UnicodeDecodeError():
            return "it is no UTF-8 text"
        case json.JSONDecodeError():
            return f"line {error.lineno} is no JSON ({error.msg})"
        case RecursionError():
            return "its lists are nested too deep"
        case OSError():
            return error.strerror or type(error).__name__
        case _:
            return str(error)


def problem_in(error: ValidationError) -> str:
    """Return the first thing that is wrong, and where: ``sections, 2, items, 1, key: ...``."""
    first = error.errors()[0]
    where = ", ".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
    said = first["msg"][:1].lower() + first["msg"][1:]
    return f"{where}: {said}" if where else said

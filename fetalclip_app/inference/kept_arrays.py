"""Arrays kept on disk between runs: a file is there whole or not at all, and what cannot be believed is not."""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

_UNIT_TOLERANCE = 1e-3

_ABANDONED_S = 3600.0
"""Nobody writes to a temporary file of that age any longer: its process was killed."""

_DIGEST_BYTES = 32

_LENGTH_BYTES = 8
"""Before each piece of a file of pieces."""

PIECES = ".pieces"
"""How the names of such files end."""

_log = logging.getLogger(__name__)

Arrays = dict[str, NDArray[Any]]


def read_arrays(path: Path) -> Arrays | None:
    """Return what the file holds, or None where there is none or it is damaged; it counts as used now."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as content:
            arrays = {name: content[name] for name in content.files}
        os.utime(path)
    except FileNotFoundError:
        return None
    except Exception as error:  # a damaged archive fails in a dozen ways, and none of them may stop a reading
        _log.warning("stored features are damaged and will be encoded again: %s", error)
        return None
    return arrays


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], budget_bytes: int) -> None:
    """Write under a temporary name and rename: another program sees the whole file or none.

    A file that cannot be written costs time at the next start only.

    Args:
        budget_bytes: Of the folder: the files that were not used for longest go, until the rest is within it.
    """
    _write(path, lambda stream: np.savez(stream, **dict[str, Any](arrays)), budget_bytes)


def append_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Add a piece to a file of pieces: what a process found until it was killed. Errors are as `write_arrays` says."""
    content = io.BytesIO()
    np.savez(content, **dict[str, Any](arrays))
    piece = content.getvalue()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as stream:
            stream.write(len(piece).to_bytes(_LENGTH_BYTES, "little") + piece)
    except OSError as error:
        _log.warning("features could not be stored: %s", error)


def read_pieces(path: Path) -> list[Arrays]:
    """Return the pieces of such a file, up to the first that is damaged or not whole; none where there is no file."""
    pieces: list[Arrays] = []
    try:
        content = path.read_bytes()
        start = 0
        while start < len(content):
            stop = start + _LENGTH_BYTES + int.from_bytes(content[start : start + _LENGTH_BYTES], "little")
            with np.load(io.BytesIO(content[start + _LENGTH_BYTES : stop]), allow_pickle=False) as piece:
                pieces.append({name: piece[name] for name in piece.files})
            start = stop
    except FileNotFoundError:
        return []
    except Exception as error:  # as in `read_arrays`
        _log.info("the rest of a reading that was broken off will be encoded again: %s", error)
    return pieces


def map_array(path: Path) -> NDArray[Any] | None:
    """Return the array that `write_array` wrote, read-only and left on the disk; None where it is not or is damaged.

    Its bytes are compared with their digest once, here; it counts as used now.
    """
    try:
        content = np.memmap(path, np.uint8, "r")
        if _digest(content[:-_DIGEST_BYTES].data) != content[-_DIGEST_BYTES:].tobytes():
            raise ValueError("not as it was written")
        array: NDArray[Any] = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
        os.utime(path)
    except FileNotFoundError:
        return None
    except Exception as error:  # as in `read_arrays`
        _log.warning("stored features are damaged and will be encoded again: %s", error)
        return None
    return array


def write_array(path: Path, array: NDArray[Any], budget_bytes: int) -> None:
    """Write one array so that `map_array` can use it where it lies: NumPy's format, and a digest behind it.

    Otherwise as `write_arrays`.
    """
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    whole = content.getvalue() + _digest(content.getbuffer())
    _write(path, lambda stream: stream.write(whole), budget_bytes)


def _digest(content: memoryview) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest()


def _write(path: Path, write: Callable[[IO[bytes]], object], budget_bytes: int) -> None:
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as stream:
            temporary = Path(stream.name)
            write(stream)
        temporary.replace(path)
        _prune(path.parent, budget_bytes)
    except OSError as error:
        _log.warning("features could not be stored: %s", error)
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def are_unit_rows(rows: NDArray[Any]) -> bool:
    """Whether these are float32 rows (N, D) of length one."""
    if rows.dtype != np.float32 or rows.ndim != 2:
        return False
    return bool(np.all(np.abs(np.linalg.norm(rows, axis=1) - 1.0) < _UNIT_TOLERANCE))


def _prune(folder: Path, budget_bytes: int) -> None:
    """Remove what was abandoned half written, and the files that the rest of the folder has no room for."""
    total = 0
    for path in folder.glob("*.part"):
        about = path.stat()
        if time.time() - about.st_mtime > _ABANDONED_S:
            path.unlink(missing_ok=True)
        else:
            total += about.st_size
    there = (*folder.glob("*.np[yz]"), *folder.glob(f"*{PIECES}"))
    files = sorted(there, key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files:
        total += path.stat().st_size
        if total > budget_bytes:
            with contextlib.suppress(PermissionError):  # Windows: another program has it mapped
                path.unlink(missing_ok=True)

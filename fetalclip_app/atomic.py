"""How every export reaches the disk: whole, or not at all."""

from __future__ import annotations

import errno
import glob
import logging
import os
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from fetalclip_app.errors import ErrorCode, ExportFailed

_log = logging.getLogger(__name__)


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Have ``write`` fill a temporary file in the same folder, then rename it to ``path``.

    An existing file is replaced in one step; after a failure it is as it was, and no temporary file stays behind.

    Raises:
        ExportFailed: The folder is missing or closed, or the disk is full.
    """
    path = Path(path)
    temporary = _beside(path)
    try:
        write(temporary)
        _flush(temporary)
        temporary.replace(path)
        _flush_names(path.parent)
    except OSError as error:
        raise ExportFailed(ErrorCode.EXPORT_FAILED, name=path.name, problem=_problem(error)) from error
    finally:
        _remove(temporary)


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, whole or not at all.

    Raises:
        ExportFailed: As `write_whole`.
    """

    def write(temporary: Path) -> None:
        temporary.write_bytes(content)

    write_whole(path, write)


def write_folder(path: Path, fill: Callable[[Path], None]) -> None:
    """Have ``fill`` put files into a temporary folder beside ``path``, then rename it to ``path``.

    After a failure, whatever it is, nothing stays behind.

    Raises:
        ExportFailed: There is a folder of this name that is not empty, the one above is closed, or the disk is full.
    """
    path = Path(path)
    temporary = _beside(path)
    try:
        if path.is_dir() and any(path.iterdir()):
            raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))
        temporary.mkdir()
        fill(temporary)
        for file in temporary.rglob("*"):
            if file.is_file():
                _flush(file)
            else:
                _flush_names(file)
        _flush_names(temporary)
        if path.is_dir():
            path.rmdir()
        temporary.rename(path)
        _flush_names(path.parent)
    except OSError as error:
        raise ExportFailed(ErrorCode.EXPORT_FAILED, name=path.name, problem=_problem(error)) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


_OLD_S = 3600.0
"""What was left half written so long ago, nobody is writing any more."""


_NAME_BYTES = 80
"""Of the name, in its temporary one: with what is added, file systems take it whatever letters it has."""


def _beside(path: Path) -> Path:
    """Return a temporary name in the same folder; what a killed program left under such a name long ago is removed."""
    start = f".{path.name.encode(errors='ignore')[:_NAME_BYTES].decode(errors='ignore')}."
    try:
        for left in path.parent.glob(f"{glob.escape(start)}*.part"):
            if time.time() - left.stat().st_mtime > _OLD_S:
                shutil.rmtree(left, ignore_errors=True) if left.is_dir() else _remove(left)
    except OSError:  # of the folder: writing into it tells
        pass
    return path.with_name(f"{start}{secrets.token_hex(4)}.part")


def _flush(path: Path) -> None:
    """Bring the file to the disk before it gets its name: a power cut must not leave an empty report."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _flush_names(folder: Path) -> None:
    """Bring a folder's names to the disk, where the system can: what was renamed bears its new name after a power cut.

    What is in it is whole already, so that a system that cannot (Windows, some network drives) costs nothing more.
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        _log.info("the names in a folder cannot be brought to the disk: %s", error.strerror)
    finally:
        os.close(handle)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # the folder is gone or closed: then there is nothing that we could have left in it
        return


def _problem(error: OSError) -> str:
    """Return the system's reason in the sentence's manner: lower case, without a full stop.

    A library that writes may raise an error of its own from the system's, as pydicom does.
    """
    first: BaseException | None = error
    while first is not None and not (isinstance(first, OSError) and first.strerror):
        first = first.__cause__ or first.__context__
    system = first if isinstance(first, OSError) else error
    reason = (system.strerror or type(error).__name__).rstrip(".")
    return reason[:1].lower() + reason[1:]

"""The trail's last entry, written beside the archive: what is taken from the end of the one is missed by the other."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

from fetalclip_app.domain.kept import Head

_log = logging.getLogger(__name__)

SUFFIX = ".head"

_LENGTH = 128


def path_beside(archive: Path) -> Path:
    """Return the anchor's file."""
    return archive.with_suffix(SUFFIX)


def read(archive: Path) -> Head | None:
    """Return the last entry as it was written beside; None where that is missing or no anchor."""
    try:
        held = json.loads(path_beside(archive).read_bytes())
        return Head(int(held["number"]), str(held["hash"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        _log.warning("the archive's anchor cannot be read: %s", type(error).__name__)
        return None


def write(archive: Path, head: Head) -> None:
    """Write the last entry, once it is on disk. It may lag behind: an older entry is still one of the trail's.

    One write of one length in place: a program that is killed leaves the old text or the new one, a full disk has room
    for it, and nothing lies about afterwards. Where it cannot be written, the one before stays.
    """
    text = json.dumps({"number": head.number, "hash": head.hash}).ljust(_LENGTH).encode("ascii")
    try:
        handle = os.open(path_beside(archive), os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        try:
            os.write(handle, text)
        finally:
            os.close(handle)
    except OSError as error:
        _log.warning("the archive's anchor cannot be written: %s", error.strerror)

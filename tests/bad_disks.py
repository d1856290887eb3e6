"""Disks as nobody wants them: full, read-only, locked, gone. Real ones where this computer lets one be mounted."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MOUNT = "no disk can be mounted here"


@contextmanager
def small_disk(place: Path, kilobytes: int) -> Iterator[Path]:
    """Mount a disk of so many kilobytes; skips the test where that may not be done."""
    place.mkdir(parents=True, exist_ok=True)
    if os.name != "posix" or shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip(MOUNT)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(place)], check=False, capture_output=True
    )
    if made.returncode:
        pytest.skip(MOUNT)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path, *, leaving: int = 0) -> Path:
    """Fill a disk but for so many bytes, and return the file that takes the room."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as error:
            assert error.errno == errno.ENOSPC
    os.truncate(filler, max(filler.stat().st_size - leaving, 0))
    return filler


def make_read_only(place: Path) -> None:
    """Have a mounted disk refuse every write from now on."""
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)


def refused_by_the_system(
    monkeypatch: pytest.MonkeyPatch, number: int, *, first: Callable[[], None] = lambda: None
) -> None:
    """Have the system refuse to bring anything to the disk, with an error number, after something else happened."""

    def refuse(handle: int) -> None:
        first()
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)

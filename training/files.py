"""Files that runs leave: whole or not there, known by their hash, and lines that are told as they are written."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import torch

LOG = "log.jsonl"


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that is whole or as it was before, whenever the process dies."""
    partial = path.with_name(f"{path.name}.part")
    with partial.open("wb") as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)


def write_whole(content: dict[str, Any], path: Path) -> None:
    """Save for `torch.load`; a process that dies meanwhile leaves the file that was there before."""
    with whole(path) as stream:
        torch.save(content, stream)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tell_line(folder: Path, line: dict[str, Any]) -> None:
    """Print a line of JSON and add it to the run's log."""
    text = json.dumps(line)
    print(text, flush=True)
    with (folder / LOG).open("a", encoding="utf-8") as log:
        log.write(text + "\n")

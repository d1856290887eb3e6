"""What a process that was killed had told before."""

from __future__ import annotations

from multiprocessing.connection import Connection
from typing import Any


def left_in(pipe: Connection) -> list[Any]:
    """Return everything that is still in a pipe."""
    found: list[Any] = []
    try:
        while pipe.poll():
            found.append(pipe.recv())
    except EOFError:
        pass
    return found

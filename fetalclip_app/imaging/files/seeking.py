"""What every stream here shares: a place in bytes of a known number, and moving it."""

from __future__ import annotations

import io
import os
from abc import abstractmethod
from typing import Any


class SeekableStream(io.RawIOBase):
    """Knows its position; whoever derives from it knows the bytes."""

    def __init__(self, size: int) -> None:
        """Begin at the first of ``size`` bytes."""
        super().__init__()
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position of the next byte."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a byte; nothing is read."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(start + offset, 0)
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Return at most ``size`` bytes; fewer at the end."""
        left = max(self._size - self._position, 0)
        wanted = left if size < 0 else min(size, left)
        piece = self._next(wanted) if wanted else b""
        self._position += len(piece)
        return piece

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer``; fewer bytes at the end."""
        view = memoryview(buffer).cast("B")
        piece = self.read(len(view))
        view[: len(piece)] = piece
        return len(piece)

    @abstractmethod
    def _next(self, wanted: int) -> bytes:
        """Return the ``wanted`` bytes, at least one, that begin at the position; all of them are there."""

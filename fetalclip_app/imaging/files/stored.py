"""A member of a ZIP that lies in it as it is."""

from __future__ import annotations

import io
import os
from typing import Any, BinaryIO


class StoredStream(io.RawIOBase):
    """The part of an archive that is a stored member; holds the archive open until it is closed."""

    def __init__(self, archive: BinaryIO, start: int, size: int) -> None:
        """Read ``size`` bytes from ``start``; ``archive`` stands there, and is closed with this."""
        super().__init__()
        self._file, self._start, self._size = archive, start, size
        self._position = 0
        self.name = ""  # asked for by pydicom

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
        """Move to a byte."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(start + offset, 0)
        self._file.seek(self._start + self._position)
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer``; fewer bytes at the end."""
        view = memoryview(buffer).cast("B")
        piece = self._file.read(min(len(view), max(self._size - self._position, 0)))
        view[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def close(self) -> None:
        """Close the archive."""
        self._file.close()
        super().close()

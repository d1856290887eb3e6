"""A bound on the work that a header may ask for.

pydicom reads a header element by element, in Python, at some ten microseconds each. A damaged file of three megabytes
can hold four hundred thousand empty elements or items, and would keep a reader busy for many seconds; headers of real
ultrasound hold some hundred elements, of enhanced objects some thousand.
"""

from __future__ import annotations

import io
import os
from typing import BinaryIO

MOST_READS = 100_000
"""Pieces that a header may be read in; an element takes one to three."""


class _Budgeted(io.RawIOBase):
    """A stream that can be read in so many pieces."""

    def __init__(self, stream: BinaryIO, most: int) -> None:
        super().__init__()
        self._stream, self._most, self._left = stream, most, most

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position of the next byte."""
        return self._stream.tell()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a byte."""
        return self._stream.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        """Return at most ``size`` bytes.

        Raises:
            ValueError: The budget is used up.
        """
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"a header of more than {self._most} pieces")
        return self._stream.read(size)


def within_budget(stream: BinaryIO, most: int = MOST_READS) -> BinaryIO:
    """Return the stream, to be read in at most ``most`` pieces; closing it leaves the other open."""
    return _Budgeted(stream, most)  # type: ignore[return-value] # what pydicom asks of a stream

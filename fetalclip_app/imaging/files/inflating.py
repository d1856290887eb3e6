"""Any byte of a deflated member of a ZIP, without unpacking it to disk or keeping it whole in memory.

A deflated stream can only be read from its start. So its decompressor is copied every few megabytes while it is read
for the first time: such a mark costs 40 to 70 kB, and reading goes on from the nearest one.
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol, cast

from fetalclip_app.imaging.files.seeking import SeekableStream

_INPUT = 1 << 15
"""Bytes of compressed input at a time: each mark may keep that much of it."""

_OUTPUT = 1 << 18
_MOST_MARKS = 12
PIECE = 1 << 21
"""Bytes that marks lie at least apart: a few milliseconds of inflating."""


@dataclass(frozen=True, eq=False, slots=True)
class Mark:
    """A decompressor as it was after ``taken`` bytes of input and ``given`` bytes of output."""

    worker: Any
    taken: int
    given: int


class Deflated(Protocol):
    """A deflated member: its bytes as they lie in the archive."""

    @property
    def compressed_size(self) -> int:
        """Bytes of input."""
        ...

    @property
    def size(self) -> int:
        """Bytes of output that the archive promises; no more are ever made."""
        ...

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Where reading can start besides the beginning, in order."""
        ...

    def open_compressed(self) -> BinaryIO:
        """Return the archive at the first byte of the member; the caller closes it."""
        ...


class InflatingStream(SeekableStream):
    """Reads forward by inflating, back and far ahead from a mark. Holds no handle between two reads.

    Raises, where it reads: EOFError where the input ends too early, ValueError where it holds more than promised,
    zlib.error where it is no deflated stream.
    """

    def __init__(self, member: Deflated) -> None:
        super().__init__(member.size)
        self._member = member
        self.name = ""  # asked for by pydicom
        self._worker: Any = zlib.decompressobj(-zlib.MAX_WBITS)
        self._taken = self._given = 0

    def _next(self, wanted: int) -> bytes:
        self._start_near(self._position)
        with self._member.open_compressed() as archive:
            archive.seek(self._taken, os.SEEK_CUR)
            while self._given < self._position:
                self._more(archive, self._position - self._given)
            pieces = []
            end = self._position + wanted
            while self._given < end:
                pieces.append(self._more(archive, end - self._given))
        return b"".join(pieces)

    def mark(self) -> Mark:
        """Return where this stream stands, to go on from there later."""
        return Mark(self._worker.copy(), self._taken, self._given)

    def _start_near(self, target: int) -> None:
        """Go back, or far ahead, to the nearest mark before ``target``."""
        before = [mark for mark in self._member.marks if mark.given <= target]
        if target < self._given or (before and before[-1].given > self._given):
            fresh = zlib.decompressobj(-zlib.MAX_WBITS)
            mark = before[-1] if before else Mark(fresh, 0, 0)
            self._worker, self._taken, self._given = mark.worker.copy(), mark.taken, mark.given

    def _more(self, archive: BinaryIO, most: int) -> bytes:
        """Return the next bytes, at least one and at most ``most``; ``archive`` stands at what was not taken yet."""
        while True:
            data = archive.read(min(self._member.compressed_size - self._taken, _INPUT))
            piece = cast(bytes, self._worker.decompress(data, min(most, _OUTPUT)))
            unused = len(self._worker.unconsumed_tail) + len(self._worker.unused_data)
            self._taken += len(data) - unused
            self._given += len(piece)
            archive.seek(-unused, os.SEEK_CUR)
            if piece:
                return piece
            if not data or self._worker.eof:
                raise EOFError("a deflated member that ends too early")


def is_marked(position: int, size: int) -> bool:
    """Whether a mark is made there in a member of this size, which is read in pieces of `PIECE`."""
    step = PIECE * max(1, -(-size // (PIECE * _MOST_MARKS)))
    return 0 < position < size and position % step == 0

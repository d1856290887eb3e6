"""A file's bytes, piece by piece, with no handle kept open between two reads.

A handle (or a memory map) that lives as long as a clip blocks renaming and deleting on Windows and leaks where a
folder of a thousand clips is open. Opening again for each piece costs some 20 microseconds, needs no lock where
several threads decode, and notices a file that was replaced in the meantime.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from fetalclip_app.domain.content_key import ContentKey
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.files.seeking import SeekableStream


class Content(Protocol):
    """Bytes that can be read from any place, by any thread."""

    @property
    def path(self) -> Path:
        """The file that the bytes belong to."""
        ...

    @property
    def size(self) -> int:
        """Number of bytes."""
        ...

    def open(self) -> BinaryIO:
        """Return a stream at the first byte; the caller closes it."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes.

        Raises:
            UnreadableFile: FILE_TRUNCATED where the bytes end before.
        """
        ...


class KeyedContent(Content, Protocol):
    """A whole file, wherever it lies: its bytes can be named."""

    def key(self) -> ContentKey:
        """Return the means to name the content."""
        ...


@dataclass(frozen=True, slots=True)
class FileContent:
    """The bytes of a file as it was when it was opened.

    Attributes:
        place: Inode and time of the last change, as the file system tells them.
    """

    path: Path
    size: int
    modified_ns: int
    place: tuple[int, int]

    @classmethod
    def of(cls, path: Path) -> FileContent:
        """Look at ``path`` without reading it.

        Raises:
            UnreadableFile: Missing, empty, or no regular file (a folder, a pipe that would never end).
        """
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError, ValueError) as error:
            raise UnreadableFile(ErrorCode.FILE_MISSING, name=path.name) from error
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableFile(ErrorCode.NOT_A_PICTURE, name=path.name)
        if status.st_size == 0:
            raise UnreadableFile(ErrorCode.FILE_EMPTY, name=path.name)
        return cls(path, status.st_size, status.st_mtime_ns, (status.st_ino, status.st_ctime_ns))

    def open(self) -> BinaryIO:
        """Return a stream at the first byte; the caller closes it.

        Raises:
            UnreadableFile: The file has gone, or is not the one that was opened before.
        """
        try:
            stream = self.path.open("rb")
        except FileNotFoundError as error:
            raise UnreadableFile(ErrorCode.FILE_MISSING, name=self.path.name) from error
        try:
            self._check(stream)
        except UnreadableFile:
            stream.close()
            raise
        return stream

    def _check(self, stream: BinaryIO) -> None:
        """Raise where an open file is not the one that was opened before, as far as the file system tells.

        Inode and time of change count only together: FAT numbers its files anew when it likes, and a change of rights
        or of a name alone changes the time.
        """
        now = os.fstat(stream.fileno())
        is_elsewhere = now.st_ino != self.place[0] and now.st_ctime_ns != self.place[1]
        if (now.st_size, now.st_mtime_ns) != (self.size, self.modified_ns) or is_elsewhere:
            raise UnreadableFile(ErrorCode.FILE_DAMAGED, name=self.path.name, reason="changed")

    def read(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes from ``offset``."""
        with self.open() as stream:
            stream.seek(offset)
            piece = stream.read(length)
            self._check(stream)  # again: it may have been written to since
            return _whole(piece, length, self.path)

    def key(self) -> ContentKey:
        """Return the means to name the content; nothing is read before the name is asked for."""
        return ContentKey(self._digits, self.size, self)

    def _digits(self) -> str:
        with self.open() as stream:
            digest = hashlib.file_digest(cast(io.BufferedReader, stream), "sha256")
            self._check(stream)
        return digest.hexdigest()


# eq=False: may hold a hundred megabytes.
@dataclass(frozen=True, eq=False, slots=True)
class MemoryContent:
    """Bytes in memory that were unpacked from ``path``."""

    path: Path
    data: bytes

    @property
    def size(self) -> int:
        """Number of bytes."""
        return len(self.data)

    def open(self) -> BinaryIO:
        """Return a stream at the first byte."""
        return io.BytesIO(self.data)

    def read(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes from ``offset``."""
        return _whole(self.data[offset : offset + length], length, self.path)


class DetachedStream(SeekableStream):
    """A stream over a `Content` that holds no handle between two reads, for decoders that live long."""

    def __init__(self, content: Content) -> None:
        super().__init__(content.size)
        self._content = content

    def _next(self, wanted: int) -> bytes:
        return self._content.read(self._position, wanted)


def _whole(piece: bytes, length: int, path: Path) -> bytes:
    if length < 0 or len(piece) != length:
        raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name=path.name)
    return piece

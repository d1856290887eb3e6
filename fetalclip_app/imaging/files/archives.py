"""ZIP files opened in place: a file inside is known by the path ``study.zip/IMG0007`` and read where it lies.

Nothing is unpacked to disk, so no name inside an archive can lead anywhere; names are cleaned all the same, since they
are shown. What a member unpacks to is bounded twice: by the sizes that the directory states, before anything is read,
and by stopping at those sizes while inflating. Each member is read once from end to end when it is opened: that checks
its CRC-32 and takes its hash. (A ZIP's own check is the only one that tells a flipped bit in a header from the truth.)

Source of the format: PKWARE APPNOTE 6.3.10.
"""

from __future__ import annotations

import functools
import hashlib
import io
import re
import struct
import zipfile
import zlib
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from fetalclip_app.domain.content_key import ContentKey
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.files.content import DetachedStream, FileContent
from fetalclip_app.imaging.files.inflating import PIECE, InflatingStream, Mark, is_marked
from fetalclip_app.imaging.files.stored import StoredStream

MOST_MEMBERS = 50_000
MOST_BYTES = 1 << 32
"""Of one member, unpacked."""

MOST_TOTAL = 1 << 38
"""Of all members, unpacked: they are never held together, so this only refuses what no exam can be."""

MOST_RATIO = 200
"""Unpacked to packed. Black pictures reach some hundreds, but only what is also large is refused."""

_HARMLESS = 1 << 26
"""Bytes below which no ratio matters."""

_MOST_DIRECTORY = 1 << 23
"""Bytes of a central directory: some eighty thousand names."""

_LONGEST_PART, _DEEPEST = 120, 30
"""Letters of one part of a name, and parts: a damaged directory makes one name of thousands."""

_SPARE_STREAMS = 3
_BUFFER = 1 << 16
_LOCAL_HEADER = b"PK\x03\x04"
_END_RECORD = b"PK\x05\x06"
_END_REACH = 65_557
"""Where the end record can begin, from the end: 22 bytes and the longest comment (APPNOTE 4.3.16)."""

_METHODS = {1: "shrunk", 6: "imploded", 9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 98: "PPMd"}
_ENCRYPTED = 0x1 | 0x40
"""General purpose bits 0 and 6 (APPNOTE 4.4.4)."""


def is_archive(head: bytes) -> bool:
    """Whether a file that begins so is a ZIP; an empty one is nothing but its end record."""
    return head.startswith((_LOCAL_HEADER, _END_RECORD))


def is_encrypted(info: zipfile.ZipInfo) -> bool:
    """Whether a member can only be read with a password."""
    return bool(info.flag_bits & _ENCRYPTED)


@dataclass(frozen=True, eq=False, slots=True)
class MemberContent:
    """The bytes of one member, as a file's.

    Attributes:
        path: The archive's path and the name inside.
        digits: The name of the content, once `checked`.
    """

    path: Path
    archive: FileContent
    start: int
    compressed_size: int
    size: int
    crc: int
    is_deflated: bool
    marks: tuple[Mark, ...] = ()
    digits: str = ""
    _spare: deque[InflatingStream] = field(default_factory=deque)

    def open(self) -> BinaryIO:
        """Return a stream at the first byte; the caller closes it."""
        return io.BufferedReader(self._raw(), _BUFFER)

    def open_compressed(self) -> BinaryIO:
        """Return the archive at the first byte of the member; the caller closes it."""
        stream = self.archive.open()
        stream.seek(self.start)
        return stream

    def read(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes from ``offset``.

        Raises:
            UnreadableFile: FILE_TRUNCATED where the bytes end before.
        """
        if length < 0 or offset + length > self.size:
            raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name=self.path.name)
        if not self.is_deflated:
            return self.archive.read(self.start + offset, length)
        try:
            stream = self._spare.pop()  # taking and putting back are atomic: several threads may read
        except IndexError:
            stream = InflatingStream(self)
        stream.seek(offset)
        piece = stream.read(length)
        if len(self._spare) < _SPARE_STREAMS:
            self._spare.append(stream)
        return piece

    def key(self) -> ContentKey:
        """Return the name of the content, unpacked: the same as that of the file outside an archive."""
        return ContentKey.of_digits(self.digits or self.checked().digits)

    def checked(self) -> MemberContent:
        """Read all of it once: return it with its hash, and with marks to start from.

        Raises:
            UnreadableFile: FILE_DAMAGED, FILE_TRUNCATED: it is not what the archive promises.
        """
        crc, digest, marks = 0, hashlib.sha256(), list[Mark]()
        with self._raw() as stream:
            while data := stream.read(PIECE):
                crc = zlib.crc32(data, crc)
                digest.update(data)
                if isinstance(stream, InflatingStream) and is_marked(stream.tell(), self.size):
                    marks.append(stream.mark())
        if crc != self.crc:
            raise UnreadableFile(ErrorCode.FILE_DAMAGED, name=self.path.name)
        return replace(self, marks=tuple(marks), digits=digest.hexdigest(), _spare=deque())

    def _raw(self) -> io.RawIOBase:
        return InflatingStream(self) if self.is_deflated else StoredStream(self.archive.open(), self.start, self.size)


@functools.lru_cache(maxsize=4)
def members_of(archive: FileContent) -> Mapping[Path, zipfile.ZipInfo]:
    """Return the members by their paths below the archive's, in the order of its directory; folders are left out.

    Raises:
        UnreadableFile: FILE_TRUNCATED without a directory, FILE_TOO_LARGE for what is made to fill a computer.
        zipfile.BadZipFile: A damaged directory.
    """
    tail = archive.read(max(archive.size - _END_REACH, 0), min(archive.size, _END_REACH))
    if _END_RECORD not in tail:
        raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name=archive.path.name)
    with zipfile.ZipFile(cast(BinaryIO, _DirectoryStream(archive))) as opened:
        held = [info for info in opened.infolist() if not info.is_dir()]
    _check_limits(archive, held)
    found: dict[Path, zipfile.ZipInfo] = {}
    doubles: Counter[Path] = Counter()
    for info in held:
        found[_free(archive.path / _clean(info.filename), found, doubles)] = info
    return found


def open_member(path: Path) -> MemberContent | None:
    """Return the content at ``study.zip/IMG0007``, unchecked; None where no part of the path is an archive.

    Raises:
        UnreadableFile: FILE_MISSING, FILE_ENCRYPTED, NO_CODEC for a method of packing that this program lacks,
            FILE_DAMAGED.
    """
    holder = next((parent for parent in path.parents if parent.is_file()), None)
    if holder is None:
        return None
    archive = FileContent.of(holder)
    if not is_archive(archive.read(0, min(archive.size, 4))):
        return None
    info, name = members_of(archive).get(path), shown_name(path, holder)
    if info is None:
        raise UnreadableFile(ErrorCode.FILE_MISSING, name=name)
    if is_encrypted(info):
        raise UnreadableFile(ErrorCode.FILE_ENCRYPTED, name=name)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        method = _METHODS.get(info.compress_type, str(info.compress_type))
        raise UnreadableFile(ErrorCode.NO_CODEC, name=name, syntax=f"ZIP method {method}")
    if _is_bomb(info):
        raise _bomb(name)
    if info.file_size == 0:
        raise UnreadableFile(ErrorCode.FILE_EMPTY, name=name)
    is_deflated = info.compress_type == zipfile.ZIP_DEFLATED
    start = _start_of(archive, info)
    if start + info.compress_size > archive.size or (not is_deflated and info.compress_size != info.file_size):
        raise UnreadableFile(ErrorCode.FILE_DAMAGED, name=name)
    return MemberContent(path, archive, start, info.compress_size, info.file_size, info.CRC, is_deflated)


def shown_name(path: Path, archive: Path) -> str:
    """Return ``study.zip / IMG0007``."""
    return " / ".join([archive.name, *path.relative_to(archive).parts])


class _DirectoryStream(DetachedStream):
    """What `zipfile` may read of an archive: it takes the whole directory at once, as long as that says it is."""

    def read(self, size: int = -1) -> bytes:
        """Return at most ``size`` bytes.

        Raises:
            UnreadableFile: FILE_TOO_LARGE for a directory that no exam needs.
        """
        if size > _MOST_DIRECTORY:
            raise _bomb(self._content.path.name)
        return super().read(size)


def _check_limits(archive: FileContent, held: list[zipfile.ZipInfo]) -> None:
    """Refuse, by the directory's own numbers, what as a whole is made to fill a computer.

    A single file that is so is refused when it is opened, and costs the others nothing.
    """
    far_out = any(info.compress_size > archive.size for info in held)
    total = sum(info.file_size for info in held if not _is_bomb(info))
    if far_out or len(held) > MOST_MEMBERS or total > min(MOST_TOTAL, max(_HARMLESS, MOST_RATIO * archive.size)):
        raise _bomb(archive.path.name)
    ordered = sorted(held, key=lambda info: info.header_offset)
    ends = [info.header_offset + 30 + info.compress_size for info in ordered]
    if any(end > second.header_offset for end, second in zip(ends, ordered[1:], strict=False)):
        raise _bomb(archive.path.name)  # members that share their bytes


def _is_bomb(info: zipfile.ZipInfo) -> bool:
    return info.file_size > min(MOST_BYTES, max(_HARMLESS, MOST_RATIO * info.compress_size))


def _bomb(name: str) -> UnreadableFile:
    return UnreadableFile(ErrorCode.FILE_TOO_LARGE, name=name, reason="bomb")


def _clean(name: str) -> PurePosixPath:
    """Return a name without what could lead out of a folder (roots, drives, parents), short enough to be shown."""
    parts = [part.strip() for part in re.split(r"[/\\]", name.replace("\0", ""))]
    kept = [re.sub(r"^[A-Za-z]:", "", part) for part in parts if part not in ("", ".", "..")]
    short = [part if len(part) <= _LONGEST_PART else f"{part[:_LONGEST_PART]}…" for part in kept if part]
    return PurePosixPath(*short[-_DEEPEST:] or ["unnamed"])


def _free(path: Path, taken: Mapping[Path, object], doubles: Counter[Path]) -> Path:
    """Return the path, or one with a number where several members bear one name; ``doubles`` counts them."""
    free = path
    while free in taken:
        doubles[path] += 1
        free = path.with_name(f"{path.name} ({doubles[path] + 1})")
    return free


def _start_of(archive: FileContent, info: zipfile.ZipInfo) -> int:
    """Return where the member's bytes begin: behind its local header, whose fields have lengths of their own.

    Raises:
        UnreadableFile: FILE_DAMAGED where no local header is there.
    """
    head = archive.read(info.header_offset, 30)
    if not head.startswith(_LOCAL_HEADER):
        raise UnreadableFile(ErrorCode.FILE_DAMAGED, name=info.filename)
    name_length, extra_length = struct.unpack("<HH", head[26:30])
    return info.header_offset + 30 + int(name_length) + int(extra_length)

"""A study as one file: a ZIP with a manifest that has the hash of everything else in it."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from fetalclip_app.archive.study_records import (
    FORMAT,
    MANIFEST,
    PICTURES,
    RECORDS,
    VERSION,
    Manifest,
    Member,
    Records,
    entries_of,
)
from fetalclip_app.atomic import write_whole
from fetalclip_app.errors import ArchiveFailed, ErrorCode, UnreadableFile

SUFFIX = ".fcstudy"

MOST_BYTES = 1 << 29
"""Of one entry but a picture: beyond it no study has grown, and a file that says so is refused. Our own choice."""

_PIECE = 1 << 20
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Source:
    """Content of an entry that is copied piece by piece, as a picture is.

    Attributes:
        clip: Whose picture it is to be: the key of its content.
    """

    name: str
    clip: str
    open: Callable[[], IO[bytes]]


def write(
    path: Path, records: Records, contents: Mapping[str, bytes], sources: tuple[Source, ...], manifest: Manifest
) -> None:
    """Write a study's file, whole or not at all.

    Args:
        contents: Entry -> bytes, besides the records.
        manifest: Without its files, which are added as they are written.

    Raises:
        ExportFailed: The folder is missing or closed, or the disk is full.
        UnreadableFile: A picture is another one by now.
    """
    text = records.model_dump_json(indent=1).encode()

    def fill(temporary: Path) -> None:
        files: dict[str, Member] = {}
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in {RECORDS: text, **contents}.items():
                packed.writestr(_entry(name), content)
                files[name] = Member(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
            for source in sources:
                files[source.name] = _copied(source, packed)
                if not files[source.name].sha256.startswith(source.clip):
                    raise UnreadableFile(ErrorCode.FILE_DAMAGED, name=Path(source.name).name, reason="changed")
            whole = manifest.model_copy(update={"files": files})
            packed.writestr(_entry(MANIFEST), whole.model_dump_json(indent=1))

    write_whole(path, fill)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _FIRST_DAY)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _copied(source: Source, packed: zipfile.ZipFile) -> Member:
    digest, size = hashlib.sha256(), 0
    with source.open() as stream, packed.open(_entry(source.name), "w", force_zip64=True) as target:
        while piece := stream.read(_PIECE):
            target.write(piece)
            digest.update(piece)
            size += len(piece)
    return Member(sha256=digest.hexdigest(), bytes=size)


@dataclass(frozen=True, slots=True)
class StudyFile:
    """A study's file that was read and found whole.

    Attributes:
        contents: Entry -> bytes, but for the pictures.
        pictures: Entry -> clip.
    """

    path: Path
    manifest: Manifest
    records: Records
    contents: Mapping[str, bytes]
    pictures: Mapping[str, str]


def read(path: Path) -> StudyFile:
    """Return a study's file; every entry is compared with its hash, the pictures too.

    Raises:
        ArchiveFailed: STUDY_FILE_DAMAGED with what is wrong; STUDY_FILE_NEWER.
        UnreadableFile: FILE_MISSING.
    """
    if not path.is_file():
        raise UnreadableFile(ErrorCode.FILE_MISSING, name=path.name)
    try:
        with zipfile.ZipFile(path) as packed:
            manifest = _manifest(packed, path.name)
            contents = dict(_entries(packed, manifest, path.name))
    except OSError as error:
        raise _damaged(path.name, error.strerror or type(error).__name__) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, KeyError) as error:
        raise _damaged(path.name, "ZIP") from error
    try:
        records = Records.model_validate_json(contents.pop(RECORDS))
    except (KeyError, ValidationError) as error:
        raise _damaged(path.name, RECORDS) from error
    pictures = {clip.picture: clip.key for clip in records.clips if clip.picture}
    lacking = {name for name in entries_of(records) if name not in manifest.files}
    surplus = set(manifest.files) - entries_of(records) - {RECORDS}
    if lacking or surplus:
        raise _damaged(path.name, min(lacking or surplus))
    for name, clip in pictures.items():
        if not manifest.files[name].sha256.startswith(clip):
            raise _damaged(path.name, name)
    return StudyFile(path, manifest, records, contents, pictures)


def unpack(file: StudyFile, folder: Path) -> tuple[Path, ...]:
    """Write the pictures of a file into a folder, each whole or not at all, and return their paths.

    Raises:
        ExportFailed: The folder cannot be written to.
    """
    written = []
    with zipfile.ZipFile(file.path) as packed:
        for name in file.pictures:
            target = folder / Path(name).name  # an entry's name never leads out of the folder
            write_whole(target, partial(_unpack, packed, name))
            written.append(target)
    return tuple(written)


def _unpack(packed: zipfile.ZipFile, name: str, target: Path) -> None:
    with packed.open(name) as stream, target.open("wb") as file:
        while piece := stream.read(_PIECE):
            file.write(piece)


def _manifest(packed: zipfile.ZipFile, name: str) -> Manifest:
    if MANIFEST not in packed.namelist() or packed.getinfo(MANIFEST).file_size > MOST_BYTES:
        raise _damaged(name, MANIFEST)
    text = packed.read(MANIFEST)
    try:
        said = json.loads(text)
        if said.get("format") == FORMAT and isinstance(said.get("version"), int) and said["version"] > VERSION:
            raise ArchiveFailed(ErrorCode.STUDY_FILE_NEWER, name=name)
        manifest = Manifest.model_validate_json(text)
    except (ValueError, AttributeError) as error:
        raise _damaged(name, MANIFEST) from error
    names = sorted(packed.namelist())
    if manifest.format != FORMAT or names != sorted([MANIFEST, *manifest.files]):
        raise _damaged(name, MANIFEST)
    return manifest


def _entries(packed: zipfile.ZipFile, manifest: Manifest, file_name: str) -> Iterator[tuple[str, bytes]]:
    """Return what is in the file, but for the pictures; each entry is compared with its hash."""
    for name, member in manifest.files.items():
        is_picture = name.startswith(f"{PICTURES}/")
        if packed.getinfo(name).file_size != member.bytes or (member.bytes > MOST_BYTES and not is_picture):
            raise _damaged(file_name, name)
        digest, held = hashlib.sha256(), bytearray()
        with packed.open(name) as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
                if not is_picture:
                    held += piece
        if digest.hexdigest() != member.sha256:
            raise _damaged(file_name, name)
        if not is_picture:
            yield name, bytes(held)


def _damaged(name: str, problem: str) -> ArchiveFailed:
    return ArchiveFailed(ErrorCode.STUDY_FILE_DAMAGED, name=name, problem=problem)

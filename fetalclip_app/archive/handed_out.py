"""What left the program as a file, as the trail tells it: what kind, when, by whom, and hashes of content and name."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from fetalclip_app.archive import trail
from fetalclip_app.archive.database import storable
from fetalclip_app.domain.notes import Act
from fetalclip_app.errors import ErrorCode, ExportFailed

_PIECE = 1 << 20


class FileKind(StrEnum):
    """What was written."""

    PDF = "pdf"
    JSON = "json"
    CSV = "csv"
    DICOM = "dicom"
    PNG = "png"
    MP4 = "mp4"
    STUDY = "study"
    """All that is kept of a study, as one file."""


@dataclass(frozen=True, slots=True)
class HandedOut:
    """One export.

    Attributes:
        counts: Of what is in it; always ``clips``.
        digest: SHA-256 of the file; of a folder, of its files' names and hashes in their order.
        name: SHA-256 over the file's name and its content. A name may name a patient, and entries are never deleted:
            so nobody finds it by trying names, and whoever has the file sees that it bears the name that it was given.
    """

    kind: FileKind
    counts: Mapping[str, int] = field(default_factory=dict)
    digest: str = ""
    name: str = ""


def handed_out(path: Path, kind: FileKind, **counts: int) -> HandedOut:
    """Return what is to be recorded of a file, or of a folder of files, that was written.

    Raises:
        ExportFailed: It cannot be read back.
    """
    try:
        hashes, named = {}, hashlib.sha256(storable(path.name).encode() + b"\0")
        for file in _files(path):
            content = hashlib.sha256()
            with file.open("rb") as stream:
                while piece := stream.read(_PIECE):
                    content.update(piece)
                    named.update(piece)
            hashes[file.relative_to(path).as_posix()] = content.hexdigest()
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise ExportFailed(ErrorCode.EXPORT_FAILED, name=path.name, problem=problem) from error
    digest = trail.digest_of(sorted(hashes.items())) if path.is_dir() else hashes["."]
    return HandedOut(kind, counts, digest, named.hexdigest())


def record(connection: sqlite3.Connection, act: Act, made: HandedOut) -> None:
    """Have the trail say that a file went out."""
    details = {"kind": str(made.kind), **made.counts, "name": made.name}
    deed = trail.Deed(trail.What.EXPORTED, storable(act.who), act.when.isoformat(), digest=made.digest, details=details)
    trail.record(connection, deed)


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]

"""What was found where somebody pointed: the files to open, and what must be said of the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class NoticeKind(StrEnum):
    """What may have to be said of a folder, a DICOMDIR or an archive."""

    INDEX_DAMAGED = "index_damaged"
    INDEX_MISSES = "index_misses"
    INDEX_LEAVES = "index_leaves"
    INDEX_FORGOT = "index_forgot"
    ARCHIVES_CLOSED = "archives_closed"
    FOLDERS_CLOSED = "folders_closed"
    COPIES = "copies"
    SAME_CLIP = "same_clip"
    SHARED_IDENTIFIER = "shared_identifier"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to say.

    Attributes:
        where: Name of the folder, index or archive that it is about.
        names: The files that it is about, all of them.
    """

    kind: NoticeKind
    where: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """Files in the order to open them, each once; ``notices`` never stay unsaid."""

    files: tuple[Path, ...]
    notices: tuple[Notice, ...] = field(default=())

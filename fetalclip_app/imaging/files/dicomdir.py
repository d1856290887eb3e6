"""DICOMDIR: the index of a medium, in the order of its own tree of patients, studies, series and images.

Source: DICOM PS3.3 F.3 (the records and their links), PS3.10 8 (names of at most eight capitals, which real media
write in small letters, with ``;1`` behind them or with an ending that the index does not know).

The index only names; every name is looked up among the files that lie beside it and below, so that no name can lead
out of the folder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset

from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.dicom.element_numbers import number_of
from fetalclip_app.imaging.files.budget import within_budget
from fetalclip_app.imaging.files.content import Content

STORAGE_CLASS = b"1.2.840.10008.1.3.10"
"""Media Storage Directory Storage, as the head of such a file names it."""

_MOST_BYTES = 1 << 27
_MOST_RECORDS = 50_000
_MOST_READS = 600_000
"""Pieces in which an index may be read: records of undefined length take some thirty each."""

_ITEM = b"\xfe\xff\x00\xe0"
_NO_PICTURES = frozenset(
    {
        *("SR DOCUMENT", "PRESENTATION", "KEY OBJECT DOC", "ENCAP DOC", "HL7 STRUC DOC", "WAVEFORM", "RAW DATA"),
        *("REGISTRATION", "FIDUCIAL", "HANGING PROTOCOL", "SPECTROSCOPY", "VALUE MAP", "STEREOMETRIC", "PALETTE"),
        *("IMPLANT", "IMPLANT GROUP", "IMPLANT ASSY", "MEASUREMENT", "SURFACE", "SURFACE SCAN", "TRACT", "ANNOTATION"),
        *("ASSESSMENT", "RADIOTHERAPY", "PLAN", "RT DOSE", "RT STRUCTURE SET", "RT PLAN", "RT TREAT RECORD"),
    }
)
"""Types of records (PS3.3 F.5) that name no picture. A type that is none of the standard's may well be a damaged IMAGE:
the file's own header will tell."""

_LEADS_OUT = re.compile(r"^([A-Za-z]:|\.\.)")
_VERSION = re.compile(r";[0-9]+$")


@dataclass(frozen=True, slots=True)
class Record:
    """A file that the index names: its parts, as written, and whether it is said to be a picture."""

    parts: tuple[str, ...]
    is_picture: bool

    @property
    def name(self) -> str:
        """The name as people read it."""
        return "/".join(self.parts)

    @property
    def leads_out(self) -> bool:
        """Whether the name asks for a place outside the index's folder."""
        return not self.parts or self.parts[0] == "" or any(_LEADS_OUT.match(part) for part in self.parts)


def is_index_name(name: str) -> bool:
    """Whether a file of this name is a DICOMDIR, as media write it."""
    return _plain(name) == "dicomdir"


def read_index(content: Content) -> tuple[Record, ...]:
    """Return the files that an index names, in the order of its tree; those that no link reaches come last.

    Raises:
        UnreadableFile: FILE_DAMAGED where this is no such index, FILE_TOO_LARGE.
        Exception: pydicom's own, on damaged input.
    """
    name = content.path.name
    if content.size > _MOST_BYTES:
        raise UnreadableFile(ErrorCode.FILE_TOO_LARGE, name=name, limit=f"{_MOST_BYTES >> 20} MiB")
    with content.open() as stream:
        index = dcmread(within_budget(stream, _MOST_READS))
    if "DirectoryRecordSequence" not in index:
        raise UnreadableFile(ErrorCode.FILE_DAMAGED, name=name)
    _check_count(index, name)
    records = {int(record.seq_item_tell): record for record in index.DirectoryRecordSequence}
    first = number_of(index, "OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity")
    found = [_record(records[offset]) for offset in _in_order(records, int(first or 0))]
    return tuple(record for record in found if record is not None)


def _check_count(index: Dataset, name: str) -> None:
    """Refuse an index of records without end before they are parsed: even empty ones take 30 microseconds each."""
    raw: Any = index.get_item("DirectoryRecordSequence")
    held = raw.value
    count = held.count(_ITEM) if isinstance(held, bytes) else len(held or ())
    if count > _MOST_RECORDS:
        raise UnreadableFile(ErrorCode.FILE_TOO_LARGE, name=name, limit=str(_MOST_RECORDS))


def _in_order(records: Mapping[int, Dataset], first: int) -> list[int]:
    """Return the offsets of all records: depth first along the links, then what they do not reach, as it lies.

    A link that leads nowhere, or back, ends there.
    """
    order: dict[int, None] = {}
    waiting = [first]
    while waiting:
        offset = waiting.pop()
        if offset not in records or offset in order:
            continue
        order[offset] = None
        waiting.append(_link(records[offset], "OffsetOfTheNextDirectoryRecord"))
        waiting.append(_link(records[offset], "OffsetOfReferencedLowerLevelDirectoryEntity"))
    return [*order, *(offset for offset in records if offset not in order)]


def _link(record: Dataset, keyword: str) -> int:
    return int(number_of(record, keyword) or 0)


def _record(record: Dataset) -> Record | None:
    """Return what a record names; None where it names no file, or is switched off (PS3.3 F.3.2.2, 0000H)."""
    value: Any = record.get("ReferencedFileID")
    if not value or number_of(record, "RecordInUseFlag") == 0:
        return None
    texts = [value] if isinstance(value, str) else [str(part) for part in value]
    parts = tuple(part.strip() for text in texts for part in re.split(r"[/\\]", text))
    return Record(parts, str(record.get("DirectoryRecordType", "")).strip().upper() not in _NO_PICTURES)


class Neighbours:
    """The files beside an index and below, found by names as indexes write them."""

    def __init__(self, folder: Path, files: Sequence[Path]) -> None:
        self._written = {path.relative_to(folder).parts: path for path in files}
        self._exact: dict[tuple[str, ...], list[Path]] = {}
        self._bare: dict[tuple[str, ...], list[Path]] = {}
        for path in files:
            parts = tuple(_plain(part) for part in path.relative_to(folder).parts)
            self._exact.setdefault(parts, []).append(path)
            self._bare.setdefault((*parts[:-1], Path(parts[-1]).stem), []).append(path)

    def find(self, record: Record) -> Path | None:
        """Return the file; None where there is none, or where more than one could be meant."""
        parts = tuple(_plain(part) for part in record.parts)
        written = self._written.get(record.parts)
        found = [written] if written is not None else self._exact.get(parts) or self._bare.get(parts, [])
        return found[0] if len(found) == 1 else None


def _plain(part: str) -> str:
    """Return a part of a name without what differs between a medium and its copies."""
    return _VERSION.sub("", part.strip()).rstrip(".").casefold()

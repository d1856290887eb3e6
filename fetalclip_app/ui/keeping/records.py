"""What the archive keeps besides notes, as blocking functions: called off the window's thread."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fetalclip_app.archive.records import KeptEmbeddings, KeptReading
from fetalclip_app.archive.store import Archive
from fetalclip_app.atomic import write_bytes
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.kept import KeptNames, Place
from fetalclip_app.domain.notes import Act, study_key
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.study import Group
from fetalclip_app.errors import ErrorCode, ExportFailed, InvalidInput

if TYPE_CHECKING:
    from fetalclip_app.ui.deidentify_cases import Case

_log = logging.getLogger(__name__)


def made_of_reading(clip: Clip, reading: ClipReading, study: str) -> tuple[KeptReading, KeptEmbeddings]:
    """Return what the model said, as the JSON output has it, and its rows; the file's name, which may name a patient,
    stays out.
    """
    from fetalclip_app.report import ClipEntry, as_table  # noqa: PLC0415 - takes a while to import

    (row,) = as_table([ClipEntry(clip, reading)])
    del row["file"]
    text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    at = datetime.now(UTC).astimezone().isoformat()
    model = reading.provenance.model.sha256
    return KeptReading(reading.clip_key, study, at, model, text), _embeddings(reading, at)


def _embeddings(reading: ClipReading, at: str) -> KeptEmbeddings:
    """Return the rows of a clip's frames, as they were read."""
    rows = np.ascontiguousarray(reading.embeddings, "<f4")
    content, crop = rows.tobytes(), reading.crop
    return KeptEmbeddings(
        clip=reading.clip_key,
        model=reading.provenance.model.sha256,
        preprocessing=reading.provenance.preprocessing,
        crop=json.dumps([crop.left, crop.top, crop.right, crop.bottom]),
        frames=len(rows),
        width=rows.shape[1],
        digest=hashlib.sha256(content).hexdigest(),
        rows=content,
        at=at,
    )


def keep_names(archive: Archive, clip: Clip, group: Group) -> None:
    """Keep whose a study is and where a clip's file lies, to be found by.

    Raises:
        ArchiveFailed: It is not on disk.
    """
    origin, at = group.origin, datetime.now(UTC).astimezone().isoformat()
    day = origin.exam_day
    names = KeptNames(
        study=study_key(group),
        patient_name=origin.patient_name,
        patient_id=origin.patient_id,
        day="" if day is None else day.isoformat(),
        description=origin.study_description,
        last_open=at,
    )
    archive.remember(names, Place(clip.key, str(clip.path.absolute())))


def keep_view_sets(archive: Archive, reading: ClipReading, files: Iterable[Path]) -> None:
    """Keep the sets of views that a reading was made with, where they still are as they were then.

    Args:
        files: Among which they are looked for, by their content.

    Raises:
        ArchiveFailed: They are not on disk.
    """
    lacking = {sha for _name, sha in reading.provenance.view_sets.values() if archive.view_set(sha) is None}
    keep_files(archive, [path for path in files if _sha256(path) in lacking] if lacking else [])


def keep_files(archive: Archive, files: Iterable[Path]) -> None:
    """Keep sets of views as they are now; a file that cannot be read is none.

    Raises:
        ArchiveFailed: They are not on disk.
    """
    for path in files:
        content = _content(path)
        if content is not None:
            archive.keep_view_set(path.stem, content, datetime.now(UTC).astimezone())


def found_view_set(archive: Archive, wanted: tuple[str, str], files: Iterable[Path], folder: Path) -> Path:
    """Return the file of a set of views as it was, by name and SHA-256; from the archive where no file is it any more.

    Args:
        files: Among which it is looked for first.
        folder: Where what the archive has is written to.

    Raises:
        InvalidInput: VIEW_SET_INVALID: it is nowhere.
        ArchiveFailed: The archive cannot be read.
        ExportFailed: The folder cannot be written to.
    """
    name, sha256 = wanted
    found = next((path for path in files if _sha256(path) == sha256), None)
    if found is not None:
        return found
    kept = archive.view_set(sha256)
    if kept is None:
        raise InvalidInput(ErrorCode.VIEW_SET_INVALID, name=name, reason="missing")
    path = folder / f"{kept[0]}-{sha256[:8]}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportFailed(ErrorCode.EXPORT_FAILED, name=path.name, problem=error.strerror or "") from error
    write_bytes(path, kept[1])
    return path


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError as error:
        _log.warning("a set of views cannot be read: %s", error.strerror)
        return None


def _sha256(path: Path) -> str:
    content = _content(path)
    return "" if content is None else hashlib.sha256(content).hexdigest()


def keep_masks(archive: Archive, cases: Iterable[Case], act: Act) -> None:
    """Keep the masks by which copies were made, by the content of the original; who the copy is of stays out.

    Raises:
        ArchiveFailed: They are not on disk.
    """
    from fetalclip_app.imaging.deidentify.mask_book import RememberedMask  # noqa: PLC0415 - with its codecs

    for case in cases:
        if case.opened is not None and case.mask is not None:
            mask = RememberedMask.of(case.opened.scanner, case.mask, tuple(sorted(case.harmless)))
            archive.keep_mask(case.opened.clip.key, mask.model_dump_json(), act)

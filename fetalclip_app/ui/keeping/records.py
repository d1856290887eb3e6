"""What the archive keeps besides notes, as blocking functions: called off the window's thread."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fetalclip_app.archive.records import KeptReading
from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.notes import Act
from fetalclip_app.domain.reading import ClipReading

if TYPE_CHECKING:
    from fetalclip_app.ui.deidentify_cases import Case

_log = logging.getLogger(__name__)


def keep_reading(archive: Archive, clip: Clip, reading: ClipReading, study: str) -> None:
    """Keep what the model said, as the JSON output has it; the file's name, which may name a patient, stays out.

    Raises:
        ArchiveFailed: It is not on disk.
    """
    from fetalclip_app.report import ClipEntry, as_table  # noqa: PLC0415 - takes a while to import

    (row,) = as_table([ClipEntry(clip, reading)])
    del row["file"]
    text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    at = datetime.now(UTC).astimezone().isoformat()
    archive.keep_reading(KeptReading(reading.clip_key, study, at, reading.provenance.model.sha256, text))


def keep_view_sets(archive: Archive, reading: ClipReading, files: Iterable[Path]) -> None:
    """Keep the sets of views that a reading was made with, where they still are as they were then.

    Args:
        files: Among which they are looked for, by their content.

    Raises:
        ArchiveFailed: They are not on disk.
    """
    lacking = {sha for _name, sha in reading.provenance.view_sets.values() if archive.view_set(sha) is None}
    for path in files if lacking else ():
        try:
            content = path.read_bytes()
        except OSError as error:
            _log.warning("a set of views cannot be read: %s", error.strerror)
            continue
        if hashlib.sha256(content).hexdigest() in lacking:
            archive.keep_view_set(path.stem, content, datetime.now(UTC).astimezone())


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

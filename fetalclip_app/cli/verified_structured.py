"""Looks at a DICOM structured report again: its originals, what it says was drawn, and the archive."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fetalclip_app.cli.originals import Original, Originals
from fetalclip_app.cli.verified_archive import kept_of_study
from fetalclip_app.domain.notes import StudyNotes
from fetalclip_app.domain.structured import StructuredReport
from fetalclip_app.domain.verification import Why
from fetalclip_app.errors import FetalClipError
from fetalclip_app.imaging.dicom.structured import read_structured_report
from fetalclip_app.progress import CancelToken, silent
from fetalclip_app.report.entries import ClipEntry
from fetalclip_app.report.verifying.rebuilding import Row
from fetalclip_app.report.verifying.structured import FoundClip, compare_structured
from fetalclip_app.report.verifying.structured_kept import compare_structured_with_kept, other_signature
from fetalclip_app.report.verifying.structured_notes import StatedClip, stated_clips, study_notes
from fetalclip_app.report.verifying.summary import Verdict, verdict

if TYPE_CHECKING:
    from fetalclip_app.cli.analyze import Reader

_log = logging.getLogger(__name__)


def verified_structured(
    path: Path, files: Sequence[Path], archive: Path | None, engine_for: Callable[[Row], Reader]
) -> Verdict:
    """Return what is found of a report's numbers.

    Args:
        engine_for: What the report says that its clips were read with -> an engine.

    Raises:
        UnreadableFile: The report cannot be read.
        ModelUnavailable, ComputeFailed: The engine cannot be built.
        ArchiveFailed: The archive that was named cannot be read.
    """
    report = read_structured_report(path)
    originals, study = Originals.among(files), study_notes(report)
    engine = engine_for(_made_with(report))
    found = [_found(one, originals.of(_as_entry(one)), study, engine) for one in stated_clips(report)]
    made = compare_structured(report, found)
    kept = kept_of_study(archive, [one.entry for one in found])
    beside = compare_structured_with_kept(report, found, kept.clips, kept.study) if kept.clips else ()
    others = (*made.others, *other_signature(report, kept.study))
    return verdict(made.stated, (*made.numbers, *beside), others=others, flaws=kept.flaws)


def _found(one: StatedClip, original: Original, study: StudyNotes, engine: Reader) -> FoundClip:
    if original.clip is None:
        return FoundClip(one, why=Why.FILE_MISSING)
    try:
        clip = one.scaled(original.clip)
        reading = engine.read(clip, CancelToken(), silent)
    except (FetalClipError, MemoryError) as error:
        _log.warning("an original cannot be read again: %s", error)
        return FoundClip(one, why=Why.FILE_UNREADABLE)
    entry = ClipEntry(clip, reading, fetus=one.fetus, notes=one.notes, study_notes=study)
    return FoundClip(one, entry, Why.FILE_CHANGED if original.is_changed else None)


def _as_entry(one: StatedClip) -> Row:
    uid = one.uids[0] if len(one.uids) == 1 else ""
    return {"file": "", "provenance": {"clip": {"key": one.key, "sha256": one.sha256, "sop_instance_uid": uid}}}


def _made_with(report: StructuredReport) -> Row:
    """Return the prompts by which the report says that views were named: every length names them."""
    told = [one for row in report.rows if row.unit == "mm" for one in row.algorithm if one.startswith("prompts ")]
    views = told[0].split()[-1] if told else ""
    return {"provenance": {"view_sets": {"views": {"sha256": views}} if views else {}}}

"""What the archive keeps of a report's clips, beside what the report says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fetalclip_app import settings
from fetalclip_app.archive.checking import check
from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.notes import ClipNotes, StudyNotes, study_key
from fetalclip_app.domain.study import groups_of
from fetalclip_app.errors import ArchiveFailed, ErrorCode
from fetalclip_app.report.entries import ClipEntry
from fetalclip_app.report.verifying.comparing import Again
from fetalclip_app.report.verifying.kept import KeptClip, KeptStudy, compare_with_kept
from fetalclip_app.report.verifying.kept_words import other_words
from fetalclip_app.report.verifying.other_values import OtherValue
from fetalclip_app.report.verifying.outcome import Checked
from fetalclip_app.report.verifying.rebuilding import Row
from fetalclip_app.report.verifying.stated import Stated


@dataclass(frozen=True, slots=True)
class Beside:
    """What was found.

    Attributes:
        checked: Numbers of which the archive keeps something else.
        others: What a person signed or marked, likewise.
        flaws: How many things in the archive are not as they were kept.
    """

    checked: tuple[Checked, ...] = ()
    others: tuple[OtherValue, ...] = ()
    flaws: int = 0


def kept_beside(named: Path | None, stated: Stated, again: Mapping[int, Again]) -> Beside:
    """Return how a report stands to an archive: the one that is named, else the user's own where there is one.

    Raises:
        ArchiveFailed: The archive that was named is not there, or cannot be read.
    """
    path = _archive_file(named)
    if path is None:
        return Beside()
    flaws = len(check(path).flaws)  # first: it sets no damaged file aside
    archive = Archive(path)
    try:
        clips = {place: _clip(archive, row, again[place]) for place, row in stated.clips}
        studies = _studies(archive, stated, again)
        others = other_words(stated, {place: kept.notes for place, kept in studies.items()})
        return Beside(compare_with_kept(stated, clips, studies), tuple(others), flaws)
    finally:
        archive.close()


@dataclass(frozen=True, slots=True)
class KeptOfStudy:
    """What is kept of a study: of its clips, in their order, and of itself; no clips where there is no archive."""

    clips: tuple[KeptClip, ...] = ()
    study: StudyNotes | None = None
    flaws: int = 0


def kept_of_study(named: Path | None, clips: Sequence[ClipEntry | None]) -> KeptOfStudy:
    """Return what the archive keeps of the clips of one study; of one that is None nothing.

    Raises:
        ArchiveFailed: As `kept_beside`.
    """
    path = _archive_file(named)
    if path is None:
        return KeptOfStudy()
    flaws = len(check(path).flaws)
    archive = Archive(path)
    try:
        kept = tuple(KeptClip() if one is None else _kept(archive, one.clip.key, one.fetus, one.clip) for one in clips)
        there = [one.clip for one in clips if one is not None]
        study = archive.load_study(study_key(groups_of(there)[0])) if there else None
        return KeptOfStudy(kept, study, flaws)
    finally:
        archive.close()


def _archive_file(named: Path | None) -> Path | None:
    """Return the archive to look at: the one that is named, else the user's own; None where there is none."""
    path = settings.archive_file() if named is None else named
    if path.is_file():
        return path
    if named is not None:
        raise ArchiveFailed(ErrorCode.ARCHIVE_MISSING, name=str(named))
    return None


def _clip(archive: Archive, row: Row, now: Again) -> KeptClip:
    key = str(row["provenance"]["clip"]["key"])
    return _kept(archive, key, row.get("fetus", ""), None if now.entry is None else now.entry.clip)


def _kept(archive: Archive, key: str, stated_fetus: str | None, clip: Clip | None) -> KeptClip:
    """Return what is kept of a clip; whose it is, where the archive does not know, as it is stated."""
    notes = archive.load_clip(key)
    study = None if clip is None else archive.load_study(study_key(groups_of([clip])[0]))
    return KeptClip(
        tuple(json.loads(one.json) for one in archive.readings(key)),
        notes,
        None if clip is None else _as_kept(clip, notes),
        stated_fetus if study is None or notes is None else study.fetus_of(notes),
        archive.load_history(key),
    )


def _as_kept(clip: Clip, notes: ClipNotes | None) -> Clip:
    """Return a clip with the scale that is kept; one that was typed is kept nowhere, and stays."""
    regions = () if clip.calibration is None else clip.calibration.regions
    is_ruled = any(region.ruler is not None for region in regions)
    return clip.with_rulers(notes.rulers) if notes is not None and (notes.rulers or is_ruled) else clip


def _studies(archive: Archive, stated: Stated, again: Mapping[int, Again]) -> dict[int, KeptStudy]:
    """Return what is kept of each study whose files are there: only they say under which name it is kept."""
    entries = [again[place].entry for place, _row in stated.clips]
    found: dict[int, KeptStudy] = {}
    for place, row in stated.studies:
        mine = [entries[ref["number"] - 1] for ref in row["clips"]]
        there = [entry for entry in mine if entry is not None]
        if there and len(there) == len(mine):
            key = study_key(groups_of([entry.clip for entry in there])[0])
            notes = archive.load_study(key)
            if notes is not None:
                found[place] = KeptStudy(notes, archive.load_study_history(key))
    return found

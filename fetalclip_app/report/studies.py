"""From the clips of a report to the tables of their studies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fetalclip_app.biometry.study_table import ClipValues, clip_values, study_table
from fetalclip_app.domain.study import Group, Key, Listed, groups_of
from fetalclip_app.domain.study_table import ClipRef, StudyTable
from fetalclip_app.report.entries import ClipEntry
from fetalclip_app.wording import study_title

Member = tuple[ClipEntry, int]
"""A clip and its number, from 1."""


def study_tables(clips: Sequence[ClipEntry]) -> tuple[StudyTable, ...]:
    """Return a table for each study, in the order of their first clips.

    Pictures that name nobody and that nobody dated are no study: one may be of another pregnancy than the next.
    """
    groups, clips = groups_of([entry.clip for entry in clips]), each_of_somebody(clips)
    members: dict[Key, tuple[Group, list[Member]]] = {}
    for number, (entry, group) in enumerate(zip(clips, groups, strict=True), start=1):
        # by the group's own key: one identifier on files of two patients makes no study of theirs
        members.setdefault(group.key, (group, []))[1].append((entry, number))
    return tuple(_table(group, mine) for group, mine in members.values() if _is_study(group, mine))


def _is_study(group: Group, mine: Sequence[Member]) -> bool:
    return group.folder is None or len(mine) == 1 or mine[0][0].study_notes.dating is not None


def _table(group: Group, mine: Sequence[Member]) -> StudyTable:
    notes, refused = mine[0][0].study_notes, mine[0][0].dating_refused
    exam_day = group.origin.exam_day or notes.exam_day
    values = [values_of(entry, number) for entry, number in mine]
    title = study_title(group.origin)
    return study_table(values, title=title, dating=notes.dating, refused=refused, exam_day=exam_day)


def values_of(entry: ClipEntry, number: int) -> ClipValues:
    """Return what a clip gives to its study, given its number there."""
    ref = ClipRef(number, entry.name, entry.clip.key)
    return clip_values(ref, entry.notes, entry.reading, entry.clip.calibration, fetus=entry.fetus)


def each_of_somebody(clips: Sequence[ClipEntry]) -> list[ClipEntry]:
    """Return the clips, those of which nobody spoke in a multiple pregnancy as nobody's."""
    fetuses = each_somebodys([(entry.clip, entry.fetus) for entry in clips])
    return [replace(entry, fetus=fetus) for entry, fetus in zip(clips, fetuses, strict=True)]


def each_somebodys(clips: Sequence[tuple[Listed, str | None]]) -> list[str | None]:
    """Return whose scan each clip is, where in a multiple pregnancy one of which nobody spoke is nobody's.

    Args:
        clips: Each with what was said of it, as `ClipEntry.fetus`.
    """
    keys = [group.key for group in groups_of([clip for clip, _fetus in clips])]
    multiple = {key for key, (_clip, fetus) in zip(keys, clips, strict=True) if fetus != ""}
    return [fetus or (None if key in multiple else "") for key, (_clip, fetus) in zip(keys, clips, strict=True)]

"""A checklist over the clips of a study: what each item comes to, and where to look."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from fetalclip_app.domain.checklist import (
    Checklist,
    ChecklistFindings,
    Doubt,
    Evidence,
    Item,
    ItemFinding,
    StudyChecklist,
    Support,
)
from fetalclip_app.domain.notes import FETUSES, ItemMark, StudyNotes, study_key
from fetalclip_app.domain.study import Group
from fetalclip_app.tasks.checklist_evidence import ClipSeen, evidence_of

_DOUBTS = tuple(Doubt)


Look = Callable[[ClipSeen, Support], Evidence | None]
"""`evidence_of`, or what remembers its answers."""


def assess(
    checklist: Checklist,
    clips: Sequence[ClipSeen],
    marks: Mapping[str, ItemMark],
    *,
    fetus: str = "",
    look: Look = evidence_of,
) -> ChecklistFindings:
    """Return what every item comes to.

    Args:
        clips: Of one study, in their order.
        marks: The person's words, by `Item.mark_key`.
        fetus: The one that is asked about; empty in a single pregnancy.
    """
    findings = []
    for item in checklist.items:
        found = [
            _of_fetus(one, clip, item, fetus)
            for clip in clips
            if _concerns(clip, item, fetus)
            for support in item.supports
            if (one := look(clip, support)) is not None
        ]
        findings.append(ItemFinding(item, tuple(sorted(found, key=_rank)), marks.get(item.mark_key(fetus))))
    read = sum(clip.reading is not None for clip in clips)
    return ChecklistFindings(checklist, fetus, tuple(findings), read, len(clips))


def assess_studies(
    checklist: Checklist,
    clips: Sequence[tuple[Group, ClipSeen]],
    notes: Mapping[str, StudyNotes],
    *,
    look: Look = evidence_of,
) -> tuple[StudyChecklist, ...]:
    """Return what every study's clips say, study by study in the order of their first clip, fetus by fetus.

    Args:
        clips: Each with the study that it is of.
        notes: By `study_key`; a study that is not among them has none.
    """
    studies: dict[str, tuple[Group, list[ClipSeen]]] = {}
    for group, clip in clips:
        studies.setdefault(study_key(group), (group, []))[1].append(clip)
    answered = []
    for key, (group, seen) in studies.items():
        of_study = notes.get(key, StudyNotes())
        read = tuple(clip.clip_key for clip in seen if clip.reading is not None)
        for fetus in _fetuses(of_study, seen):
            found = assess(checklist, seen, of_study.checklist, fetus=fetus, look=look)
            answered.append(StudyChecklist(group, found, read))
    return tuple(answered)


def _fetuses(notes: StudyNotes, clips: Sequence[ClipSeen]) -> tuple[str, ...]:
    """Return the fetuses that a person named, for the study or for its clips; one without a name in a single one."""
    named = {clip.fetus for clip in clips if clip.fetus}
    return notes.fetuses or tuple(fetus for fetus in FETUSES if fetus in named) or ("",)


class Remembering:
    """Looks at a clip once for each support, until its reading, its notes or its scale are others."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Support], tuple[ClipSeen, Evidence | None]] = {}

    def __call__(self, clip: ClipSeen, support: Support) -> Evidence | None:
        """Return what `evidence_of` does."""
        key = clip.clip_key, support
        known = self._known.get(key)
        if known is None or not _is_same(known[0], clip):
            known = self._known[key] = clip, evidence_of(clip, support)
        return known[1]

    def keep(self, clip_keys: Collection[str]) -> None:
        """Forget every other clip, and with it its reading."""
        self._known = {key: known for key, known in self._known.items() if key[0] in clip_keys}


def _is_same(one: ClipSeen, other: ClipSeen) -> bool:
    return one.reading is other.reading and one.notes is other.notes and one.calibration is other.calibration


def _concerns(clip: ClipSeen, item: Item, fetus: str) -> bool:
    return not fetus or item.is_shared or clip.fetus is None or clip.fetus == fetus


def _of_fetus(one: Evidence, clip: ClipSeen, item: Item, fetus: str) -> Evidence:
    """Return evidence as it counts for a fetus: of a clip that nobody told whose it is, as a doubt."""
    is_open = bool(fetus) and not item.is_shared and clip.fetus is None and one.doubt is None
    return replace(one, doubt=Doubt.FETUS_NOT_STATED) if is_open else one


def _rank(one: Evidence) -> tuple[int, float]:
    """Return a key that sorts the most telling evidence first; clips keep their order where it is alike."""
    doubt = -1 if one.doubt is None else _DOUBTS.index(one.doubt)
    return doubt, -(1.0 if one.probability is None else one.probability)

"""The checklist over the files of a command line: what is seen, study by study; nobody has marked anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fetalclip_app import settings
from fetalclip_app.domain.checklist import Checklist, StudyChecklist
from fetalclip_app.domain.notes import ClipNotes
from fetalclip_app.domain.study import groups_of
from fetalclip_app.report.build import ClipEntry
from fetalclip_app.tasks.checklist_evidence import ClipSeen
from fetalclip_app.tasks.checklist_findings import assess_studies
from fetalclip_app.tasks.checklists import find_checklist, read_checklist


def chosen(wanted: Path) -> Checklist:
    """Return a checklist by its path, or by its name among the bundled ones and the user's own.

    Raises:
        InvalidInput: There is none, or it cannot be used.
    """
    return read_checklist(find_checklist(wanted, [settings.checklists_folder()]))


def answered(checklist: Checklist, clips: Sequence[ClipEntry]) -> tuple[StudyChecklist, ...]:
    """Return what the studies of these clips say."""
    groups = groups_of([entry.clip for entry in clips])
    seen = [
        ClipSeen(entry.clip.key, entry.reading, ClipNotes(), entry.clip.calibration, entry.fetus) for entry in clips
    ]
    return assess_studies(checklist, list(zip(groups, seen, strict=True)), {})

"""The whole JSON of a report: clips, checklists, studies. What is exported, attached to the PDF, and verified."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fetalclip_app.domain.checklist import StudyChecklist
from fetalclip_app.domain.study_table import StudyTable
from fetalclip_app.report.as_json import as_table
from fetalclip_app.report.entries import ClipEntry, Entry
from fetalclip_app.report.json_checklist import as_entries
from fetalclip_app.report.json_sign_off import as_sign_offs
from fetalclip_app.report.json_study import as_study_entries
from fetalclip_app.report.seal import signed_studies
from fetalclip_app.report.studies import study_tables


def as_document(
    entries: Sequence[Entry],
    checklists: Sequence[StudyChecklist] = (),
    studies: Sequence[StudyTable] | None = None,
) -> list[dict[str, Any]]:
    """Return the JSON of a report about these entries, as docs/analyze.schema.json has it.

    Args:
        studies: Those of `study_tables` for the clips among the entries, where they are at hand.
    """
    clips = [entry for entry in entries if isinstance(entry, ClipEntry)]
    tables = study_tables(clips) if studies is None else studies
    signed = signed_studies(clips, checklists) if any(one.study_notes.signed for one in clips) else ()
    rows = [*as_table(entries), *as_entries(checklists), *as_study_entries(tables, clips)]
    return [*rows, *as_sign_offs(signed)]

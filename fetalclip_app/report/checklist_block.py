"""A study's checklist as a part of the PDF: each item with who says so and what shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportlab.platypus import BalancedColumns, CondPageBreak, Spacer

from fetalclip_app.domain.checklist import Evidence, ItemFinding, StudyChecklist
from fetalclip_app.domain.notes import ItemState
from fetalclip_app.report.build import ClipEntry, ReportContent
from fetalclip_app.report.style import BODY, DOUBT_STRONG, GAP, HEADING, LABEL, MM, NOTE, STRONG, SUBHEADING, para, rows
from fetalclip_app.wording.checklist import (
    checklist_count,
    checklist_meaning,
    checklist_name,
    checklist_title,
    clip_place,
    doubt_reason,
    evidence_value,
    item_state,
    item_title,
    not_all_read,
    open_item,
    open_meaning,
    said_by,
    section_title,
    study_of_checklist,
)

_TOGETHER = 12
"""Rows of a section that stand together."""

_STATE = 24 * MM
"""Width of the column of states."""

_STYLES = {ItemState.SEEN: STRONG, ItemState.DOUBTFUL: DOUBT_STRONG, ItemState.MISSING: BODY, None: LABEL}

Numbered = Mapping[str, tuple[int, ClipEntry]]
"""Content key -> the clip's number in the report, from 1, and the clip."""


def checklist_section(content: ReportContent, width: float) -> list[Any]:
    """Return the part about the checklists; nothing where none was asked for."""
    if not content.checklists:
        return []
    clips = {entry.clip.key: (place, entry) for place, entry in enumerate(content.clips, start=1)}
    flow: list[Any] = [CondPageBreak(70 * MM), para(checklist_title(), HEADING)]
    of_several = len({one.study.key for one in content.checklists}) > 1
    for one in content.checklists:
        flow.append(CondPageBreak(60 * MM))
        if of_several:
            flow.append(para(study_of_checklist(one), STRONG))
        flow.append(para(f"{checklist_count(one.found)} · {checklist_name(one.found.checklist)}", SUBHEADING))
        waits = not_all_read(one.found)
        flow += [para(waits, DOUBT_STRONG)] if waits else []
        flow += [_table(one, clips, width), Spacer(0, 1 * MM)]
        is_open = any(finding.state is None for finding in one.found.findings)
        notes = (open_meaning() if is_open else "", checklist_meaning(), one.found.checklist.source)
        flow += [para(text, NOTE) for text in notes if text]
        flow.append(Spacer(0, 4 * MM))
    return flow


def _table(one: StudyChecklist, clips: Numbered, width: float) -> Any:
    """Return the items in two columns of one height, section by section."""
    half = (width - GAP) / 2
    tables: list[Any] = []
    for section in one.found.checklist.sections:
        cells: list[list[Any]] = [[para(section_title(section), LABEL), ""]]
        for item in section.items:
            finding = one.found.of(item.key)
            told = _told(finding, clips)
            title = [para(item_title(finding), BODY), *([para(told, NOTE)] if told else [])]
            state = open_item() if finding.state is None else item_state(finding.state)
            cells.append([title, para(state, _STYLES[finding.state])])
        tables += [rows(cells, [half - _STATE, _STATE], between=0.6 * MM, keep_first=_TOGETHER), Spacer(0, 1.5 * MM)]
    return BalancedColumns(tables, nCols=2, innerPadding=GAP, needed=30 * MM)


def _told(finding: ItemFinding, clips: Numbered) -> str:
    """Return who says so, and what the most telling clip shows."""
    said = [said_by(finding.mark)] if finding.mark is not None else []
    best = finding.best
    if best is not None:
        place = _place(best, clips)
        said.append(f"{evidence_value(best)}, {place}." if place else f"{evidence_value(best)}.")
        said += [doubt_reason(best.doubt)] if best.doubt is not None else []
    return " ".join(said)


def _place(one: Evidence, clips: Numbered) -> str:
    found = clips.get(one.clip_key)
    if found is None:
        return ""
    place, entry = found
    return clip_place(one, place if len(clips) > 1 else None, len(entry.clip))

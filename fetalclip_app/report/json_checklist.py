"""A study's checklist as an entry of the JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fetalclip_app.domain.checklist import Evidence, ItemFinding, StudyChecklist, ViewSupport
from fetalclip_app.domain.notes import ItemMark, ItemState
from fetalclip_app.report.json_values import number
from fetalclip_app.wording.checklist import study_of_checklist
from fetalclip_app.wording.translate import SOURCE, speaking


def as_entries(checklists: Sequence[StudyChecklist]) -> list[dict[str, Any]]:
    """Return what stands in the JSON beside the clips: one entry for each study and fetus; always in English."""
    with speaking(SOURCE):
        return [_entry(one) for one in checklists]


def _entry(one: StudyChecklist) -> dict[str, Any]:
    found, checklist = one.found, one.found.checklist
    return {
        "study": study_of_checklist(one),
        **({"fetus": found.fetus} if found.fetus else {}),
        "clips": list(one.clips),
        "not_read": found.clips - found.read,
        "checklist": {
            "name": checklist.name,
            "version": checklist.version,
            "sha256": checklist.sha256,
            "seen": found.seen,
            "items": [_item(finding) for finding in found.findings],
        },
    }


def _item(finding: ItemFinding) -> dict[str, Any]:
    return {
        "key": finding.item.key,
        "title": finding.item.title,
        "state": _state(finding.state),
        "of_clips": _state(finding.of_clips),
        "mark": None if finding.mark is None else mark_told(finding.mark),
        "evidence": [_evidence(one) for one in finding.evidence],
    }


def _state(state: ItemState | None) -> str | None:
    return None if state is None else str(state)


def mark_told(mark: ItemMark) -> dict[str, Any]:
    """Return a person's word on an item."""
    return {"state": str(mark.state), "who": mark.act.who, "when": mark.act.when.isoformat(), "remark": mark.remark}


def _evidence(one: Evidence) -> dict[str, Any]:
    support = one.support
    what = {"task": support.task, "view": support.view} if isinstance(support, ViewSupport) else {"measure": support}
    return {
        "clip": one.clip_key,
        "frame": one.frame_index,
        **{name: str(value) for name, value in what.items()},
        "probability": None if one.probability is None else number(one.probability),
        "size_mm": None if one.size_mm is None else number(one.size_mm),
        "doubt": None if one.doubt is None else str(one.doubt),
    }

"""Whom the report is about, and what a reader must know before any number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reportlab.platypus import Spacer

from fetalclip_app.domain.age import GestationalAge
from fetalclip_app.report.build import ReportContent
from fetalclip_app.report.fonts import drawable, missing, text_width
from fetalclip_app.report.style import (
    BODY,
    DOUBT_STRONG,
    GAP,
    LABEL,
    MM,
    card,
    columns,
    cut,
    para,
    rows,
)
from fetalclip_app.wording.growth import dated_age
from fetalclip_app.wording.translate import translate as _

Flow = list[Any]

MOST_NAMES = 6

MOST_LETTERS = 160
"""Of one fact in the header, which cannot break over pages."""


def header(content: ReportContent, width: float) -> Flow:
    """Return whom the report is about, and what a reader must know before any number."""
    subject, options = content.subject, content.options
    unstated = _("not stated")
    left, right = [(_("Patient"), subject.patient or unstated)], []
    if subject.is_one_patient:
        left.append((_("Patient ID"), subject.patient_id or unstated))
        right = [(_("Study"), subject.study or unstated), (_("Study date"), subject.study_date or unstated)]
    dated = [one for one in content.studies if isinstance(one.age, GestationalAge)]
    if len(content.studies) == 1 and dated:
        right.append((_("Age"), dated_age(dated[0])))
    left.append((_("Operator"), options.operator or unstated))
    right.append((_("Read on"), f"{options.made_at:%Y-%m-%d %H:%M}"))
    half = (width - GAP) / 2
    flow: Flow = [columns([_facts(left, half), _facts(right, half)], [half, half]), Spacer(0, 2 * MM)]
    for warning in _warnings(content):
        flow += [card([para(warning, DOUBT_STRONG)], width, doubt=True), Spacer(0, 2 * MM)]
    return flow


def _facts(facts: Sequence[tuple[str, str]], width: float) -> Any:
    cells = [[para(label, LABEL), para(cut(value, MOST_LETTERS), BODY)] for label, value in facts]
    widest = max((text_width(drawable(label), LABEL.fontSize) for label, _value in facts), default=0.0)
    left = min(max(widest + 4 * MM, 24 * MM), width / 2)
    return rows(cells, [left, width - left], between=0.7 * MM)


def _warnings(content: ReportContent) -> list[str]:
    found: list[str] = []
    if not content.subject.is_one_patient:
        found.append(_whose(content))
    if len(content.clips) > 1 and content.is_simulated:
        found.append(_("Some of these pictures are simulated; they are marked."))
    origins = [entry.clip.origin for entry in content.clips]
    shown = [text for it in origins for text in (it.patient_name, it.patient_id, it.study_description)]
    shown += [entry.name for entry in content.clips] + [entry.name for entry in content.unread]
    shown.append(content.options.operator)
    if scripts := missing(shown):
        listed = ", ".join(scripts)
        found.append(
            _(
                "Letters that this report's font lacks are named in square brackets instead of drawn ({scripts})."
            ).format(scripts=listed)
        )
    return found


def _whose(content: ReportContent) -> str:
    """Return which clips are whose, and which name nobody."""
    said: list[str] = []
    if len(content.patients) > 1:
        shown = [
            f"{cut(title, MOST_LETTERS // 2)} ({_clips(positions)})"
            for title, positions in content.patients[:MOST_NAMES]
        ]
        more = len(content.patients) - len(shown)
        names = "; ".join(shown) + (" " + _("and {count} more").format(count=more) if more > 0 else "")
        said.append(_("These clips belong to different patients: {names}.").format(names=names))
    named = {position for _title, positions in content.patients for position in positions}
    nobody = [
        position
        for position, entry in enumerate(content.clips)
        if position not in named and not entry.clip.origin.is_simulated
    ]
    if nobody:
        said.append(_("No patient is named in {clips}.").format(clips=_clips(nobody)))
    return " ".join(said) or _("Simulated pictures stand beside a patient's.")


def _clips(positions: Sequence[int]) -> str:
    """Return ``clip 2``, or ``clips 1–3, 5``, by the numbers that the sections bear."""
    runs: list[list[int]] = []
    for number in (position + 1 for position in positions):
        if runs and runs[-1][-1] == number - 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    listed = ", ".join("–".join(str(end) for end in run) for run in runs)
    said = _("clip\u00a0{numbers}") if len(positions) == 1 else _("clips\u00a0{numbers}")
    return said.format(numbers=cut(listed, MOST_LETTERS // 2))

"""One line for each clip of several, and their ages on one axis; a doubt stands where the number would stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reportlab.platypus import KeepTogether, Spacer

from fetalclip_app import wording
from fetalclip_app.domain.age import AgeEstimate
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.reading import Answer
from fetalclip_app.domain.values import Source
from fetalclip_app.report.build import ClipEntry, ReportContent
from fetalclip_app.report.by_hand import ByHand, by_hand
from fetalclip_app.report.charts import age_axis
from fetalclip_app.report.fonts import drawable, shortened
from fetalclip_app.report.header import MOST_LETTERS
from fetalclip_app.report.style import (
    BODY,
    DOUBT_STRONG,
    HEADING,
    LABEL,
    MM,
    NOTE,
    STRONG,
    SUBHEADING,
    cut,
    para,
    rows,
)
from fetalclip_app.wording.by_hand import edges_name
from fetalclip_app.wording.translate import translate as _

Flow = list[Any]

_MOST_AGES = 30


def summary_section(content: ReportContent, width: float) -> Flow:
    """Return one line for each clip; a doubt stands where the number would stand."""
    clips, is_mixed = content.clips, not content.subject.holds_for_all
    titles = [_("Clip"), _("View"), _("Age"), "HC", "BPD", "OFD"]
    widths = [0.29, 0.18, 0.16, 0.15, 0.11, 0.11] if is_mixed else [0.23, 0.19, 0.17, 0.17, 0.12, 0.12]
    cells = [[para(title, LABEL) for title in titles]]
    for number, entry in enumerate(clips, start=1):
        if content.names_fetuses and (number == 1 or not _same_fetus(clips[number - 2], entry)):
            cells.append([para(_whose_part(entry, is_mixed=is_mixed), SUBHEADING), *[""] * (len(titles) - 1)])
        cells.append(
            [
                _name(number, entry, widths[0] * width, is_mixed=is_mixed),
                _cell(entry, "views"),
                _cell(entry, "gestational_age"),
                *_sizes(entry),
            ]
        )
    table = rows(cells, [share * width for share in widths], between=2 * MM, heads=1)
    studied = {ref.number for study in content.studies for ref in study.clips}
    alone = [] if len(studied) == len(clips) else _ages(clips, width)  # a study has its own axis
    return [para(_("Summary"), HEADING), table, Spacer(0, 2 * MM), *alone]


def _same_fetus(one: ClipEntry, other: ClipEntry) -> bool:
    return (one.patient, one.fetus) == (other.patient, other.fetus)


def _whose_part(entry: ClipEntry, *, is_mixed: bool) -> str:
    """Return whose clips follow; where the report is about several patients, of which of them.

    A single pregnancy beside another's twins has no fetus to name.
    """
    fetus = wording.fetus_title(entry.fetus)
    if not is_mixed:
        return fetus
    patient = cut(entry.patient, MOST_LETTERS)
    return patient if entry.fetus == "" else f"{patient}: {fetus}"


def _ages(clips: Sequence[ClipEntry], width: float) -> Flow:
    """Return the clips' ages on one axis, where there are any, and what their spread is."""
    ages = [
        (f"{number} {entry.fetus or ''}".strip(), age)
        for number, entry in enumerate(clips, start=1)
        if (age := entry.reading.answer("gestational_age", AgeEstimate)) is not None
    ]
    if not ages:
        return []
    shown = ages[:_MOST_AGES]
    title = para(_("Ages on one axis, by clip"), SUBHEADING)
    return [KeepTogether([title, age_axis(shown, width), Spacer(0, 1 * MM), para(wording.spread_meaning(), NOTE)])]


def _name(number: int, entry: ClipEntry, width: float, *, is_mixed: bool) -> Flow:
    """Return number and file; where the header cannot say it for all, whose it is and of which study."""
    name = para(shortened(drawable(f"{number}  {entry.name}"), width - 4 * MM, 9.5, bold=True), STRONG)
    whose = (entry.patient, entry.study) if is_mixed else ()
    return [name, *(para(shortened(drawable(text), width - 4 * MM, 8), NOTE) for text in whose)]


def _cell(entry: ClipEntry, task: str) -> Any:
    line = _lines(entry, task)[0]
    return para(line.value, DOUBT_STRONG if line.is_doubt else BODY)


def _sizes(entry: ClipEntry) -> list[Any]:
    """Return HC, BPD and OFD: a person's where hers enters, with the model's small below it."""
    lines = _lines(entry, "head")
    cells = [para(line.value, DOUBT_STRONG if line.is_doubt else BODY) for line in lines]
    cells += [para("–", BODY)] * (3 - len(cells))
    for place, measure in enumerate((Measure.HC, Measure.BPD, Measure.OFD)):
        mine = by_hand(entry, measure)
        if mine is not None:
            small = [para(_model_told(mine, lines[place].value), NOTE)] if place < len(lines) else []
            edges = mine.chosen.bpd_definition
            between = [para(edges_name(edges), NOTE)] if edges is not None else []
            cells[place] = [para(wording.millimetres(mine.size_mm), STRONG), *between, *small]
    return cells


def _model_told(mine: ByHand, value: str) -> str:
    """Return the model's value; of a BPD between which edges it lies too."""
    edges = {one.bpd_definition for one in mine.others if one.source is Source.OUTLINE} - {None}
    return _("model {value}", value=", ".join([value, *(edges_name(one) for one in edges if one is not None)]))


def _lines(entry: ClipEntry, task: str) -> tuple[wording.Line, ...]:
    finding = entry.reading.finding(task)
    if finding is None:
        return (wording.Line(wording.task_title(task), "–"),)
    answer: Answer = finding.answer
    return wording.answer_lines(task, answer)

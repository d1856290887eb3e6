"""The report as a PDF: header, summary, one part for each clip, method. Vector text in a bundled font."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reportlab.platypus import KeepTogether, Spacer

from fetalclip_app import RESEARCH_USE_ONLY, __version__, wording
from fetalclip_app.atomic import write_bytes
from fetalclip_app.domain.age import AgeEstimate, GestationalAge
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.reading import Answer
from fetalclip_app.domain.values import Source
from fetalclip_app.report.archival import About, Attached, finished
from fetalclip_app.report.build import ClipEntry, ReportContent
from fetalclip_app.report.by_hand import ByHand, by_hand
from fetalclip_app.report.charts import age_axis
from fetalclip_app.report.checklist_block import checklist_section
from fetalclip_app.report.clip_pages import clip_section
from fetalclip_app.report.fonts import drawable, missing, shortened
from fetalclip_app.report.growth_pages import growth_section
from fetalclip_app.report.method_pages import method_section, unread_section
from fetalclip_app.report.page import Furniture, text_width, typeset
from fetalclip_app.report.sign_block import record_name, sign_section
from fetalclip_app.report.style import (
    BODY,
    DOUBT_STRONG,
    GAP,
    HEADING,
    LABEL,
    MM,
    NOTE,
    STRONG,
    SUBHEADING,
    TITLE,
    card,
    columns,
    cut,
    para,
    rows,
)
from fetalclip_app.wording.by_hand import edges_name
from fetalclip_app.wording.growth import dated_age
from fetalclip_app.wording.sign_off import record_about
from fetalclip_app.wording.translate import translate as _

Flow = list[Any]


_MOST_NAMES = 6
_MOST_AGES = 30
_MOST_LETTERS = 160
"""Of one fact in the header, which cannot break over pages."""


def write_pdf(path: Path, content: ReportContent) -> None:
    """Write the report.

    Raises:
        ExportFailed: The file could not be written.
    """
    write_bytes(path, render(content))


def render(content: ReportContent) -> bytes:
    """Return the report's PDF."""
    width = text_width(content.options.page)
    several = len(content.clips) > 1
    story: Flow = [para(_("Fetal ultrasound reading"), TITLE), *_header(content, width)]
    growth = growth_section(content, width)
    if several:
        story += [*_summary(content, width), *growth]
    for number, entry in enumerate(content.clips, start=1):
        is_mixed = not content.subject.holds_for_all
        says_fetus = content.names_fetuses and not (is_mixed and entry.fetus == "")
        story += clip_section(entry, width, number if several else None, says_whose=is_mixed, says_fetus=says_fetus)
    story += [] if several else growth
    story += checklist_section(content, width)
    story += unread_section(content.unread)
    story += sign_section(content, width)
    story += method_section(content, width)
    furniture = _furniture(content)
    pages = typeset(story, content.options.page, furniture)
    about = About(drawable(furniture.title), drawable(furniture.author), RESEARCH_USE_ONLY, content.options.made_at)
    return finished(pages, about, attachments(content))


def attachments(content: ReportContent) -> list[Attached]:
    """Return the files inside the PDF: of each study what its signature covers."""
    count = len(content.signed)
    return [
        Attached(record_name(place, count), one.record, "application/json", record_about(one.title))
        for place, one in enumerate(content.signed)
    ]


def _furniture(content: ReportContent) -> Furniture:
    made = f"{content.options.made_at:%Y-%m-%d %H:%M}"
    subject = content.subject
    about = [subject.patient, subject.patient_id, subject.study_date if subject.holds_for_all else ""]
    foot = ", ".join(text for text in about if text) or ", ".join(entry.name for entry in content.clips)
    return Furniture(
        banner=f"FetalCLIP Studio {__version__}, {made}",
        foot=cut(foot, 2 * _MOST_LETTERS),
        title=_("Fetal ultrasound reading"),
        author=cut(content.options.operator, _MOST_LETTERS),
        is_draft=content.is_draft,
    )


def _header(content: ReportContent, width: float) -> Flow:
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
    cells = [[para(label, LABEL), para(cut(value, _MOST_LETTERS), BODY)] for label, value in facts]
    return rows(cells, [24 * MM, width - 24 * MM], between=0.7 * MM)


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
            f"{cut(title, _MOST_LETTERS // 2)} ({_clips(positions)})"
            for title, positions in content.patients[:_MOST_NAMES]
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
    return said.format(numbers=cut(listed, _MOST_LETTERS // 2))


def _summary(content: ReportContent, width: float) -> Flow:
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
    patient = cut(entry.patient, _MOST_LETTERS)
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

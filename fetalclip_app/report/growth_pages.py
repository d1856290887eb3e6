"""A study's sizes, centiles, growth charts and ages as a part of the PDF, fetus by fetus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.platypus import CondPageBreak, KeepTogether, Spacer

from fetalclip_app import wording
from fetalclip_app.biometry.curves import CITATIONS, growth_curves
from fetalclip_app.domain.age import GestationalAge
from fetalclip_app.domain.biometry import Centile, Chart, Measure, NoCentile
from fetalclip_app.domain.study_table import FetusTable, StudyRow, StudyTable, Weight
from fetalclip_app.report.build import ReportContent
from fetalclip_app.report.growth_charts import ChartTitle, ages_axis, growth_chart
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
    columns,
    para,
    rows,
)
from fetalclip_app.report.template import GROWTH, Section
from fetalclip_app.wording import ages as age_words
from fetalclip_app.wording import dating as dating_words
from fetalclip_app.wording import growth as words
from fetalclip_app.wording.age_axis import axis_legend, axis_rows, curve_name
from fetalclip_app.wording.by_hand import measure_name
from fetalclip_app.wording.translate import translate as _

Flow = list[Any]

_IN_A_ROW = 3


def growth_section(content: ReportContent, width: float, parts: Sequence[Section] = GROWTH) -> Flow:
    """Return what is asked for of every study's sizes, charts and ages; nothing where nothing is measured."""
    studies = [one for one in content.studies if any(not table.is_empty for table in one.fetuses) or one.dating]
    flow: Flow = []
    for one in studies:
        flow += [CondPageBreak(60 * MM), para(_heading(parts), HEADING)]
        flow += [para(one.title, STRONG)] if len(content.studies) > 1 and one.title else []
        flow += _study(one, Asked(tuple(parts), content.options.chart, width))
    return flow


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a study is shown, whose charts are drawn first, and how wide all of it is."""

    parts: tuple[Section, ...]
    chart: Chart
    width: float


def _heading(parts: Sequence[Section]) -> str:
    if len(parts) == len(GROWTH):
        return _("Growth and ages")
    names = {Section.SIZES: _("Sizes"), Section.CHARTS: _("Growth charts"), Section.AGES: _("Ages")}
    return ", ".join(names[part] for part in parts)


def growth_facts(content: ReportContent) -> list[tuple[str, str]]:
    """Return the rules and sources behind centiles, weights and ages that this report really holds."""
    tables = [table for study in content.studies for table in study.fetuses]
    facts: list[tuple[str, str]] = []
    if any(isinstance(study.age, GestationalAge) for study in content.studies) and any(one.rows for one in tables):
        facts.append((_("Centiles"), f"{words.centile_rule()} {_chart_sources()}."))
    if any(table.rows for table in tables):
        facts.append((_("Which value enters"), words.entering_rules()))
    facts += [(_("Weight"), f"{words.weight_formula(one)}. {one.citation}.") for one in _first_weight(tables)]
    citations = dict.fromkeys(one.citation for table in tables for one in table.formula_ages)
    if citations:
        facts.append((_("Ages by formulas"), f"{'; '.join(citations)}. {age_words.formulas_are_no_dating()}"))
    return facts


def _chart_sources() -> str:
    return "; ".join(f"{words.chart_name(chart)}: {source}" for chart, source in CITATIONS.items())


def _first_weight(tables: Sequence[FetusTable]) -> list[Weight]:
    return [table.weight for table in tables if table.weight is not None][:1]


def _study(study: StudyTable, asked: Asked) -> Flow:
    flow: Flow = [*_dating(study), Spacer(0, 2 * MM)]
    for table in study.fetuses:
        if not table.is_empty:
            flow += _fetus(study, table, asked)
    if study.unassigned:
        flow += [para(words.unassigned(study.unassigned), DOUBT_STRONG), Spacer(0, 2 * MM)]
    return flow


def _dating(study: StudyTable) -> Flow:
    """Return the age that centiles are read at, and who says so; or why there are none."""
    flow: Flow = []
    if isinstance(study.age, GestationalAge) and study.exam_day is not None:
        told = _("{age} on the exam's day, {day}.", age=study.age, day=study.exam_day.isoformat())
        flow.append(para(told, STRONG))
    elif isinstance(study.age, NoCentile):
        flow.append(para(f"{words.dated_age(study)}. {dating_words.no_centile(study.age)}", DOUBT_STRONG))
    if study.dating is not None:
        flow.append(para(dating_words.dating_line(study.dating), BODY))
    if study.refused is not None:
        flow.append(para(dating_words.dating_refused(study.refused), BODY))
    return flow


def _fetus(study: StudyTable, table: FetusTable, asked: Asked) -> Flow:
    flow: Flow = [CondPageBreak(60 * MM), para(wording.fetus_title(table.fetus), SUBHEADING)] if table.fetus else []
    for part in asked.parts:
        if part is Section.SIZES and table.rows:
            flow += [_sizes(study, table, asked.width), Spacer(0, 3 * MM)]
        if part is Section.CHARTS:
            flow += _charts(study, table, asked)
        if part is Section.AGES:
            flow += _ages(study, table, asked.width)
    return [*flow, Spacer(0, 4 * MM)]


def _sizes(study: StudyTable, table: FetusTable, width: float) -> Any:
    charts = tuple(Chart)
    heads = [_("Measure"), _("Enters"), _("The model's"), *(words.chart_name(chart) for chart in charts)]
    cells = [[para(head, LABEL) for head in heads]]
    cells += [_size_cells(study, table, row, charts) for row in table.rows]
    if table.weight is not None:
        cells.append(_weight_cells(table, table.weight, charts))
    widths = [share * width for share in (0.19, 0.25, 0.2, 0.17, 0.19)]
    return rows(cells, widths, between=1.5 * MM, heads=1)


def _size_cells(study: StudyTable, table: FetusTable, row: StudyRow, charts: Sequence[Chart]) -> list[Any]:
    name, only = para(words.of_fetus(table.fetus, words.row_name(row)), STRONG), len(study.clips) == 1
    if row.value is None:
        reason = [para(words.row_value(row), DOUBT_STRONG), para(words.row_reason(row), NOTE)]
        reason += [para(_others(row, only_clip=only), NOTE)] if row.others else []
        return [name, reason, _models(row, only_clip=only), *([para("–", BODY)] * len(charts))]
    spread = row.value.deviation_mm
    told = words.whose_size(row.value, only_clip=only)
    told += "" if spread is None else _(", standard deviation {spread}", spread=wording.millimetres(spread, 2))
    entering = [para(words.row_value(row), STRONG), para(told, NOTE)]
    entering += [para(_others(row, only_clip=only), NOTE)] if row.others else []
    found = dict(row.centiles)
    return [name, entering, _models(row, only_clip=only), *(_centile(found[chart]) for chart in charts)]


def _models(row: StudyRow, *, only_clip: bool) -> list[Any]:
    if row.model is None:
        return [para("–", LABEL)]
    before, _space, last = words.whose_sized(row.model, only_clip=only_clip).rpartition(" ")
    whose = f"{before}\u00a0{last}" if last.isdigit() else f"{before} {last}"  # a clip's number stands by its word
    return [para(wording.millimetres(row.model.size_mm), NOTE), para(whose, NOTE)]


def _others(row: StudyRow, *, only_clip: bool) -> str:
    shown = [(one, words.whose_sized(one, only_clip=only_clip)) for one in row.others[:4]]
    told = "; ".join(f"{wording.millimetres(one.size_mm)} ({whose})" for one, whose in shown)
    more = len(row.others) - 4
    told += _(" and {count} more", count=more) if more > 0 else ""
    return _("Not entering: {sizes}", sizes=told)


def _weight_cells(table: FetusTable, weight: Weight, charts: Sequence[Chart]) -> list[Any]:
    found = dict(weight.centiles)
    entering = [para(words.grams(weight.weight_g), STRONG), para(words.weight_formula(weight), NOTE)]
    name = para(words.of_fetus(table.fetus, measure_name(Measure.EFW)), STRONG)
    return [name, entering, para("–", LABEL), *(_centile(found[chart]) for chart in charts)]


def _centile(found: Centile | NoCentile) -> Any:
    if isinstance(found, Centile):
        return para(words.percentile(found), BODY)
    if found is NoCentile.NOT_ON_CHART:
        return para("–", LABEL)
    return para(dating_words.no_centile_title(found), NOTE)


def _charts(study: StudyTable, table: FetusTable, asked: Asked) -> Flow:
    """Return a small chart for each size that has a centile, with one axis of weeks."""
    if not isinstance(study.age, GestationalAge):
        return []
    each = (asked.width - (_IN_A_ROW - 1) * GAP) / _IN_A_ROW
    place = _Place(table.fetus, study.age, asked.chart, each)
    drawn = [
        _chart(place, words.row_name(row), row.measure, row.value.size_mm, dict(row.centiles))
        for row in table.rows
        if row.value is not None
    ]
    if table.weight is not None:
        weight, name = table.weight, measure_name(Measure.EFW)
        drawn.append(_chart(place, name, Measure.EFW, weight.weight_g, dict(weight.centiles)))
    shown = [one for one in drawn if one is not None]
    flow: Flow = []
    for start in range(0, len(shown), _IN_A_ROW):
        together = shown[start : start + _IN_A_ROW]
        together += [Spacer(0, 0)] * (_IN_A_ROW - len(together))
        flow.append(columns(together, [each] * _IN_A_ROW, after=2 * MM))
    if not shown:
        return []
    return [*flow, para(_chart_sources(), NOTE), Spacer(0, 2 * MM)]


@dataclass(frozen=True, slots=True)
class _Place:
    """What the charts of a fetus have in common; ``chart`` is drawn where it is of the measure."""

    fetus: str
    age: GestationalAge
    chart: Chart
    width: float


def _chart(place: _Place, name: str, measure: Measure, size: float, found: dict[Chart, Centile | NoCentile]) -> Any:
    """Return a chart of a fetus's measure; None where no chart is of it."""
    order = sorted(Chart, key=lambda one: one is not place.chart)
    chart = next((one for one in order if isinstance(found[one], Centile)), None)
    curves = growth_curves(chart, measure) if chart is not None else None
    if chart is None or curves is None:
        return None
    unit = "g" if measure is Measure.EFW else "mm"
    title = ChartTitle(words.of_fetus(place.fetus, name), words.chart_name(chart), unit)
    return growth_chart(curves, title, size=size, weeks=place.age.weeks, width=place.width)


def _ages(study: StudyTable, table: FetusTable, width: float) -> Flow:
    shown = axis_rows(study, table)
    if not shown:
        return []
    title = _("Ages on one axis")
    title = f"{wording.fetus_title(table.fetus)}: {title}" if table.fetus else title
    first = table.model_ages[0] if table.model_ages else None
    curve = None if first is None else (curve_name(first, table), first.estimate)
    axis = [para(title, SUBHEADING), ages_axis(shown, curve, width), para(axis_legend(shown), NOTE)]
    flow: Flow = [KeepTogether(axis)]
    flow += [para(text, DOUBT_STRONG) for text in age_words.differences(table)]
    source = age_words.difference_source(study, table)
    told = [source, *age_words.scale_sources(table), *age_words.dependences(study, table)]
    notes = [para(text, NOTE) for text in told if text]
    return [*flow, KeepTogether(notes)] if notes else flow  # else its last line stands alone on the next page

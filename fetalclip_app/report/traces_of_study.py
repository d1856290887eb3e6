"""Where each number of a study comes from: what enters, centiles, weight, ages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from fetalclip_app.biometry.curves import CITATIONS
from fetalclip_app.domain.age import GestationalAge
from fetalclip_app.domain.biometry import BpdDefinition, Centile, Measure
from fetalclip_app.domain.history import StudyHistory
from fetalclip_app.domain.study_table import (
    Centiles,
    FetusTable,
    FormulaAge,
    StudyRow,
    StudySize,
    StudyTable,
    Weight,
)
from fetalclip_app.domain.trace import By, Did, Equation, Kind, Picture, Trace
from fetalclip_app.domain.values import Source
from fetalclip_app.report.edits import edits_of_dating

DAYS_FROM_DAY_0 = Equation("days_from_day_0")
WEIGHT_KEY = "hadlock_1985"
ENTERS = Equation("entering_value")
MEAN = Equation("mean")
MINUS = Equation("difference")

ClipTraces = Mapping[int, tuple[Trace, ...]]
"""Number of a clip -> the traces of its own numbers."""


@dataclass(frozen=True, eq=False, slots=True)
class _Study:
    """A study whose numbers are traced; ``prefix`` tells it from the others of its report."""

    table: StudyTable
    clips: ClipTraces
    prefix: str
    history: StudyHistory = ()

    def id(self, fetus: str, *parts: str) -> str:
        return ".".join(filter(None, [self.prefix, fetus, *parts]))

    @property
    def dating(self) -> tuple[str, ...]:
        """Id of the age on the exam's day, where there is one."""
        return (self.id("", "dating"),) if isinstance(self.table.age, GestationalAge) else ()


def study_traces(table: StudyTable, clips: ClipTraces, prefix: str = "", history: StudyHistory = ()) -> Iterator[Trace]:
    """Yield the numbers of one study.

    Args:
        prefix: Stands before their ids where a report is about several studies.
        history: What was done with the study's notes.
    """
    study = _Study(table, clips, prefix, history)
    yield from _dating(study)
    for fetus in table.fetuses:
        for row in fetus.rows:
            yield from _row(study, fetus, row)
        if fetus.weight is not None:
            yield from _weight(study, fetus, fetus.weight)
        yield from _formula_ages(study, fetus)
        yield from _differences(study, fetus)


def size_id(study_prefix: str, fetus: str, measure: Measure, size: StudySize) -> str:
    """Return the id of the size of a measure that enters for a fetus."""
    edges = "" if size.bpd_definition is None else str(size.bpd_definition)
    return ".".join(filter(None, [study_prefix, fetus, str(measure), edges, str(size.source)]))


def _dating(study: _Study) -> Iterator[Trace]:
    dating, age, exam_day = study.table.dating, study.table.age, study.table.exam_day
    if dating is not None and exam_day is not None and isinstance(age, GestationalAge):
        edits = edits_of_dating(dating, exam_day, study.history)
        equation = Equation(f"{DAYS_FROM_DAY_0.key}_{dating.dated_by}")
        (name,) = study.dating
        yield Trace(name, Kind.AGE, "dating", float(age.days), By.DATING, equation=equation, edits=edits)


def _row(study: _Study, fetus: FetusTable, row: StudyRow) -> Iterator[Trace]:
    size = row.value
    if size is None:
        return
    parts = tuple(_parts(study, row.measure, size))
    name = size_id(study.prefix, fetus.fetus, row.measure, size)
    edits = tuple(edit for part in parts for edit in part.edits)
    by_hand = tuple(edit for part in parts for edit in part.own_edits)
    if row.model is not None and size.source is Source.PERSON and by_hand:
        edits = (*edits, replace(by_hand[-1], did=Did.ENTERED, before=row.model.size_mm, after=size.size_mm))
    yield Trace(
        name,
        Kind.LENGTH,
        str(row.measure),
        size.size_mm,
        By(str(size.source)),
        fetus=fetus.fetus,
        definition=row.bpd_definition,
        pictures=_pictures(parts),
        equation=MEAN if size.source is Source.PERSON else ENTERS,
        made_by=parts[0].made_by if parts else None,
        edits=edits,
        inputs=tuple(part.id for part in parts),
    )
    edges = () if row.bpd_definition is None else (str(row.bpd_definition),)
    yield from _centiles(study, fetus, (str(row.measure), *edges), row.centiles, name)


def _parts(study: _Study, measure: Measure, size: StudySize) -> Iterator[Trace]:
    """Yield the numbers of single clips that a size is of: each of a person's repeats, or the model's."""
    for number in dict.fromkeys(size.clips):
        for one in study.clips.get(number, ()):
            is_of = one.of == str(measure) and one.by is By(str(size.source)) and _alike(one, size.bpd_definition)
            is_whole_clip = one.id.startswith(f"{one.clip}.whole_clip.")
            if is_of and not is_whole_clip and not (one.by is By.PERSON and one.inputs):
                yield one


def _alike(one: Trace, definition: BpdDefinition | None) -> bool:
    return one.definition is definition


def _pictures(parts: tuple[Trace, ...]) -> tuple[Picture, ...]:
    return tuple(dict.fromkeys(picture for part in parts for picture in part.pictures))


def _centiles(study: _Study, fetus: FetusTable, of: tuple[str, ...], centiles: Centiles, size: str) -> Iterator[Trace]:
    for chart, found in centiles:
        if isinstance(found, Centile):
            name, equation = study.id(fetus.fetus, *of, str(chart)), Equation(str(chart), CITATIONS[chart])
            percent = Trace(name, Kind.CENTILE, of[0], found.percent, By.CHART, fetus=fetus.fetus, equation=equation)
            percent = replace(percent, definition=_definition(of), inputs=(size, *study.dating))
            yield percent
            if found.z is not None:
                yield replace(percent, id=f"{name}.z", kind=Kind.Z_SCORE, value=found.z)


def _definition(of: tuple[str, ...]) -> BpdDefinition | None:
    return BpdDefinition(of[1]) if len(of) > 1 else None


def _weight(study: _Study, fetus: FetusTable, weight: Weight) -> Iterator[Trace]:
    name = study.id(fetus.fetus, str(Measure.EFW))
    inputs = tuple(size_id(study.prefix, fetus.fetus, measure, size) for measure, size in weight.used)
    equation = Equation("_".join([WEIGHT_KEY, *(str(measure) for measure, _size in weight.used)]), weight.citation)
    efw = Trace(name, Kind.WEIGHT, str(Measure.EFW), weight.weight_g, By.FORMULA, fetus=fetus.fetus)
    yield replace(efw, equation=equation, inputs=inputs)
    yield from _centiles(study, fetus, (str(Measure.EFW),), weight.centiles, name)


def _formula_ages(study: _Study, fetus: FetusTable) -> Iterator[Trace]:
    for one in fetus.formula_ages:
        if isinstance(one.days, float):
            inputs = tuple(size_id(study.prefix, fetus.fetus, measure, size) for measure, size in one.used)
            age = Trace(_age_id(study, fetus, one), Kind.AGE, one.key, one.days, By.FORMULA, fetus=fetus.fetus)
            yield replace(age, equation=Equation(one.key, one.citation), inputs=inputs)


def _age_id(study: _Study, fetus: FetusTable, one: FormulaAge) -> str:
    return study.id(fetus.fetus, "age", one.key)


def _differences(study: _Study, fetus: FetusTable) -> Iterator[Trace]:
    formulas = {one.key: _age_id(study, fetus, one) for one in fetus.formula_ages}
    models = {ref.number: f"{ref.key}.age" for ref in study.table.clips}
    for one in fetus.differences:
        of_model = models.get(one.clip) if one.clip is not None else None
        found = (formulas.get(one.formula), *study.dating, of_model)
        ages = tuple(age for age in found if age is not None)
        parts = [str(one.what), one.formula, "" if of_model is None else of_model.split(".")[0]]
        name = study.id(fetus.fetus, "difference", *filter(None, parts))
        difference = Trace(name, Kind.DIFFERENCE, str(one.what), float(one.days), By.FORMULA, fetus=fetus.fetus)
        yield replace(difference, equation=MINUS, inputs=ages)

"""Sections of an obstetric report for one fetus: summary (TID 5003), biometry (5005, 5008), cranium (5007)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from fetalclip_app import wording
from fetalclip_app.biometry.ages import HADLOCK_MEAN
from fetalclip_app.domain.abstention import NOT_LOOKED_FOR, Abstention
from fetalclip_app.domain.age import AgeEstimate
from fetalclip_app.domain.biometry import Centile, Measure
from fetalclip_app.domain.dating import DatedBy
from fetalclip_app.domain.notes import FETUSES, Enters
from fetalclip_app.domain.study_table import Centiles, FetusTable, FormulaAge, StudyRow, StudySize
from fetalclip_app.domain.trace import Trace
from fetalclip_app.domain.values import Source
from fetalclip_app.domain.views import BRAIN, ViewPrediction
from fetalclip_app.report.build import ClipEntry
from fetalclip_app.report.dicom import codes
from fetalclip_app.report.dicom.items import CONTEXT, INFERRED, PROPERTY, code, container, no_number, number, text
from fetalclip_app.report.dicom.numbers import Written, absent, equation, written
from fetalclip_app.report.dicom.study import DicomStudy
from fetalclip_app.report.traces_of_study import size_id
from fetalclip_app.tasks.keys import AGE, VIEWS
from fetalclip_app.wording import ages as age_words
from fetalclip_app.wording import growth as growth_words


def subject(fetus: str) -> list[Dataset]:
    """Return whose a section is (TID 1008); nothing in a single pregnancy."""
    if not fetus:
        return []
    count = number(codes.FETUS_NUMBER, FETUSES.index(fetus) + 1, codes.NO_UNITS, CONTEXT)
    return [text(codes.SUBJECT_ID, fetus, CONTEXT), count]


def fetus_summary(study: DicomStudy, fetus: FetusTable, book: Written) -> Dataset | None:
    """Return the dating's age, the mean of the ages by formulas, and the weight; None where there is none."""
    items = [*_dated(study, fetus), *_mean_age(study, fetus, book), *_weight(study, fetus, book)]
    return container(codes.FETUS_SUMMARY, [*subject(fetus.fetus), *items]) if items else None


def biometry(study: DicomStudy, fetus: FetusTable, book: Written) -> Dataset | None:
    """Return every measure with its ages and ranks, and the model's age; None where there is none (TID 5005)."""
    groups = [group for row in fetus.rows for group in _groups(study, fetus, row, book)]
    groups += [group for entry in study.of(fetus) for group in _model_age(study, entry, book)]
    return container(codes.FETAL_BIOMETRY, [*subject(fetus.fetus), *groups]) if groups else None


def cranium(study: DicomStudy, fetus: FetusTable) -> Dataset | None:
    """Return what a plane of the brain is measured for, as not attempted (TID 5007); None where none was seen."""
    if not any(_shows_brain(entry) for entry in study.of(fetus)):
        return None
    groups = [container(codes.BIOMETRY_GROUP, [no_number(name, codes.NOT_ATTEMPTED)]) for name in codes.CRANIUM]
    return container(codes.FETAL_CRANIUM, [*subject(fetus.fetus), *groups])


def _shows_brain(entry: ClipEntry) -> bool:
    seen = entry.reading.answer(VIEWS, ViewPrediction)
    return seen is not None and seen.best == BRAIN and seen.abstained is None


def _groups(study: DicomStudy, fetus: FetusTable, row: StudyRow, book: Written) -> Iterator[Dataset]:
    """Yield the groups of one measure. A group holds one age and one rank: further ones have groups of their own."""
    name = codes.MEASURES[row.measure]
    if row.value is None:
        if row.why_none is not None:
            items = [absent(name, row.why_none, growth_words.row_reason(row)), *_beside(study, row, name, book)]
            yield container(codes.BIOMETRY_GROUP, items)
        return
    sizes = [*_entering(study, fetus, row, name, book), *_beside(study, row, name, book)]
    ages = [_formula_age(study, fetus, one, book) for one in fetus.formula_ages if _is_of(one, row)]
    ranks = list(_ranks(study, (fetus.fetus, *_named(row)), row.centiles, codes.RANK, book))
    yield container(codes.BIOMETRY_GROUP, [*sizes, *ages[:1], *ranks[:1]])
    for age, rank in zip_longest(ages[1:], ranks[1:]):
        # a group may not consist of a rank alone (TID 5008, rows 2 and 3): the size that it is of stands there again
        first = age if age is not None else _again(entering(study, fetus, row), name)
        yield container(codes.BIOMETRY_GROUP, [first, *([rank] if rank is not None else [])])


def _again(trace: Trace, name: Code) -> Dataset:
    return number(name, trace.value, codes.MILLIMETRE, children=[text(codes.TRACKING_ID, trace.id, CONTEXT)])


def _named(row: StudyRow) -> tuple[str, ...]:
    return (str(row.measure),) if row.bpd_definition is None else (str(row.measure), str(row.bpd_definition))


def _is_of(age: FormulaAge, row: StudyRow) -> bool:
    return len(age.used) == 1 and age.used[0][0] is row.measure and age.used[0][1] is row.value


def entering(study: DicomStudy, fetus: FetusTable, row: StudyRow) -> Trace:
    """Return where the size of a measure that enters comes from.

    Raises:
        ValueError: None enters.
    """
    if row.value is None:
        raise ValueError(f"no {row.measure} enters")
    return study.traces[size_id("", fetus.fetus, row.measure, row.value)]


def beside(study: DicomStudy, row: StudyRow) -> Iterator[Trace]:
    """Yield where the sizes come from that do not enter: the model's beside a person's, and those of other clips."""
    for size in ([row.model] if row.model is not None else []) + list(row.others):
        trace = study.traces.get(_clip_id(study, row.measure, size))
        if trace is not None:
            yield trace


def _entering(study: DicomStudy, fetus: FetusTable, row: StudyRow, name: Code, book: Written) -> Iterator[Dataset]:
    trace = entering(study, fetus, row)
    parts = [study.traces[part] for part in trace.inputs]
    if len(parts) > 1:
        yield from (written(study, part, name, book) for part in parts)
        yield written(study, trace, name, book, chosen=codes.MEAN_CHOSEN, mean=True)
        return
    yield written(study, trace, name, book, chosen=codes.USER_CHOSEN if _was_chosen(study, row) else None)


def _was_chosen(study: DicomStudy, row: StudyRow) -> bool:
    """Whether a person drew the value, or let the model's enter."""
    if row.value is None:
        return False
    asked = (study.entry(clip).notes.enters.get(row.measure) for clip in row.value.clips)
    return row.value.source is Source.PERSON or any(whose is Enters.MODEL for whose in asked)


def _beside(study: DicomStudy, row: StudyRow, name: Code, book: Written) -> Iterator[Dataset]:
    yield from (written(study, trace, name, book) for trace in beside(study, row) if trace.id not in book.items)


def _clip_id(study: DicomStudy, measure: Measure, size: StudySize) -> str:
    """Return the id of a size that one clip gives."""
    is_hers = size.source is Source.PERSON and size.bpd_definition is not None
    edges = [str(size.bpd_definition)] if is_hers else []
    return ".".join([study.entry(size.clips[0]).clip.key, str(measure), *edges, str(size.source)])


def _formula_age(study: DicomStudy, fetus: FetusTable, one: FormulaAge, book: Written) -> Dataset:
    trace = study.traces.get(".".join(filter(None, [fetus.fetus, "age", one.key])))
    if trace is not None:
        return written(study, trace, codes.AGE, book)
    assert not isinstance(one.days, float)
    reason = text(codes.COMMENT, f"{one.citation}: {age_words.no_formula_age(one.days)}", PROPERTY)
    return no_number(codes.AGE, codes.OUT_OF_RANGE, [reason])


def _ranks(study: DicomStudy, of: tuple[str, ...], centiles: Centiles, name: Code, book: Written) -> Iterator[Dataset]:
    """Yield where a size lies on each chart; beyond the outermost curve there is no number."""
    for chart, found in centiles:
        trace = study.traces.get(".".join(filter(None, [*of, str(chart)])))
        if isinstance(found, Centile) and trace is not None:
            yield _rank(study, trace, found, name, book)


def _rank(study: DicomStudy, trace: Trace, found: Centile, name: Code, book: Written) -> Dataset:
    if found.beyond is None:
        return written(study, trace, name, book)
    told = text(codes.COMMENT, growth_words.percentile(found), PROPERTY)
    cited = text(codes.TABLE_CITATION, trace.equation.citation if trace.equation else "", INFERRED)
    return book.note(no_number(name, codes.OUT_OF_RANGE, [told, cited]), trace.id, trace.inputs)


def _model_age(study: DicomStudy, entry: ClipEntry, book: Written) -> Iterator[Dataset]:
    """Yield the model's age of a clip with the limits of its interval (TID 5008, row 6), or why there is none."""
    finding = entry.reading.finding(AGE)
    if finding is None:
        return
    answer = finding.answer
    if isinstance(answer, Abstention) and answer.reason not in NOT_LOOKED_FOR:
        yield container(codes.BIOMETRY_GROUP, [absent(codes.AGE, answer, wording.abstention(answer))])
    if not isinstance(answer, AgeEstimate):
        return
    item = written(study, study.traces[f"{entry.clip.key}.age"], codes.AGE, book)
    fitted = answer.interval
    if fitted is not None:
        low, high = answer.age.days - fitted.low.days, fitted.high.days - answer.age.days
        item.ContentSequence.append(number(codes.LOWER_UNCERTAINTY, low, codes.DAY, PROPERTY))
        item.ContentSequence.append(number(codes.UPPER_UNCERTAINTY, high, codes.DAY, PROPERTY))
        item.ContentSequence.append(text(codes.COMMENT, wording.interval_meaning(fitted), PROPERTY))
    else:
        spread = f"{wording.age_range(answer.low, answer.high)}. {wording.spread_meaning()}"
        item.ContentSequence.append(text(codes.COMMENT, spread, PROPERTY))
    yield container(codes.BIOMETRY_GROUP, [item])


def _dated(study: DicomStudy, fetus: FetusTable) -> Iterator[Dataset]:
    dating, trace = study.table.dating, study.traces.get("dating")
    if dating is None or trace is None:
        return
    name = codes.AGE_BY_LMP if dating.dated_by is DatedBy.LMP else codes.AGE
    told = text(codes.COMMENT, growth_words.dated_age(study.table), PROPERTY)
    yield number(name, trace.value, codes.DAY, children=[text(codes.TRACKING_ID, trace.id, CONTEXT), told])


def _mean_age(study: DicomStudy, fetus: FetusTable, book: Written) -> Iterator[Dataset]:
    for one in fetus.formula_ages:
        if len(one.used) > 1 and isinstance(one.days, float):
            name = codes.COMPOSITE_AGE if one.key == HADLOCK_MEAN else codes.AGE
            yield written(study, study.traces[".".join(filter(None, [fetus.fetus, "age", one.key]))], name, book)


def _weight(study: DicomStudy, fetus: FetusTable, book: Written) -> Iterator[Dataset]:
    weight = fetus.weight
    if weight is None:
        return
    trace = study.traces[".".join(filter(None, [fetus.fetus, str(Measure.EFW)]))]
    rule = codes.WEIGHT_EQUATIONS.get(frozenset(measure for measure, _size in weight.used))
    cited = equation(trace.equation) if rule is None and trace.equation else None
    coded = code(codes.EQUATION, rule, INFERRED) if rule is not None else cited
    children = [text(codes.TRACKING_ID, trace.id, CONTEXT), *([coded] if coded is not None else [])]
    yield book.note(number(codes.WEIGHT, trace.value, codes.GRAM, children=children), trace.id, trace.inputs)
    yield from _ranks(study, (fetus.fetus, str(Measure.EFW)), weight.centiles, codes.WEIGHT_RANK, book)

"""Ages by every formula that a fetus's sizes allow, and which ages differ by more than one of them allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fetalclip_app.biometry.dating import (
    HADLOCK,
    HADLOCK_WEEKS,
    INTERGROWTH_DAYS,
    INTERGROWTH_HC,
    Formula,
    hadlock_mean_days,
    intergrowth_hc_fl_days,
)
from fetalclip_app.domain.age import DAYS_PER_WEEK, GestationalAge
from fetalclip_app.domain.biometry import BpdDefinition, Measure, NoCentile
from fetalclip_app.domain.study_table import Difference, Differing, FormulaAge, ModelAge, NoAge, StudySize

Sizes = Mapping[tuple[Measure, BpdDefinition | None], StudySize]

BPD_OF_HADLOCK = BpdDefinition.OUTER_INNER
"""Hadlock measured from the outer edge of the near skull to the inner edge of the far one (Radiology 1984, 152:497)."""

HADLOCK_MEAN, INTERGROWTH_HC_FL = "hadlock_1984_mean", "intergrowth_2016_hc_fl"

REDATING_DAYS = ((9 * 7, 5), (16 * 7, 7), (22 * 7, 10), (28 * 7, 14))
"""Below this many days of gestation an age by biometry may differ from the dating by so many days before the dating is
to be asked again; from 28 weeks on by 21 (ACOG Committee Opinion 700, Obstet Gynecol 2017, 129:e150)."""

REDATING_DAYS_LATE = 21

_SINGLE: tuple[Measure, ...] = (Measure.HC, Measure.BPD, Measure.AC, Measure.FL)


def formula_ages(sizes: Sizes) -> tuple[FormulaAge, ...]:
    """Return the age by each formula whose measures are there; a BPD between other edges than Hadlock's has none."""
    singles = tuple(_hadlock_ages(sizes))
    return (*singles, *_hadlock_mean(singles), *_intergrowth_ages(sizes))


def redating_limit_days(age: GestationalAge) -> int:
    """Return by how many days an age by biometry may differ from the dating."""
    return next((limit for below, limit in REDATING_DAYS if age.days < below), REDATING_DAYS_LATE)


def differences(
    ages: Sequence[FormulaAge], models: Sequence[ModelAge], dated: GestationalAge | NoCentile
) -> tuple[Difference, ...]:
    """Return which ages differ: formulas and model from the dating; without a dating, formulas from the model.

    In whole days, as ages are shown. The mean of several formulas is left out: those that it is of are told.
    """
    found = [(one.key, round(one.days)) for one in ages if isinstance(one.days, float) and one.key != HADLOCK_MEAN]
    if isinstance(dated, GestationalAge):
        return (*_from_dating(found, dated), *(one for model in models for one in _dating_from(model, dated)))
    return tuple(one for model in models for one in _from_model(found, model))


def _hadlock_ages(sizes: Sizes) -> Iterator[FormulaAge]:
    for measure in _SINGLE:
        edges = BPD_OF_HADLOCK if measure is Measure.BPD else None
        size = sizes.get((measure, edges))
        other = next((one for (name, _edges), one in sizes.items() if name is measure), None)
        if size is not None:
            yield _single(HADLOCK[measure], size)
        elif other is not None:
            yield _refused(HADLOCK[measure], other, NoAge.OTHER_DEFINITION)


def _hadlock_mean(singles: Sequence[FormulaAge]) -> Iterator[FormulaAge]:
    used = [one.used[0] for one in singles if isinstance(one.days, float)]
    found = hadlock_mean_days({measure: size.size_mm for measure, size in used})
    if found is not None and len(used) > 1:
        low, high = (week * DAYS_PER_WEEK for week in HADLOCK_WEEKS)
        yield FormulaAge(HADLOCK_MEAN, tuple(used), found[0], singles[0].citation, low, high)


def _intergrowth_ages(sizes: Sizes) -> Iterator[FormulaAge]:
    hc, fl = sizes.get((Measure.HC, None)), sizes.get((Measure.FL, None))
    if hc is not None:
        yield _single(INTERGROWTH_HC, hc)
    if hc is not None and fl is not None:
        days = intergrowth_hc_fl_days(hc.size_mm, fl.size_mm)
        used = (Measure.HC, hc), (Measure.FL, fl)
        age = NoAge.OUTSIDE_RANGE if days is None else days
        yield FormulaAge(INTERGROWTH_HC_FL, used, age, INTERGROWTH_HC.citation, *INTERGROWTH_DAYS)


def _single(formula: Formula, size: StudySize) -> FormulaAge:
    days = formula.days(size.size_mm)
    used = ((formula.measure, size),)
    age = NoAge.OUTSIDE_RANGE if days is None else days
    return FormulaAge(formula.key, used, age, formula.citation, formula.days_low, formula.days_high)


def _refused(formula: Formula, size: StudySize, why: NoAge) -> FormulaAge:
    used = ((formula.measure, size),)
    return FormulaAge(formula.key, used, why, formula.citation, formula.days_low, formula.days_high)


def _from_dating(found: Sequence[tuple[str, int]], dated: GestationalAge) -> Iterator[Difference]:
    limit = redating_limit_days(dated)
    for key, days in found:
        if abs(days - dated.days) > limit:
            yield Difference(Differing.FORMULA_FROM_DATING, days - dated.days, key, limit_days=limit)


def _dating_from(model: ModelAge, dated: GestationalAge) -> Iterator[Difference]:
    low, high = _held(model)
    if not low <= dated <= high:
        off = dated.days - model.estimate.age.days
        yield Difference(Differing.DATING_FROM_MODEL, off, low=low, high=high, clip=model.clip.number)


def _from_model(found: Sequence[tuple[str, int]], model: ModelAge) -> Iterator[Difference]:
    low, high = _held(model)
    for key, days in found:
        if not low.days <= days <= high.days:
            off = days - model.estimate.age.days
            yield Difference(Differing.FORMULA_FROM_MODEL, off, key, low=low, high=high, clip=model.clip.number)


def _held(model: ModelAge) -> tuple[GestationalAge, GestationalAge]:
    """Return the model's fitted interval, else the spread of its best days."""
    fitted = model.estimate.interval
    return (fitted.low, fitted.high) if fitted is not None else (model.estimate.low, model.estimate.high)

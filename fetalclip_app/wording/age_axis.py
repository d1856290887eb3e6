"""The axis of a fetus's ages in words: which rows it has, from when to when it goes, and what is drawn on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from fetalclip_app.domain.age import DAYS_PER_WEEK, AgeEstimate, GestationalAge
from fetalclip_app.domain.dating import Dating
from fetalclip_app.domain.study_table import FetusTable, FormulaAge, ModelAge, NoAge, StudyTable
from fetalclip_app.wording.ages import formula_age, formula_inputs, formula_name
from fetalclip_app.wording.dating import dated_by
from fetalclip_app.wording.growth import clip_numbers
from fetalclip_app.wording.numbers import age_range
from fetalclip_app.wording.translate import translate

_FIRST_DAY, _LAST_DAY, _AIR = 14 * DAYS_PER_WEEK, 39 * DAYS_PER_WEEK - 1, DAYS_PER_WEEK


class AgeKind(Enum):
    """What an age on the axis rests on."""

    DATING = auto()
    MODEL = auto()
    FORMULA = auto()


@dataclass(frozen=True, slots=True)
class AxisRow:
    """One age as it is drawn on the axis.

    Attributes:
        days: Where its dot stands; None with the reason in ``text``.
        low, high: Ends of its bar; None where nothing is known of it.
        published: First and last of the ages that a formula was published for.
        interval: Of the model: what was fitted on validation patients; None where nothing was.
        text: The age, or in few words why there is none.
        remark: Where it comes from.
    """

    kind: AgeKind
    label: str
    days: float | None
    low: float | None
    high: float | None
    text: str
    remark: str
    published: tuple[float, float] | None = None
    interval: tuple[float, float] | None = None


def axis_rows(table: StudyTable, fetus: FetusTable) -> tuple[AxisRow, ...]:
    """Return a fetus's ages: the dating's, the model's of each clip, then by each formula."""
    rows = [_dating_row(table)] if isinstance(table.age, GestationalAge) else []
    rows += [_model_row(one, is_only=len(fetus.model_ages) == 1) for one in fetus.model_ages]
    return (*rows, *(_formula_row(one) for one in fetus.formula_ages))


def axis_span(rows: Sequence[AxisRow], estimate: AgeEstimate | None) -> tuple[int, int]:
    """Return the first and last day of the axis: the days that the model was asked, and wherever an age lies."""
    ends = [
        round(day) for row in rows for day in (row.days, row.low, row.high, *(row.interval or ())) if day is not None
    ]
    first, last = _FIRST_DAY, _LAST_DAY
    if estimate is not None:
        first, last = estimate.first_day, estimate.first_day + len(estimate.scores) - 1
    return min(first, *(day - _AIR for day in ends), first), max(last, *(day + _AIR for day in ends), last)


def named_weeks(span: tuple[int, int]) -> list[int]:
    """Return the days of the weeks that are named below the axis: every fourth."""
    first, last = span
    return [day for day in range(first, last + 1) if day % (4 * DAYS_PER_WEEK) == 2 * DAYS_PER_WEEK]


def curve_name(shown: ModelAge, fetus: FetusTable) -> str:
    """Return what the curve of scores is of: its clip too, where several clips have an age."""
    if len(fetus.model_ages) == 1:
        return translate("Score by day")
    return translate("Score by day, {clip}", clip=clip_numbers([shown.clip.number]))


def axis_legend(rows: Sequence[AxisRow]) -> str:
    """Return what is drawn on the axis."""
    told = translate(
        "Dot: the age. Bar: the spread of the model's 15 best days. Thin line: the ages a formula was published for."
    )
    if all(row.interval is None for row in rows):
        return told
    return f"{told} {translate('Between the strokes: the interval fitted on validation patients.')}"


def _dating_row(table: StudyTable) -> AxisRow:
    assert isinstance(table.age, GestationalAge)
    dating: Dating | None = table.dating
    assert dating is not None
    days = float(table.age.days)
    label = translate("Dated by {by}", by=dated_by(dating.dated_by))
    return AxisRow(AgeKind.DATING, label, days, None, None, str(table.age), dating.remark)


def _model_row(one: ModelAge, *, is_only: bool) -> AxisRow:
    estimate = one.estimate
    label = translate("Model") if is_only else translate("Model, {clip}", clip=clip_numbers([one.clip.number]))
    low, high = float(estimate.low.days), float(estimate.high.days)
    remark = age_range(estimate.low, estimate.high)
    fitted = estimate.interval
    interval = None if fitted is None else (float(fitted.low.days), float(fitted.high.days))
    return AxisRow(
        AgeKind.MODEL, label, float(estimate.age.days), low, high, str(estimate.age), remark, interval=interval
    )


def _formula_row(one: FormulaAge) -> AxisRow:
    days = None if isinstance(one.days, NoAge) else one.days
    return AxisRow(
        AgeKind.FORMULA,
        formula_name(one.key),
        days,
        None,
        None,
        formula_age(one),
        formula_inputs(one),
        (one.low_days, one.high_days),
    )

"""What is said of a fetus's ages side by side: each with its range, which differ, and what depends on what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from fetalclip_app.domain.age import GestationalAge
from fetalclip_app.domain.study_table import (
    Difference,
    Differing,
    FetusTable,
    FormulaAge,
    NoAge,
    StudyTable,
)
from fetalclip_app.domain.values import Source
from fetalclip_app.wording.by_hand import measure_name
from fetalclip_app.wording.growth import clip_numbers, whose_size
from fetalclip_app.wording.numbers import age_range, day_count
from fetalclip_app.wording.sources import calibration_source, learned_age, spread_meaning
from fetalclip_app.wording.translate import mark, plural, translate

_FORMULAS: dict[str, str] = {
    "hadlock_1984_hc": mark("Hadlock, HC"),
    "hadlock_1984_bpd": mark("Hadlock, BPD"),
    "hadlock_1984_ac": mark("Hadlock, AC"),
    "hadlock_1984_fl": mark("Hadlock, FL"),
    "hadlock_1984_mean": mark("Hadlock, mean"),
    "intergrowth_2016_hc": mark("INTERGROWTH, HC"),
    "intergrowth_2016_hc_fl": mark("INTERGROWTH, HC FL"),
}

_NO_AGE: dict[NoAge, tuple[str, str]] = {
    NoAge.OUTSIDE_RANGE: (mark("outside its range"), mark("The formula gives no age here: it lies outside its range.")),
    NoAge.OTHER_DEFINITION: (
        mark("other BPD definition"),
        mark("The formula is of a BPD between other edges of the skull."),
    ),
}

REDATING = "ACOG Committee Opinion 700, Obstet Gynecol 2017, 129:e150"


def formula_name(key: str) -> str:
    """Return a formula's name: ``Hadlock, HC``; its key where a report names one that is not known here."""
    return translate(_FORMULAS[key]) if key in _FORMULAS else key


def formula_age(one: FormulaAge) -> str:
    """Return the age by a formula, or in few words why there is none."""
    return translate(_NO_AGE[one.days][0]) if isinstance(one.days, NoAge) else str(whole_age(one.days))


def no_formula_age(why: NoAge) -> str:
    """Return why a formula gives no age."""
    return translate(_NO_AGE[why][1])


def whole_age(days: float) -> GestationalAge:
    """Return an age in whole days."""
    return GestationalAge(round(days))


def formulas_are_no_dating() -> str:
    """Return what ages by formulas are not."""
    return translate("None of them is a dating: no centile is read at it.")


def formula_range(one: FormulaAge) -> str:
    """Return which ages a formula was published for, with what is not known of its error."""
    low, high = whole_age(one.low_days), whole_age(one.high_days)
    return translate(
        "Published for {low_high} ({citation}); how far it is off is not known here.",
        low_high=age_range(low, high),
        citation=one.citation,
    )


def formula_inputs(one: FormulaAge) -> str:
    """Return what went into a formula: ``HC by hand, clip 1``."""
    return "; ".join(f"{measure_name(measure)} {whose_size(size)}" for measure, size in one.used)


def differences(fetus: FetusTable) -> tuple[str, ...]:
    """Return which ages differ by more than one of them allows, gathered by what they differ from."""
    found: dict[tuple[Differing, bool, int | None, str], list[Difference]] = {}
    for one in fetus.differences:
        held = _held(one) if one.low is not None else ""
        clip = one.clip if one.what is Differing.FORMULA_FROM_MODEL else None
        found.setdefault((one.what, one.days > 0, clip, held), []).append(one)
    return tuple(_difference(together) for together in found.values())


def _difference(together: Sequence[Difference]) -> str:
    one = together[0]
    clips = clip_numbers(it.clip for it in together if it.clip is not None)
    names = "; ".join(formula_name(it.formula) for it in together if it.formula)
    match one.what:
        case Differing.FORMULA_FROM_DATING:
            above = translate("More than {limit} above the dating: {ages}.")
            below = translate("More than {limit} below the dating: {ages}.")
            ages = "; ".join(
                translate("{formula} by {days}", formula=formula_name(it.formula), days=day_count(abs(it.days)))
                for it in together
            )
            return (above if one.days > 0 else below).format(limit=day_count(one.limit_days or 0), ages=ages)
        case Differing.FORMULA_FROM_MODEL:
            return translate(
                "Outside what the model gives, {low_high} ({clips}): {ages}.",
                low_high=_held(one),
                clips=clips,
                ages=names,
            )
        case Differing.DATING_FROM_MODEL:
            return translate(
                "The dating lies outside what the model gives, {low_high} ({clips}).", low_high=_held(one), clips=clips
            )
        case _:
            assert_never(one.what)


def differences_in_short(fetus: FetusTable) -> str:
    """Return that ages differ, in the few words that a card has room for; empty where none does."""
    kinds = [one.what for one in fetus.differences]
    told: list[str] = []
    if count := kinds.count(Differing.FORMULA_FROM_DATING):
        limit = next(day_count(one.limit_days) for one in fetus.differences if one.limit_days is not None)
        told.append(
            plural(
                "{count} age by a formula differs from the dating by more than {limit}.",
                "{count} ages by formulas differ from the dating by more than {limit}.",
                count,
                limit=limit,
            )
        )
    if Differing.DATING_FROM_MODEL in kinds:
        told.append(translate("The dating lies outside what the model gives."))
    if Differing.FORMULA_FROM_MODEL in kinds:
        told.append(translate("Ages by formulas lie outside what the model gives."))
    return " ".join(told)


def difference_source(table: StudyTable, fetus: FetusTable) -> str:
    """Return by which rules ages are said to differ, or that none does; empty where there is nothing to compare."""
    if fetus.differences:
        limits = any(one.limit_days is not None for one in fetus.differences)
        return translate("The limit beside a dating: {source}.", source=REDATING) if limits else ""
    if isinstance(table.age, GestationalAge) and (fetus.formula_ages or fetus.model_ages):
        return translate(
            "No age by a formula differs from the dating by more than the limit ({source}), nor does the dating lie "
            "outside what the model gives.",
            source=REDATING,
        )
    return ""


def dependences(table: StudyTable, fetus: FetusTable) -> tuple[str, ...]:
    """Return what of a fetus's ages depends on what: no agreement of dependent ages confirms anything."""
    told: list[str] = []
    models, formulas = fetus.model_ages, fetus.formula_ages
    if models:
        told += [
            translate(
                "The model's prompts name the size of a pixel: its age depends on the scale, as every length does."
            )
        ]
    if any(one.estimate.learned_from_head_size for one in models):
        told.append(learned_age())
    if models and any(one.used[0][1].source is not Source.PERSON for one in formulas):
        told.append(translate("The model's age and ages by its own lengths are read from the same pictures."))
    if len(formulas) > 1:
        told.append(translate("All ages by formulas rest on one scale: if it is wrong, all are wrong together."))
    is_of_this_exam = table.dating is not None and table.dating.scanned == table.exam_day
    if isinstance(table.age, GestationalAge) and not is_of_this_exam:
        told.append(translate("The dating alone depends on nothing in this exam's pictures."))
    if models:
        told.append(spread_meaning())
    return tuple(told)


def scale_sources(fetus: FetusTable) -> tuple[str, ...]:
    """Return who says how large a pixel is, each answer once with its clips."""
    found: dict[str, list[int]] = {}
    for clip, calibration in fetus.scales:
        found.setdefault(calibration_source(calibration), []).append(clip)
    return tuple(f"{source} ({clip_numbers(clips)})" for source, clips in found.items())


def _held(one: Difference) -> str:
    assert one.low is not None and one.high is not None
    return age_range(one.low, one.high)

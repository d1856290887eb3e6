"""What is said of a study's sizes: which value enters, where it lies on a chart, the weight, and whose it is."""

from __future__ import annotations

from collections.abc import Iterable

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.age import GestationalAge
from fetalclip_app.domain.biometry import Beyond, Centile, Chart, Measure, NoCentile
from fetalclip_app.domain.dating import Dating
from fetalclip_app.domain.measuring import Refusal
from fetalclip_app.domain.study_table import FetusTable, StudyRow, StudySize, StudyTable, Weight
from fetalclip_app.domain.values import Source
from fetalclip_app.wording.abstentions import abstention, reason_title
from fetalclip_app.wording.by_hand import begun_by_model, edges_name, measure_name
from fetalclip_app.wording.dating import dated_by, no_centile, no_centile_title
from fetalclip_app.wording.numbers import millimetres, with_unit
from fetalclip_app.wording.scale import refusal
from fetalclip_app.wording.translate import mark, plural, translate

_CHARTS: dict[Chart, str] = {Chart.WHO: mark("WHO"), Chart.INTERGROWTH: mark("INTERGROWTH-21st")}

_LOWEST, _HIGHEST = 3, 97
"""Of a whole centile between the outer curves of WHO, which are 2.5 and 97.5."""


def chart_name(chart: Chart) -> str:
    """Return whose chart it is."""
    return translate(_CHARTS[chart])


def no_chart(chart: Chart, measure: Measure) -> str:
    """Return that a chart has no curves of a measure."""
    return translate("{chart} has no chart of {measure}.", chart=chart_name(chart), measure=measure_name(measure))


def row_name(row: StudyRow) -> str:
    """Return a row's name: ``HC``, ``BPD outer–inner``."""
    edges = edges_name(row.bpd_definition) if row.bpd_definition is not None else ""
    return f"{measure_name(row.measure)} {edges}".strip()


def of_fetus(fetus: str, name: str) -> str:
    """Return ``A HC``, or the name alone in a single pregnancy."""
    return f"{fetus} {name}".strip()


def row_value(row: StudyRow) -> str:
    """Return the size that enters with its unit, or in two words why there is none."""
    if row.value is not None:
        return millimetres(row.value.size_mm)
    return reason_title(row.why_none.reason) if isinstance(row.why_none, Abstention) else translate("No length")


def row_reason(row: StudyRow) -> str:
    """Return why a row has no size."""
    match row.why_none:
        case Abstention() as why:
            return abstention(why)
        case Refusal() as why:
            return translate("No length in mm: {reason}.", reason=refusal(why))
        case _:
            return ""


def grams(weight_g: float) -> str:
    """Return a weight such as ``347 g``."""
    return with_unit(f"{weight_g:.0f}", "g")


def percentile(found: Centile) -> str:
    """Return ``P52``; beyond the outermost curve of WHO ``< P2.5``; of INTERGROWTH-21st with its z."""
    if found.beyond is not None:
        sign = "<" if found.beyond is Beyond.BELOW else ">"
        return f"{sign} P{found.percent:g}"
    if found.z is None:
        return f"P{min(max(int(found.percent + 0.5), _LOWEST), _HIGHEST)}"
    whole = int(found.percent + 0.5)
    shown = "< P1" if whole < 1 else "> P99" if whole > 99 else f"P{whole}"
    return f"{shown}, z {found.z:+.2f}"


def centile(chart: Chart, found: Centile | NoCentile, dating: Dating | None) -> str:
    """Return ``P52 (WHO, dated by LMP)``, or in two words why there is none."""
    if isinstance(found, NoCentile):
        return no_centile_title(found)
    by = dated_by(dating.dated_by) if dating is not None else ""
    return translate("{centile} ({chart}, dated by {by})", centile=percentile(found), chart=chart_name(chart), by=by)


def centile_reason(found: Centile | NoCentile) -> str:
    """Return why there is no centile, in a sentence; empty where there is one."""
    return no_centile(found) if isinstance(found, NoCentile) else ""


def whose_size(size: StudySize, *, only_clip: bool = False) -> str:
    """Return whose a size is and of which clips: ``by hand, mean of 3, clips 1, 2``.

    Args:
        only_clip: The study has no other clip, so its number says nothing.
    """
    match size.source:
        case Source.PERSON if size.count > 1:
            who = translate("by hand, mean of {count}", count=size.count)
        case Source.PERSON:
            who = translate("by hand")
        case Source.OUTLINE:
            who = translate("the model's outline")
        case Source.LANDMARKS:
            who = translate("the model's lines")
    begun = translate("begun from the model's") if size.begun_by_model else ""
    clips = "" if only_clip else clip_numbers(size.clips)
    return ", ".join(filter(None, [who, begun, clips]))


def whose_sized(size: StudySize, *, only_clip: bool = False) -> str:
    """Return the same of a size that stands beside another; of a BPD between which edges it lies, first."""
    edges = edges_name(size.bpd_definition) if size.bpd_definition is not None else ""
    return ", ".join(filter(None, [edges, whose_size(size, only_clip=only_clip)]))


def clip_numbers(numbers: Iterable[int]) -> str:
    """Return ``clip 2``, or ``clips 1, 3``."""
    told = tuple(dict.fromkeys(numbers))
    return plural("clip {numbers}", "clips {numbers}", len(told), numbers=", ".join(map(str, told)))


def entering_rule(row: StudyRow) -> str:
    """Return why this value enters and no other."""
    size = row.value
    if size is None:
        return row_reason(row)
    if size.source is not Source.PERSON:
        if not row.others:
            return translate("The model's only value; nobody measured it by hand.")
        return translate("The model's value of the clip whose picture shows the plane most surely; nobody measured it.")
    told = [translate("The mean of all repeats by hand, in every clip where they enter.")]
    told += [begun_by_model()] if size.begun_by_model else []
    return " ".join(told)


def entering_rules() -> str:
    """Return which of several values of one measure enters a study."""
    return translate(
        "A person's mean over all her repeats, in every clip where hers enters; else the model's value of the clip "
        "whose picture shows the plane most surely. None of another fetus, and no mean over BPDs between other edges."
    )


def centile_rule() -> str:
    """Return at which age centiles are read, and how."""
    return translate(
        "At the age of the entered dating on the exam's day. Between the curves of WHO linearly in the logarithm of "
        "the size; beyond the outermost only that; nothing outside 14 to 40 weeks."
    )


def weight_formula(weight: Weight) -> str:
    """Return which formula, and of which lengths: ``Hadlock, HC AC FL``."""
    return translate("Hadlock, by {measures}", measures=measures_list(name for name, _size in weight.used))


def measures_list(measures: Iterable[Measure]) -> str:
    """Return ``HC, AC, FL``."""
    return ", ".join(measure_name(measure) for measure in measures)


def no_weight(fetus: FetusTable) -> str:
    """Return why a fetus has no weight: what it needs, or that its lengths give none that can be."""
    if fetus.size(Measure.AC) is not None and fetus.size(Measure.FL) is not None:
        return translate("The lengths give no weight that can be: one of them is wrong.")
    return translate("A weight needs AC and FL of one fetus.")


def unassigned(numbers: Iterable[int]) -> str:
    """Return that nobody said whose some clips are, and what that means."""
    return translate(
        "Nobody said which fetus is seen in {clips}: what is measured there enters nothing.",
        clips=clip_numbers(numbers),
    )


def dated_age(table: StudyTable) -> str:
    """Return ``20w3d by LMP``, or in two words why centiles have no age."""
    if isinstance(table.age, GestationalAge) and table.dating is not None:
        return translate("{age} by {by}", age=table.age, by=dated_by(table.dating.dated_by))
    return no_centile_title(table.age) if isinstance(table.age, NoCentile) else ""

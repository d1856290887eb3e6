"""Answers as lines for a panel, a page or a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.age import AgeEstimate
from fetalclip_app.domain.clip_labels import ClipLabel, ClipLabels
from fetalclip_app.domain.overlay import Heatmap
from fetalclip_app.domain.pooled import PooledLength, WholeClip
from fetalclip_app.domain.reading import Answer, HeadMeasurement, HeadSize, LineMeasurements, Measurement
from fetalclip_app.domain.structures import Structure, Structures
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.wording.abstentions import abstention, abstention_hint, reason_title
from fetalclip_app.wording.clip_labels import label_frame, label_remarks, label_value
from fetalclip_app.wording.lines import line_definition, line_error, line_licence, line_name, line_spread, line_value
from fetalclip_app.wording.numbers import age_range, day_count, millimetres, percent, pixels
from fetalclip_app.wording.pooled import (
    outlier_rule,
    outliers,
    pooled_definition,
    pooled_frames,
    pooled_meaning,
    pooled_name,
    pooled_plane,
    pooled_value,
)
from fetalclip_app.wording.sources import (
    definition,
    frames_left_out,
    head_unchecked,
    interval_meaning,
    learned_age,
    naming_meaning,
    not_trained_view,
    spread_limit,
    spread_meaning,
    view_percentages,
    where_not_why,
)
from fetalclip_app.wording.structures import (
    no_area_scale,
    structure_area,
    structure_clearness,
    structure_definition,
    structure_dice,
    structure_name,
    structures_licence,
)
from fetalclip_app.wording.translate import translate
from fetalclip_app.wording.views import heat_explains, task_title, view_title


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an answer.

    Attributes:
        label: What it is, such as ``HC``.
        value: The figure with its unit, or the reason in two words where there is none.
        notes: What must be known of it, each a sentence, the most important first.
        is_doubt: The value is missing or should not be relied on.
    """

    label: str
    value: str
    notes: tuple[str, ...] = ()
    is_doubt: bool = False


def answer_lines(task_key: str, answer: Answer) -> tuple[Line, ...]:
    """Return the lines of one task's answer, the most important first."""
    match answer:
        case ViewPrediction() | AgeEstimate():
            return (_view_line(task_key, answer) if isinstance(answer, ViewPrediction) else _age_line(answer),)
        case HeadMeasurement() | LineMeasurements() | Structures() | WholeClip():
            return _measured(answer)
        case ClipLabels():
            return tuple(_label_line(one) for one in answer.labels)
        case Heatmap():
            value = heat_explains(answer.explains, answer.method)
            return (Line(translate("Where it looked"), value, (where_not_why(),)),)
        case Abstention():
            return (_no_answer(task_title(task_key), answer),)
        case _:
            assert_never(answer)


def heat_caption(heatmap: Heatmap) -> str:
    """Return what goes with every picture of a heatmap: what it explains, by which method, and what it is not."""
    return f"{heat_explains(heatmap.explains, heatmap.method)}. {where_not_why()}"


def _measured(answer: HeadMeasurement | LineMeasurements | Structures | WholeClip) -> tuple[Line, ...]:
    match answer:
        case HeadMeasurement():
            return _head_lines(answer)
        case LineMeasurements():
            return tuple(_measured_line(one) for one in answer.measurements)
        case Structures():
            return tuple(_structure_line(one, answer) for one in answer.structures)
        case WholeClip():
            return tuple(_pooled_line(one) for one in answer.lengths)
        case _:
            assert_never(answer)


def _no_answer(label: str, why: Abstention) -> Line:
    notes = tuple(text for text in (abstention(why), abstention_hint(why)) if text)
    return Line(label, reason_title(why.reason), notes, is_doubt=True)


def _view_line(task_key: str, seen: ViewPrediction) -> Line:
    share = float(seen.probabilities[seen.keys.index(seen.best)])
    value = f"{view_title(seen.best)} {percent(share)}"
    left_out = frames_left_out(seen.left_out, len(seen.per_frame))
    notes: list[str] = []
    if seen.abstained is not None:
        notes += [text for text in (abstention(seen.abstained), abstention_hint(seen.abstained)) if text]
    elif seen.best in seen.not_trained:
        notes.append(f"{view_title(seen.best)}: {not_trained_view()}.")
    notes += [left_out] if left_out else []
    notes.append(naming_meaning(seen.probe))
    notes.append(view_percentages(seen))
    return Line(task_title(task_key), value, tuple(notes), seen.abstained is not None or seen.best in seen.not_trained)


def _age_line(estimate: AgeEstimate) -> Line:
    notes = [
        translate("Spread {low_high} ({days}).").format(
            low_high=age_range(estimate.low, estimate.high), days=day_count(estimate.spread_days)
        )
        + " "
        + spread_meaning()
    ]
    if ground := spread_limit(estimate.limit_ground):
        notes.append(ground)
    if estimate.interval is not None:
        notes.append(interval_meaning(estimate.interval))
    if estimate.learned_from_head_size:
        notes.append(learned_age())
    if not estimate.head_checked:
        notes.append(head_unchecked())
    return Line(task_title("gestational_age"), str(estimate.age), tuple(notes))


def _measured_line(one: Measurement) -> Line:
    why = one.size_mm if isinstance(one.size_mm, Abstention) else None
    doubts = [text for text in (abstention(why), abstention_hint(why)) if text] if why is not None else []
    notes = (*doubts, line_definition(one.name), line_error(one), line_spread(one), line_licence(one))
    return Line(line_name(one.name), line_value(one), notes, is_doubt=why is not None)


def _structure_line(one: Structure, answer: Structures) -> Line:
    why = one.found if isinstance(one.found, Abstention) else None
    told = [text for text in (abstention(why), abstention_hint(why)) if text] if why is not None else []
    unscaled = [no_area_scale()] if one.area is not None and one.area.mm2 is None else []
    meaning = (structure_definition(one.name, answer.head), structure_clearness(one))
    known = (structure_dice(one.name, answer.head), structures_licence(answer.head))
    return Line(structure_name(one.name), structure_area(one), (*told, *unscaled, *meaning, *known), why is not None)


def _pooled_line(one: PooledLength) -> Line:
    why = one.size if isinstance(one.size, Abstention) else None
    told = [text for text in (abstention(why), abstention_hint(why)) if text] if why is not None else []
    meaning = [outliers(one), pooled_meaning(), outlier_rule(), pooled_plane()] if why is None else []
    label = translate("{name}, clip").format(name=pooled_name(one))
    return Line(
        label, pooled_value(one), (*told, pooled_frames(one), *meaning, pooled_definition(one)), why is not None
    )


def _label_line(one: ClipLabel) -> Line:
    why = one.probability if isinstance(one.probability, Abstention) else None
    told = [text for text in (abstention(why), abstention_hint(why)) if text] if why is not None else []
    doubtful = why is not None or one.head.generated
    where = [text for text in (label_frame(one),) if text]
    return Line(one.head.label, label_value(one), (*told, *label_remarks(one.head), *where), doubtful)


def _head_lines(head: HeadMeasurement) -> tuple[Line, ...]:
    match head.size:
        case HeadSize():
            return (
                Line("HC", millimetres(head.size.hc_mm), (definition("hc"),)),
                Line("BPD", millimetres(head.size.bpd_mm), (definition("bpd"),)),
                Line("OFD", millimetres(head.size.ofd_mm), (definition("ofd"),)),
            )
        case Abstention():
            return (
                _no_answer("HC", head.size),
                Line("BPD", pixels(2 * head.ellipse.b), (definition("bpd"),), is_doubt=True),
                Line("OFD", pixels(2 * head.ellipse.a), (definition("ofd"),), is_doubt=True),
            )
        case _:
            assert_never(head.size)

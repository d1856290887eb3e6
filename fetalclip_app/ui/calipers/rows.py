"""What stands in a row of the measurements card: the value that enters, whose it is, and the others beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.measuring import Refusal
from fetalclip_app.domain.reading import ClipReading, LineMeasurements, Measurement
from fetalclip_app.domain.values import Entering, ModelValue, Repeats, Source
from fetalclip_app.wording import by_hand as words
from fetalclip_app.wording import (
    line_licence,
    line_name,
    line_value,
    millimetres,
    pixels,
    reason_and_remedy,
    reason_title,
)

Asked = ModelValue | Repeats | Measurement
"""What a number of the card is: where it comes from is asked by it."""


_BESIDE = 2
"""So many small values leave room for whose the large one is; with more, its name says it."""


@dataclass(frozen=True, slots=True)
class Said:
    """One number, or the words in its place.

    Attributes:
        asked: None where there is nothing to ask.
        tip: The long form.
    """

    text: str
    asked: Asked | None = None
    is_doubt: bool = False
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One measure.

    Attributes:
        entering: The value that enters, large.
        source: Whose it is.
        others: What does not enter, small.
    """

    measure: Measure
    title: str
    entering: Said
    source: Said
    others: tuple[Said, ...] = ()


def row_of(found: Entering, reading: ClipReading | None) -> Row:
    """Return a measure's row in words."""
    chosen = _told(found)
    title = words.measure_title(found.measure)
    if chosen is not None and chosen.bpd_definition is not None and not _is_nothing(chosen) and not _is_held(chosen):
        title = f"{title}, {words.edges_name(chosen.bpd_definition)}"
    others = [one for one in found.others if one is not chosen and not _is_nothing(one) and not _lacks_scale(one)]
    small = tuple(_small(other) for other in others)
    if chosen is None:
        return Row(found.measure, title, Said(""), Said(""), (*small, *_diameters(found, reading)))
    source = Said("" if _is_held(chosen) else words.source_of(chosen), chosen, tip=words.source_meaning(chosen))
    if len(small) > _BESIDE:
        title, source = f"{title}, {source.text}", Said("")
    if _is_nothing(chosen):
        return Row(found.measure, title, Said(""), Said(""), small)
    return Row(found.measure, title, _large(chosen), source, (*small, *_diameters(found, reading)))


def note_of(found: Sequence[Entering], reading: ClipReading | None) -> tuple[str, bool]:
    """Return what is said below the rows, and whether it is a doubt: why there is no number, or a licence."""
    refused = [one.why_none for one in found if isinstance(one.why_none, Refusal)]
    if refused:
        return words.why_pixels(refused[0]), True
    models = [value for one in found if not one.person for value in one.model]
    doubts = [value.size_mm for value in models if isinstance(value.size_mm, Abstention)]
    if doubts:
        return reason_and_remedy(doubts[0]), True
    finding = reading.finding("measurements") if reading is not None else None
    if finding is not None and isinstance(finding.answer, Abstention) and not any(one.chosen for one in found):
        return reason_and_remedy(finding.answer), False
    lines = finding.answer.measurements if finding is not None and isinstance(finding.answer, LineMeasurements) else ()
    unclear = [one.size_mm for one in lines if isinstance(one.size_mm, Abstention)]
    if unclear:
        return reason_and_remedy(unclear[0]), True
    if lines:
        return line_licence(lines[0]), False
    return (words.press_a_number() if any(one.chosen for one in found) else ""), False


def _told(found: Entering) -> Repeats | ModelValue | None:
    """Return the value that is shown large: the one that enters, or what the model says of it where that is nothing."""
    chosen = found.chosen
    if isinstance(chosen, ModelValue) and _is_nothing(chosen):
        return next((one for one in found.model if not _is_nothing(one)), chosen)
    return chosen


def _is_nothing(value: Repeats | ModelValue) -> bool:
    """Whether a value says nothing of its measure: the outline's reason stands once, in the first row of the head."""
    return (
        isinstance(value, ModelValue)
        and value.source is Source.OUTLINE
        and isinstance(value.size_mm, Abstention)
        and not _is_held(value)
        and value.size_px is None
        and value.measure is not Measure.HC
    )


def _lacks_scale(value: Repeats | ModelValue) -> bool:
    """Whether there is no number for want of a scale, which the large value and the note say already."""
    return (
        isinstance(value.size_mm, Abstention)
        and value.size_mm.reason is Reason.NOT_CALIBRATED
        and (not isinstance(value, ModelValue) or value.size_px is None or value.measure is Measure.HC)
    )


def _is_held(value: Repeats | ModelValue) -> bool:
    """Whether a value waits for the person's own."""
    return isinstance(value.size_mm, Abstention) and value.size_mm.reason is Reason.HELD_BACK


def _large(value: Repeats | ModelValue) -> Said:
    match value:
        case Repeats(size_mm=float() as size) | ModelValue(size_mm=float() as size):
            return Said(millimetres(size), value)
        case Repeats():
            return Said(pixels(value.size_px), value, is_doubt=True)
        case ModelValue(size_mm=Abstention() as why):
            in_pixels = value.size_px is not None and value.measure is not Measure.HC
            text = pixels(value.size_px) if in_pixels and value.size_px is not None else reason_title(why.reason)
            return Said(text, value, is_doubt=True)
    raise AssertionError(value)


def _small(value: Repeats | ModelValue) -> Said:
    large = _large(value)
    text = f"{words.source_in_short(value)} {large.text}"
    return Said(text, value, large.is_doubt, words.source_meaning(value))


def _diameters(found: Entering, reading: ClipReading | None) -> tuple[Said, ...]:
    """Return the two diameters that the model's AC is made of."""
    lines = reading.answer("measurements", LineMeasurements) if reading is not None else None
    if found.measure is not Measure.AC or not isinstance(lines, LineMeasurements):
        return ()
    return tuple(
        Said(f"{line_name(one.name)} {line_value(one)}", one, isinstance(one.size_mm, Abstention))
        for one in lines.measurements
        if one.name in {"tad", "apad"}
    )

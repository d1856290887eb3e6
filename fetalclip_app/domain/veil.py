"""Measure first: what the model measured stays hidden until a person has measured the same by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.age import AgeEstimate
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.pooled import PooledLength, WholeClip
from fetalclip_app.domain.reading import (
    Answer,
    ClipReading,
    Finding,
    HeadMeasurement,
    HeldBack,
    LineMeasurements,
    Measurement,
)
from fetalclip_app.domain.structures import SKULL, Structure, Structures

HELD = Abstention(Reason.HELD_BACK, "measure_first")
HELD_AGE = Abstention(Reason.HELD_BACK, "age_by_head")

HEAD_MEASURES = frozenset({Measure.HC, Measure.BPD, Measure.OFD})
"""What a head's outline tells of: one of them unmeasured hides all of it."""

_MEASURE_OF_LINE = {"tad": Measure.AC, "apad": Measure.AC}

Hidden = frozenset[Measure]
T = TypeVar("T", Measurement, PooledLength)


def veiled(reading: ClipReading, hidden: Hidden) -> ClipReading:
    """Return a reading that tells nothing of the hidden measures, and keeps what it does not tell.

    An answer that could tell a size is replaced; views, labels and reasons that name no size stay. An age by the model
    follows the head's size, whatever taught it, so it stays hidden with HC.
    """
    whole = unveiled(reading)
    if not hidden:
        return whole
    shown = tuple(_veiled_finding(finding, hidden) for finding in whole.findings)
    return replace(whole, findings=shown, held=HeldBack(hidden, whole))


def unveiled(reading: ClipReading) -> ClipReading:
    """Return the reading as the model gave it."""
    return reading.held.reading if reading.held is not None else reading


def held_back(answer: Abstention) -> Abstention:
    """Return why there is no number, itself held back where it names one."""
    tells = answer.reason is Reason.OUT_OF_RANGE or any(key.endswith("_mm") for key in answer.parameters)
    return HELD if tells else answer


def _veiled_finding(finding: Finding, hidden: Hidden) -> Finding:
    answer: Answer = finding.answer
    match answer:
        case Abstention():
            answer = held_back(answer)
        case HeadMeasurement() if hidden & HEAD_MEASURES:
            answer = HELD
        case AgeEstimate() if Measure.HC in hidden:
            answer = HELD_AGE
        case LineMeasurements(measurements=lines):
            answer = LineMeasurements(_each(lines, hidden, _veiled_line))
        case WholeClip(lengths=lengths):
            answer = replace(answer, lengths=_each(lengths, hidden, _veiled_length))
        case Structures(structures=structures) if hidden & HEAD_MEASURES:
            answer = replace(answer, structures=tuple(_veiled_structure(one) for one in structures))
    return finding if answer is finding.answer else replace(finding, answer=answer)


def _each(found: tuple[T, ...], hidden: Hidden, veil: Callable[[T], T]) -> tuple[T, ...]:
    return tuple(veil(one) if _MEASURE_OF_LINE.get(one.name, one.name) in hidden else one for one in found)


def _veiled_line(line: Measurement) -> Measurement:
    size = held_back(line.size_mm) if isinstance(line.size_mm, Abstention) else HELD
    return replace(line, size_mm=size, ends=())


def _veiled_length(length: PooledLength) -> PooledLength:
    size = held_back(length.size) if isinstance(length.size, Abstention) else HELD
    return replace(length, size=size, values=())


def _veiled_structure(one: Structure) -> Structure:
    if one.name != SKULL:
        return one
    return Structure(one.name, HELD, None, one.clearness, one.clearness_limit, one.frame_index)

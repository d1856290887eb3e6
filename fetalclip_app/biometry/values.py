"""What the measures of a clip come to: the model's values, a person's, and which of them enters the report.

The model's and a person's value stay two values, and so do biparietal diameters between different edges of the skull:
no mean is taken over them.
"""

from __future__ import annotations

from dataclasses import replace

from fetalclip_app.biometry.ellipse_lengths import circumference, lengths
from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.calibration import Calibration, Point
from fetalclip_app.domain.measuring import Measured, Refusal, measure, region_of_points
from fetalclip_app.domain.notes import ClipNotes, Enters, Line
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.reading import ClipReading, HeadMeasurement, HeadSize, LineMeasurements
from fetalclip_app.domain.values import Entering, HandValue, ModelValue, Repeats, Source
from fetalclip_app.domain.veil import HEAD_MEASURES, HELD, held_back

MEASURED = (Measure.HC, Measure.BPD, Measure.OFD, Measure.AC, Measure.FL)
"""What a clip is measured for, in the order shown."""

_BY_LANDMARKS = frozenset({Measure.BPD, Measure.OFD, Measure.AC, Measure.FL})


def entering(
    notes: ClipNotes, reading: ClipReading | None, calibration: Calibration | None, measure: Measure
) -> Entering:
    """Return a measure's values in one clip and which of them enters the report.

    A person's value enters where there is one, unless she chose the model's; of several definitions the one drawn last.
    A chosen value without a length enters nothing else in its place.

    Args:
        calibration: The clip's own, by which a person's lines have a length.
    """
    person, model = repeats(notes, calibration, measure), model_values(reading, measure)
    if notes.entering(measure) is Enters.PERSON:
        return Entering(measure, person[-1] if person else None, person, model)
    sized = [one for one in model if not isinstance(one.size_mm, Abstention)]
    return Entering(measure, next(iter([*sized, *model]), None), person, model)


def repeats(notes: ClipNotes, calibration: Calibration | None, measure: Measure) -> tuple[Repeats, ...]:
    """Return what a person measured of a measure, by definition and fetus, the one drawn last at the end."""
    groups: dict[tuple[BpdDefinition | None, str], list[HandValue]] = {}
    for drawn in notes.of(measure):
        key = drawn.bpd_definition, drawn.fetus
        values = groups.pop(key, [])
        groups[key] = [*values, HandValue(drawn, length_of(drawn.shape, calibration))]
    return tuple(Repeats(measure, edges, fetus, tuple(values)) for (edges, fetus), values in groups.items())


def length_of(shape: Line | Ellipse, calibration: Calibration | None) -> Measured:
    """Return how long a line, or how far around an ellipse, is.

    Both axes of an ellipse must end inside one region of 2-D tissue. Its millimetres are those of the ellipse stretched
    by the region's own two scales, not of pixels times a mean of them.
    """
    if isinstance(shape, Line):
        return measure(calibration, shape.first, shape.last)
    around_px = circumference(shape.a, shape.b)
    region = region_of_points(calibration, axis_ends(shape))
    if isinstance(region, Refusal):
        return Measured(around_px, refusal=region)
    assert region.spacing is not None
    return Measured(around_px, lengths(shape, region.spacing).circumference_mm)


def axis_ends(ellipse: Ellipse) -> tuple[Point, ...]:
    """Return both ends of the major axis, then of the minor one, in frame pixels."""
    return tuple((float(x), float(y)) for x, y in (*ellipse.major_axis(), *ellipse.minor_axis()))


def model_values(reading: ClipReading | None, measure: Measure) -> tuple[ModelValue, ...]:
    """Return what the model says of a measure, each of its ways by itself; none where it was not asked."""
    if reading is None:
        return ()
    if reading.held is not None:
        values = model_values(reading.held.reading, measure)
        return tuple(map(_held, values)) if measure in reading.held.measures else values
    return (*_by_outline(reading, measure), *_by_landmarks(reading, measure))


def _held(value: ModelValue) -> ModelValue:
    why = held_back(value.size_mm) if isinstance(value.size_mm, Abstention) and value.size_px is None else HELD
    return replace(value, size_mm=why, size_px=None)


def _by_outline(reading: ClipReading, measure: Measure) -> tuple[ModelValue, ...]:
    finding = reading.finding("head") if measure in HEAD_MEASURES else None
    if finding is None:
        return ()
    edges = BpdDefinition.OUTER_OUTER if measure is Measure.BPD else None
    match finding.answer:
        case HeadMeasurement(size=HeadSize() as size):
            size_mm: float | Abstention = getattr(size, f"{measure}_mm")
            return (ModelValue(measure, Source.OUTLINE, size_mm, finding.frame_index, edges),)
        case HeadMeasurement(size=Abstention() as why, ellipse=ellipse):
            drawn = {Measure.BPD: 2 * ellipse.b, Measure.OFD: 2 * ellipse.a}
            size_px = drawn.get(measure, circumference(ellipse.a, ellipse.b))
            return (ModelValue(measure, Source.OUTLINE, why, finding.frame_index, edges, size_px),)
        case Abstention() as why:
            return (ModelValue(measure, Source.OUTLINE, why, finding.frame_index, edges),)
    return ()


def _by_landmarks(reading: ClipReading, measure: Measure) -> tuple[ModelValue, ...]:
    lines = reading.answer("measurements", LineMeasurements) if measure in _BY_LANDMARKS else None
    found = lines.measurements if isinstance(lines, LineMeasurements) else ()
    # The measurement head was taught lines between the outer edges of the skull: resources/heads/*.md.
    edges = BpdDefinition.OUTER_OUTER if measure is Measure.BPD else None
    return tuple(
        ModelValue(measure, Source.LANDMARKS, one.size_mm, one.frame_index, edges)
        for one in found
        if one.name == measure.value
    )

"""Where each number of one clip comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from fetalclip_app.biometry.values import MEASURED, axis_ends, repeats
from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.age import AgeEstimate
from fetalclip_app.domain.biometry import CIRCUMFERENCES, BpdDefinition
from fetalclip_app.domain.calibration import Point, Region
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.clip_labels import ClipLabels
from fetalclip_app.domain.history import History
from fetalclip_app.domain.measuring import inside, region_of_points
from fetalclip_app.domain.notes import ClipNotes, Line
from fetalclip_app.domain.overlay import Segmentation
from fetalclip_app.domain.pooled import PooledSize, WholeClip
from fetalclip_app.domain.reading import ClipReading, HeadMeasurement, HeadSize, LineMeasurements, Provenance
from fetalclip_app.domain.structures import Structures
from fetalclip_app.domain.trace import By, Equation, Kind, MadeBy, MaskDigest, Picture, Trace
from fetalclip_app.domain.values import HandValue, Repeats
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.report.edits import edits_of, scalings_of
from fetalclip_app.tasks.keys import (
    AGE,
    BRAIN_VIEWS,
    CLIP_LABELS,
    HEAD,
    MEASURES,
    STRUCTURES,
    VIEWS,
    WHOLE_CLIP,
    clip_label_key,
)

_OUTLINE_POINTS = 64

RAMANUJAN = Equation(
    "ramanujan_1914", "Ramanujan 1914, Q. J. Math. 45: pi (3 (a + b) - sqrt((3a + b)(a + 3b))), a and b in mm"
)
MINOR_AXIS, MAJOR_AXIS = Equation("minor_axis"), Equation("major_axis")
DISTANCE, AREA = Equation("distance"), Equation("pixels_times_area")
OF_TWO_DIAMETERS = Equation("pi_times_mean_diameter")
MEAN, MEDIAN = Equation("mean"), Equation("median")
AGE_RULE = Equation("fetalclip_median_of_15_best_days", "Maani 2025, arXiv:2502.14807")

_OF_OUTLINE = {"hc": RAMANUJAN, "bpd": MINOR_AXIS, "ofd": MAJOR_AXIS}


@dataclass(frozen=True, eq=False, slots=True)
class Traced:
    """A clip whose numbers are traced.

    Attributes:
        file: Its name, without a folder.
        fetus: As `report.build.ClipEntry.fetus`.
    """

    clip: Clip
    file: str
    fetus: str | None

    def id(self, *parts: str) -> str:
        """Return the id of one of its numbers."""
        return ".".join([self.clip.key, *parts])

    def picture(self, frame_index: int | None = None, points: tuple[Point, ...] | None = None) -> Picture:
        """Return a picture of it, with the scale that holds for these points where it is one."""
        clip, uid = self.clip, self.clip.origin.instance_uid
        number = frame_index + 1 if uid and frame_index is not None else None
        about = Picture(clip.key, clip.content_key.sha256(), self.file, frame_index, uid, number)
        region = region_of_points(clip.calibration, points) if points is not None else None
        if not isinstance(region, Region) or region.spacing is None or clip.calibration is None:
            return about
        place = next(place for place, one in enumerate(clip.calibration.regions) if one is region)
        spacing = region.spacing
        return replace(about, region_index=place, row_mm=spacing.row_mm, column_mm=spacing.column_mm)


def hand_traces(of: Traced, notes: ClipNotes, history: History = ()) -> Iterator[Trace]:
    """Yield what a person measured: each repeat with what was done to it, and the mean of each measure's."""
    for measure in MEASURED:
        for found in repeats(notes.of_fetus(of.fetus or ""), of.clip.calibration, measure):
            yield from _repeats(of, found, history)


def _repeats(of: Traced, found: Repeats, history: History) -> Iterator[Trace]:
    edges = [] if found.bpd_definition is None else [str(found.bpd_definition)]
    name = of.id(str(found.measure), *edges, str(By.PERSON))
    each = [
        replace(_drawn(of, found, one, f"{name}.{number}"), edits=edits_of(one.drawn, of.clip, history))
        for number, one in enumerate(found.values, start=1)
        if one.measured.length_mm is not None
    ]
    if not each or not isinstance(found.size_mm, float):
        return
    yield Trace(
        name,
        Kind.LENGTH,
        str(found.measure),
        found.size_mm,
        By.PERSON,
        of.clip.key,
        of.fetus,
        found.bpd_definition,
        tuple(dict.fromkeys(one.pictures[0] for one in each)),
        each[0].shape if len(each) == 1 else None,
        MEAN,
        edits=tuple(edit for one in each for edit in one.edits),
        inputs=tuple(one.id for one in each),
    )
    yield from each


def _drawn(of: Traced, found: Repeats, one: HandValue, name: str) -> Trace:
    drawn, size = one.drawn, one.measured.length_mm
    assert size is not None
    points = (drawn.shape.first, drawn.shape.last) if isinstance(drawn.shape, Line) else axis_ends(drawn.shape)
    return Trace(
        name,
        Kind.LENGTH,
        str(found.measure),
        size,
        By.PERSON,
        of.clip.key,
        of.fetus,
        found.bpd_definition,
        (of.picture(drawn.frame_index, points),),
        drawn.shape,
        RAMANUJAN if found.measure in CIRCUMFERENCES else DISTANCE,
    )


def model_traces(of: Traced, reading: ClipReading, history: History = ()) -> Iterator[Trace]:
    """Yield every number that the model gave, in the order of its tasks, with what a scale by hand made of it."""
    for one in _by_model(of, reading):
        scaled = scalings_of(one, of.clip, history)
        yield replace(one, edits=scaled) if scaled else one


def _by_model(of: Traced, reading: ClipReading) -> Iterator[Trace]:
    for task in (VIEWS, BRAIN_VIEWS):
        yield from _views(of, reading, task)
    yield from _age(of, reading)
    yield from _head(of, reading)
    yield from _lines(of, reading)
    yield from _pooled(of, reading)
    yield from _structures(of, reading)
    yield from _labels(of, reading)


def made_by(made: Provenance, task: str, head: str = "") -> MadeBy:
    """Return the model that answered a task, with the head that it used."""
    probe = next(((one.name, one.sha256) for one in made.probes if one.task == task), None)
    model = made.model
    return MadeBy(
        model.key,
        model.title,
        model.sha256,
        made.preprocessing,
        made.app_version,
        made.device,
        None if probe is not None else made.view_sets.get(task),
        made.heads.get(head),
        probe,
    )


def _views(of: Traced, reading: ClipReading, task: str) -> Iterator[Trace]:
    seen = reading.answer(task, ViewPrediction)
    if seen is None:
        return
    by, made = By.PROBE if seen.probe else By.PROMPTS, made_by(reading.provenance, task)
    for key, share in zip(seen.keys, seen.probabilities, strict=True):
        pictures = (of.picture(),)
        yield Trace(
            of.id(task, key), Kind.SHARE, key, float(share), by, of.clip.key, of.fetus, None, pictures, made_by=made
        )


def _age(of: Traced, reading: ClipReading) -> Iterator[Trace]:
    finding, age = reading.finding(AGE), reading.answer(AGE, AgeEstimate)
    if finding is None or age is None:
        return
    made = made_by(reading.provenance, AGE)
    days = {"": age.age, "low": age.low, "high": age.high}
    if age.interval is not None:
        days |= {"interval_low": age.interval.low, "interval_high": age.interval.high}
    for name, at in days.items():
        yield Trace(
            of.id("age", *filter(None, [name])),
            Kind.AGE,
            "_".join(filter(None, ["age", name])),
            float(at.days),
            By.PROMPTS,
            of.clip.key,
            of.fetus,
            pictures=(of.picture(finding.frame_index),),
            equation=AGE_RULE,
            made_by=made,
        )


def _head(of: Traced, reading: ClipReading) -> Iterator[Trace]:
    finding, head = reading.finding(HEAD), reading.answer(HEAD, HeadMeasurement)
    if finding is None or head is None or not isinstance(head.size, HeadSize):
        return
    around = [(float(x), float(y)) for x, y in head.ellipse.points(_OUTLINE_POINTS)]
    picture = of.picture(finding.frame_index, inside(around, of.clip.height, of.clip.width))
    made = made_by(reading.provenance, VIEWS, HEAD)
    for name, equation in _OF_OUTLINE.items():
        length = _length(of, name, By.OUTLINE, getattr(head.size, f"{name}_mm"), made)
        yield replace(length, pictures=(picture,), shape=head.ellipse, equation=equation)


def _lines(of: Traced, reading: ClipReading) -> Iterator[Trace]:
    lines = reading.answer(MEASURES, LineMeasurements)
    found = {one.name: one for one in lines.measurements} if lines is not None else {}
    made = made_by(reading.provenance, VIEWS, MEASURES)
    for name, one in found.items():
        if isinstance(one.size_mm, Abstention):
            continue
        length, ends = _length(of, name, By.LANDMARKS, one.size_mm, made), tuple(one.ends)
        length = replace(length, pictures=(of.picture(one.frame_index, ends or None),))
        if name == "ac":
            parts = tuple(of.id(part, str(By.LANDMARKS)) for part in ("tad", "apad") if part in found)
            yield replace(length, equation=OF_TWO_DIAMETERS, inputs=parts)
        else:
            yield replace(length, shape=Line(*ends) if len(ends) == 2 else None, equation=DISTANCE)


def _pooled(of: Traced, reading: ClipReading) -> Iterator[Trace]:
    pooled = reading.answer(WHOLE_CLIP, WholeClip)
    for one in pooled.lengths if pooled is not None else ():
        if isinstance(one.size, PooledSize):
            by = By(str(one.by))
            made = made_by(reading.provenance, VIEWS, HEAD if by is By.OUTLINE else MEASURES)
            length = _length(of, one.name, by, one.size.median_mm, made)
            pictures = tuple(of.picture(value.frame_index) for value in one.values)
            yield replace(length, id=of.id("whole_clip", one.name, str(by)), pictures=pictures, equation=MEDIAN)


def _length(of: Traced, name: str, by: By, value: float, made: MadeBy) -> Trace:
    definition = BpdDefinition.OUTER_OUTER if name == "bpd" else None
    return Trace(of.id(name, str(by)), Kind.LENGTH, name, value, by, of.clip.key, of.fetus, definition, made_by=made)


def _structures(of: Traced, reading: ClipReading) -> Iterator[Trace]:
    found = reading.answer(STRUCTURES, Structures)
    for one in found.structures if found is not None else ():
        if not isinstance(one.found, Segmentation) or one.area is None or one.area.mm2 is None:
            continue
        corners = tuple((float(x), float(y)) for x, y in one.outline)
        yield Trace(
            of.id(one.name, str(By.MASK)),
            Kind.AREA,
            one.name,
            one.area.mm2,
            By.MASK,
            of.clip.key,
            of.fetus,
            None,
            (of.picture(one.frame_index, corners or None),),
            MaskDigest.of(one.found.mask),
            AREA,
            made_by(reading.provenance, VIEWS, STRUCTURES),
        )


def _labels(of: Traced, reading: ClipReading) -> Iterator[Trace]:
    found = reading.answer(CLIP_LABELS, ClipLabels)
    for one in found.labels if found is not None else ():
        if not isinstance(one.probability, Abstention):
            yield Trace(
                of.id("label", one.head.label),
                Kind.SHARE,
                one.head.label,
                one.probability,
                By.LABEL,
                of.clip.key,
                of.fetus,
                None,
                (of.picture(one.frame_index),),
                made_by=made_by(reading.provenance, VIEWS, clip_label_key(one.head.label)),
            )

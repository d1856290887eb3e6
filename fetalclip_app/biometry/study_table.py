"""From what each clip of a study gives to one value of each measure, with centiles, weight and ages, fetus by fetus.

Several clips may give one measure. Which value enters, in this order:

1. What a person measured: the mean of all her repeats in all clips where her value enters.
2. The model's value from the clip whose measured picture shows the plane most surely; on a tie the first clip's.

No value of another fetus takes part, and biparietal diameters between different edges stay apart.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from fetalclip_app.biometry.ages import BPD_OF_HADLOCK, differences, formula_ages
from fetalclip_app.biometry.centiles import centile
from fetalclip_app.biometry.values import MEASURED, entering
from fetalclip_app.biometry.weight import HADLOCK_CITATION, hadlock_weight_g
from fetalclip_app.domain.abstention import NOT_LOOKED_FOR, Abstention
from fetalclip_app.domain.age import AgeEstimate, GestationalAge
from fetalclip_app.domain.biometry import BpdDefinition, Centile, Chart, Measure, NoCentile
from fetalclip_app.domain.calibration import Calibration
from fetalclip_app.domain.dating import Dating, DatingRefused, exam_age
from fetalclip_app.domain.measuring import Refusal
from fetalclip_app.domain.notes import FETUSES, ClipNotes
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.study_table import (
    Centiles,
    ClipRef,
    FetusTable,
    ModelAge,
    StudyRow,
    StudySize,
    StudyTable,
    Weight,
)
from fetalclip_app.domain.values import Entering, Repeats, Source
from fetalclip_app.domain.views import ViewPrediction

_PLANES = {
    Measure.HC: "brain",
    Measure.BPD: "brain",
    Measure.OFD: "brain",
    Measure.AC: "abdomen",
    Measure.FL: "femur",
}


@dataclass(frozen=True, eq=False, slots=True)
class ClipValues:
    """What one clip gives to its study.

    Attributes:
        fetus: Empty in a single pregnancy, None in a multiple one where nobody said.
        sureness: Measure -> how surely the picture that the model measured shows its plane, 0 to 1.
    """

    clip: ClipRef
    fetus: str | None
    entering: Mapping[Measure, Entering]
    sureness: Mapping[Measure, float]
    age: ModelAge | None
    calibration: Calibration | None = None


def clip_values(
    clip: ClipRef,
    notes: ClipNotes,
    reading: ClipReading | None,
    calibration: Calibration | None,
    *,
    fetus: str | None = "",
) -> ClipValues:
    """Return what a clip gives to its study.

    Args:
        calibration: The clip's own, by which a person's lines have a length.
        fetus: Whose scan the clip is: all that was drawn in it is of this fetus.
    """
    own = notes.of_fetus(fetus or "")
    found = {measure: entering(own, reading, calibration, measure) for measure in MEASURED}
    sureness = {measure: _sureness(reading, measure, entry) for measure, entry in found.items()}
    return ClipValues(clip, fetus, found, sureness, _model_age(clip, reading), calibration)


def study_table(
    clips: Sequence[ClipValues],
    *,
    title: str = "",
    dating: Dating | None = None,
    refused: DatingRefused | None = None,
    exam_day: date | None = None,
) -> StudyTable:
    """Return the table of one study's clips.

    Args:
        refused: Why the dating that a person stated is not this study's; then there is none.
    """
    age = exam_age(dating, exam_day) if refused is None else NoCentile.DATING_REFUSED
    names = [name for name in ("", *FETUSES) if any(clip.fetus == name for clip in clips)]
    tables = [_fetus_table(name, [clip for clip in clips if clip.fetus == name], age) for name in names]
    nobody = tuple(clip.clip.number for clip in clips if clip.fetus is None)
    refs = tuple(clip.clip for clip in clips)
    return StudyTable(title, refs, dating, exam_day, age, tuple(tables), nobody, refused)


def _fetus_table(fetus: str, clips: Sequence[ClipValues], age: GestationalAge | NoCentile) -> FetusTable:
    rows = tuple(row for measure in MEASURED for row in _rows(measure, clips, age))
    sizes = {(row.measure, row.bpd_definition): row.value for row in rows if row.value is not None}
    ages = formula_ages(sizes)
    models = tuple(clip.age for clip in clips if clip.age is not None)
    return FetusTable(
        fetus,
        tuple(clip.clip.number for clip in clips),
        rows,
        _weight(sizes, age),
        ages,
        models,
        differences(ages, models, age),
        _scales(clips, rows, models),
    )


def _scales(
    clips: Sequence[ClipValues], rows: Sequence[StudyRow], models: Sequence[ModelAge]
) -> tuple[tuple[int, Calibration | None], ...]:
    used = {number for row in rows if row.value is not None for number in row.value.clips}
    used |= {one.clip.number for one in models}
    return tuple((clip.clip.number, clip.calibration) for clip in clips if clip.clip.number in used)


def _rows(measure: Measure, clips: Sequence[ClipValues], age: GestationalAge | NoCentile) -> Iterator[StudyRow]:
    """Yield a measure's rows: one for each definition that a value enters by; one with the reason where none does."""
    chosen = [entry.chosen for clip in clips if (entry := clip.entering[measure]).size_mm is not None]
    definitions = dict.fromkeys(one.bpd_definition for one in chosen if one is not None)
    model = _model_sizes(measure, clips)
    rows: list[tuple[BpdDefinition | None, StudySize, StudySize | None]] = []
    for definition in definitions:
        person = _person_size(measure, clips, definition)
        value = person or next(size for size, enters in model if enters and size.bpd_definition is definition)
        beside = _beside(person, [size for size, _enters in model]) if person is not None else None
        rows.append((definition, value, beside))
    shown = [size for _definition, value, beside in rows for size in (value, beside)]
    left = [size for size in (*(size for size, _enters in model), *_persons_left(measure, clips)) if size not in shown]
    for place, (definition, value, beside) in enumerate(rows):
        # one whose definition has no row of its own is named in the first
        others = tuple(
            size
            for size in left
            if size.bpd_definition is definition or (place == 0 and size.bpd_definition not in definitions)
        )
        centiles = _centiles(measure, value.size_mm, age, definition)
        yield StudyRow(measure, definition, value, None, beside, others, centiles)
    reason = _reason(measure, clips)
    if not definitions and reason is not None:
        beside = model[0][0] if model else None
        yield StudyRow(measure, None, None, reason, beside, tuple(size for size in left if size is not beside), ())


def _person_size(measure: Measure, clips: Sequence[ClipValues], definition: BpdDefinition | None) -> StudySize | None:
    """Return the mean of all repeats that enter by a definition."""
    chosen = ((clip.clip.number, clip.entering[measure].chosen) for clip in clips)
    mine = [
        (number, one)
        for number, one in chosen
        if isinstance(one, Repeats) and one.sizes_mm and one.bpd_definition is definition
    ]
    return _mean(mine, definition) if mine else None


def _persons_left(measure: Measure, clips: Sequence[ClipValues]) -> list[StudySize]:
    """Return what a person measured that does not enter: she chose the model's, or drew by another definition later."""
    left = [
        (clip.clip.number, one)
        for clip in clips
        for one in clip.entering[measure].person
        if one is not clip.entering[measure].chosen and one.sizes_mm
    ]
    return [_mean([(number, one)], one.bpd_definition) for number, one in left]


def _beside(person: StudySize, model: Sequence[StudySize]) -> StudySize | None:
    """Return the model's size to stand beside a person's: by her definition and of her clips before any other."""
    return min(
        model,
        key=lambda one: (one.bpd_definition is not person.bpd_definition, one.clips[0] not in person.clips),
        default=None,
    )


def _mean(mine: Sequence[tuple[int, Repeats]], definition: BpdDefinition | None) -> StudySize:
    """Return the mean of repeats, each with the number of its clip."""
    sizes = [size for _number, one in mine for size in one.sizes_mm]
    return StudySize(
        statistics.fmean(sizes),
        Source.PERSON,
        definition,
        tuple(number for number, _one in mine),
        tuple((number, value.drawn.frame_index) for number, one in mine for value in one.values),
        len(sizes),
        statistics.stdev(sizes) if len(sizes) > 1 else None,
        any(one.is_begun_by_model for _number, one in mine),
    )


def _model_sizes(measure: Measure, clips: Sequence[ClipValues]) -> list[tuple[StudySize, bool]]:
    """Return the model's sizes of each clip and which enters there, the surest first."""
    found: list[tuple[float, StudySize, bool]] = []
    for clip in clips:
        entry = clip.entering[measure]
        for one in entry.model:
            if isinstance(one.size_mm, float):
                frames = () if one.frame_index is None else ((clip.clip.number, one.frame_index),)
                size = StudySize(one.size_mm, one.source, one.bpd_definition, (clip.clip.number,), frames)
                found.append((clip.sureness[measure], size, one is entry.chosen))
    found.sort(key=lambda it: -it[0])
    return [(size, enters) for _sureness, size, enters in found]


def _reason(measure: Measure, clips: Sequence[ClipValues]) -> Abstention | Refusal | None:
    reasons = [clip.entering[measure].why_none for clip in clips]
    told = (
        why for why in reasons if why is not None and not (isinstance(why, Abstention) and why.reason in NOT_LOOKED_FOR)
    )
    return next(told, None)


def _centiles(
    measure: Measure, size: float, age: GestationalAge | NoCentile, definition: BpdDefinition | None = None
) -> Centiles:
    return tuple((chart, _centile(chart, measure, size, age, definition)) for chart in Chart)


def _centile(
    chart: Chart, measure: Measure, size: float, age: GestationalAge | NoCentile, definition: BpdDefinition | None
) -> Centile | NoCentile:
    if isinstance(age, NoCentile):
        on_chart = centile(chart, measure, size, None, bpd_definition=definition)
        return on_chart if on_chart is NoCentile.NOT_ON_CHART else age
    return centile(chart, measure, size, age, bpd_definition=definition)


def _weight(
    sizes: Mapping[tuple[Measure, BpdDefinition | None], StudySize], age: GestationalAge | NoCentile
) -> Weight | None:
    """Return the weight by HC, AC and FL, which is the chart's; without an HC by a BPD of Hadlock's definition."""
    keys: list[tuple[Measure, BpdDefinition | None]] = [(Measure.HC, None), (Measure.AC, None), (Measure.FL, None)]
    if (Measure.HC, None) not in sizes:
        keys[0] = Measure.BPD, BPD_OF_HADLOCK
    used = {measure: sizes[measure, edges] for measure, edges in keys if (measure, edges) in sizes}
    found = hadlock_weight_g({measure: one.size_mm for measure, one in used.items()})
    if found is None:
        return None
    weight_g, measures = found
    centiles: Centiles = _centiles(Measure.EFW, weight_g, age)
    if Measure.HC not in measures:
        centiles = ((Chart.WHO, NoCentile.OTHER_FORMULA), *centiles[1:])
    return Weight(weight_g, tuple((name, used[name]) for name in measures), HADLOCK_CITATION, centiles)


def _sureness(reading: ClipReading | None, measure: Measure, entry: Entering) -> float:
    views = reading.answer("views", ViewPrediction) if reading is not None else None
    frame = next((one.frame_index for one in entry.model if isinstance(one.size_mm, float)), None)
    if not isinstance(views, ViewPrediction) or frame is None or _PLANES[measure] not in views.keys:
        return 0.0
    share = float(views.per_frame[frame, views.keys.index(_PLANES[measure])])
    return share if math.isfinite(share) else 0.0


def _model_age(clip: ClipRef, reading: ClipReading | None) -> ModelAge | None:
    finding = reading.finding("gestational_age") if reading is not None else None
    if reading is None or finding is None or not isinstance(finding.answer, AgeEstimate):
        return None
    return ModelAge(clip, finding.answer, finding.frame_index, reading.calibration)

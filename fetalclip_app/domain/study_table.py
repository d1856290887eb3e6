"""What the clips of one study come to, fetus by fetus: sizes, centiles, weight, ages. No value crosses a fetus."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.age import AgeEstimate, GestationalAge
from fetalclip_app.domain.biometry import BpdDefinition, Centile, Chart, Measure, NoCentile
from fetalclip_app.domain.calibration import Calibration
from fetalclip_app.domain.dating import Dating, DatingRefused
from fetalclip_app.domain.measuring import Refusal
from fetalclip_app.domain.values import Source

Centiles = tuple[tuple[Chart, Centile | NoCentile], ...]
"""Where a size lies on each chart, or why it has no centile there."""


@dataclass(frozen=True, slots=True)
class ClipRef:
    """A clip as a table calls it.

    Attributes:
        number: Its place in the list or report, from 1.
        key: Of its content.
    """

    number: int
    name: str
    key: str


@dataclass(frozen=True, slots=True)
class StudySize:
    """One size of a measure, and what it is of.

    Attributes:
        size_mm: A person's is the mean of all repeats, the model's that of one picture.
        clips: Numbers of the clips that it is of.
        frames: (clip number, frame index) of everything in it.
        count: Repeats in the mean.
        deviation_mm: Standard deviation of the repeats (n - 1); None of fewer than two.
        begun_by_model: One of the repeats began with the model's own proposal.
    """

    size_mm: float
    source: Source
    bpd_definition: BpdDefinition | None
    clips: tuple[int, ...]
    frames: tuple[tuple[int, int], ...]
    count: int = 1
    deviation_mm: float | None = None
    begun_by_model: bool = False


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One measure of one fetus; biparietal diameters between different edges are different rows.

    Attributes:
        value: What enters; None where the chosen values have no length.
        why_none: Why not.
        model: The model's own, where a person's entered.
        others: Sizes of other clips that do not enter.
        centiles: Of the value, chart by chart.
    """

    measure: Measure
    bpd_definition: BpdDefinition | None
    value: StudySize | None
    why_none: Abstention | Refusal | None
    model: StudySize | None
    others: tuple[StudySize, ...]
    centiles: Centiles


@dataclass(frozen=True, slots=True)
class Weight:
    """An estimated fetal weight, of one fetus's own lengths.

    Attributes:
        used: Measure -> size of what went in.
    """

    weight_g: float
    used: tuple[tuple[Measure, StudySize], ...]
    citation: str
    centiles: Centiles


class NoAge(StrEnum):
    """Why a formula gives no age."""

    OUTSIDE_RANGE = "outside_range"
    OTHER_DEFINITION = "other_definition"


@dataclass(frozen=True, slots=True)
class FormulaAge:
    """An age by a published formula; it is no dating.

    Attributes:
        key: The formula's name in outputs.
        used: What went in.
        days: The age, or why there is none.
        low_days, high_days: The ages that the formula was published for.
    """

    key: str
    used: tuple[tuple[Measure, StudySize], ...]
    days: float | NoAge
    citation: str
    low_days: float
    high_days: float


@dataclass(frozen=True, eq=False, slots=True)
class ModelAge:
    """The model's age of one clip.

    Attributes:
        calibration: The scale that its prompts named.
    """

    clip: ClipRef
    estimate: AgeEstimate
    frame_index: int | None
    calibration: Calibration | None


class Differing(StrEnum):
    """Which two ages differ."""

    FORMULA_FROM_DATING = "formula_from_dating"
    FORMULA_FROM_MODEL = "formula_from_model"
    DATING_FROM_MODEL = "dating_from_model"


@dataclass(frozen=True, slots=True)
class Difference:
    """Two ages that differ by more than one of them allows.

    Attributes:
        days: The first of the two minus the second.
        formula: Key of the formula; empty where none takes part.
        limit_days: What a formula may differ from a dating by; None beside the model.
        low, high: Of the model: its interval or the spread of its best days; None beside a dating.
        clip: Number of the clip that the model's age is of.
    """

    what: Differing
    days: float
    formula: str = ""
    limit_days: int | None = None
    low: GestationalAge | None = None
    high: GestationalAge | None = None
    clip: int | None = None


@dataclass(frozen=True, eq=False, slots=True)
class FetusTable:
    """All of one fetus.

    Attributes:
        fetus: One of `FETUSES`; empty in a single pregnancy.
        clips: Numbers of its clips.
        scales: (clip number, its scale) of every clip that a size or an age is of.
        weight: None without the lengths that it needs.
    """

    fetus: str
    clips: tuple[int, ...]
    rows: tuple[StudyRow, ...]
    weight: Weight | None
    formula_ages: tuple[FormulaAge, ...]
    model_ages: tuple[ModelAge, ...]
    differences: tuple[Difference, ...]
    scales: tuple[tuple[int, Calibration | None], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing of it was measured and no age estimated."""
        return not (self.rows or self.model_ages)

    def size(self, measure: Measure, definition: BpdDefinition | None = None) -> StudySize | None:
        """Return what enters of a measure."""
        found = (row for row in self.rows if row.measure is measure and row.bpd_definition is definition)
        row = next(found, None)
        return row.value if row is not None else None


@dataclass(frozen=True, eq=False, slots=True)
class StudyTable:
    """A study.

    Attributes:
        exam_day: By the files, or by a person where they do not say.
        age: On the exam's day by the dating, or why there is none.
        fetuses: In the order of `FETUSES`; one without a name in a single pregnancy.
        unassigned: Numbers of clips of a multiple pregnancy of which nobody said whose they are: they enter nothing.
        refused: Why a dating that was stated is left out; None where none was.
    """

    title: str
    clips: tuple[ClipRef, ...]
    dating: Dating | None
    exam_day: date | None
    age: GestationalAge | NoCentile
    fetuses: tuple[FetusTable, ...]
    unassigned: tuple[int, ...] = ()
    refused: DatingRefused | None = None

    @property
    def names_fetuses(self) -> bool:
        """Whether this is a multiple pregnancy."""
        return bool(self.unassigned) or any(table.fetus for table in self.fetuses)

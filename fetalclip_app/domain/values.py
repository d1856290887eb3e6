"""A measure's values in one clip: the model's, a person's, and the one of them that enters the report."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from enum import StrEnum

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.measuring import Measured, Refusal
from fetalclip_app.domain.notes import HandMeasurement


class Source(StrEnum):
    """Whose value."""

    PERSON = "person"
    OUTLINE = "outline"
    """The ellipse of the model's head outline."""

    LANDMARKS = "landmarks"
    """Between end points that the model's measurement head found."""


@dataclass(frozen=True, slots=True)
class HandValue:
    """What one drawn measurement comes to by the clip's scale."""

    drawn: HandMeasurement
    measured: Measured


@dataclass(frozen=True, slots=True)
class Repeats:
    """What a person measured of one measure by one definition for one fetus, once or several times.

    Attributes:
        bpd_definition: None for other measures than BPD.
        fetus: As in the notes; empty in a single pregnancy.
        values: In the order drawn; never none.
    """

    measure: Measure
    bpd_definition: BpdDefinition | None
    fetus: str
    values: tuple[HandValue, ...]

    @property
    def source(self) -> Source:
        """A person."""
        return Source.PERSON

    @property
    def sizes_mm(self) -> tuple[float, ...]:
        """The repeats that have a length."""
        return tuple(one.measured.length_mm for one in self.values if one.measured.length_mm is not None)

    @property
    def size_mm(self) -> float | Refusal:
        """The mean of the repeats that have a length, or why none of them has one."""
        if self.sizes_mm:
            return statistics.fmean(self.sizes_mm)
        return self.values[-1].measured.refusal or Refusal.NO_SCALE

    @property
    def size_px(self) -> float:
        """The mean in pixels, of all repeats."""
        return statistics.fmean(one.measured.length_px for one in self.values)

    @property
    def deviation_mm(self) -> float | None:
        """Standard deviation of the repeats (divided by n - 1); None of fewer than two."""
        return statistics.stdev(self.sizes_mm) if len(self.sizes_mm) > 1 else None

    @property
    def frame_index(self) -> int:
        """The frame of the last of them."""
        return self.values[-1].drawn.frame_index

    @property
    def is_begun_by_model(self) -> bool:
        """Whether one of them was begun from the model's own proposal."""
        return any(one.drawn.begun_by_model for one in self.values)


@dataclass(frozen=True, slots=True)
class ModelValue:
    """What the model says of a measure.

    Attributes:
        size_mm: The length, or why there is none.
        frame_index: The frame that it was read from; None where no frame was.
        bpd_definition: None for other measures than BPD.
        size_px: The length in frame pixels, where it is drawn and has no millimetres.
    """

    measure: Measure
    source: Source
    size_mm: float | Abstention
    frame_index: int | None
    bpd_definition: BpdDefinition | None = None
    size_px: float | None = None


@dataclass(frozen=True, slots=True)
class Entering:
    """Every value of a measure in a clip, and the one that enters the report.

    Attributes:
        chosen: One of ``person`` or ``model``; None where nobody measured.
        person: By definition and fetus, the one drawn last at the end.
        model: By source, the head outline's first.
    """

    measure: Measure
    chosen: Repeats | ModelValue | None
    person: tuple[Repeats, ...]
    model: tuple[ModelValue, ...]

    @property
    def size_mm(self) -> float | None:
        """The length that enters; None where there is none."""
        size = self.chosen.size_mm if self.chosen is not None else None
        return size if isinstance(size, float) else None

    @property
    def has_model_size(self) -> bool:
        """Whether the model has a length that could enter."""
        return any(not isinstance(one.size_mm, Abstention) for one in self.model)

    @property
    def why_none(self) -> Abstention | Refusal | None:
        """Why the value that was chosen has no length."""
        size = self.chosen.size_mm if self.chosen is not None else None
        return size if isinstance(size, Abstention | Refusal) else None

    @property
    def others(self) -> tuple[Repeats | ModelValue, ...]:
        """The values that do not enter."""
        values: tuple[Repeats | ModelValue, ...] = (*self.person, *self.model)
        return tuple(one for one in values if one is not self.chosen)

"""What a person decided, drew and entered: all that must be there when a study is opened again.

Notes hold acts, not results: points in frame pixels and choices. A length is computed from its points and the clip's
scale wherever it is shown, so that another scale gives another length and never an old one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.calibration import Point, Ruler
from fetalclip_app.domain.dating import Dating
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.sign_off import SignOff

if TYPE_CHECKING:
    from fetalclip_app.domain.study import Group

FETUSES = ("A", "B", "C", "D")
"""Names of the fetuses of a multiple pregnancy, in order; a single one has no name."""


@dataclass(frozen=True, slots=True)
class Act:
    """Who did something, and when.

    Attributes:
        who: As the person is named in the settings; may be empty.
        when: With its offset from UTC.
    """

    who: str
    when: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """A caliper's two ends in frame pixels; the centre of the top left pixel is (0, 0)."""

    first: Point
    last: Point


@dataclass(frozen=True, slots=True)
class HandMeasurement:
    """One measurement that a person drew. Repeats of a measure are several of these.

    Attributes:
        uid: Tells it from every other; 32 hex digits.
        shape: HC and AC are ellipses (their circumference), all others lines.
        bpd_definition: Between which edges a BPD was drawn; None for other measures.
        fetus: One of `FETUSES`, or empty in a single pregnancy.
        begun_by_model: The person began with what the model proposed, and moved it: no value independent of the model.
    """

    uid: str
    measure: Measure
    frame_index: int
    shape: Line | Ellipse
    act: Act
    bpd_definition: BpdDefinition | None = None
    fetus: str = ""
    begun_by_model: bool = False


class Enters(StrEnum):
    """Whose value of a measure enters the report."""

    MODEL = "model"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a cine that a person marked; both ends belong to it."""

    name: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class ClipNotes:
    """What a person did with one clip. Belongs to the clip's content (`Clip.key`), wherever the file lies.

    Attributes:
        rulers: Lines of known length by which a scale was stated, in the order stated.
        fetus: Whose scan it is: one of `FETUSES`, or empty.
        named: Frame -> the view that the person says it shows, in place of the model's.
        best: View -> the frame that the person chose as the best.
        parts: Parts that were kept.
        measured: By hand, in the order drawn.
        enters: Measure -> whose value enters the report; where it is not named, the person's if there is one.
    """

    rulers: tuple[Ruler, ...] = ()
    fetus: str = ""
    named: Mapping[int, str] = field(default_factory=dict)
    best: Mapping[str, int] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    measured: tuple[HandMeasurement, ...] = ()
    enters: Mapping[Measure, Enters] = field(default_factory=dict)

    def of(self, measure: Measure) -> tuple[HandMeasurement, ...]:
        """Return the repeats of one measure."""
        return tuple(one for one in self.measured if one.measure is measure)

    def entering(self, measure: Measure) -> Enters:
        """Return whose value of a measure enters the report."""
        return self.enters.get(measure, Enters.PERSON if self.of(measure) else Enters.MODEL)

    def of_fetus(self, fetus: str) -> ClipNotes:
        """Return these notes with everything drawn taken as this fetus's: a clip is of one, and may be given anew."""
        return replace(self, measured=tuple(replace(one, fetus=fetus) for one in self.measured))

    def with_best(self, view_key: str, frame_index: int | None) -> ClipNotes:
        """Return these notes with another best frame of a view; None takes the choice back."""
        others = {key: index for key, index in self.best.items() if key != view_key}
        return replace(self, best=others if frame_index is None else {**others, view_key: frame_index})

    def with_measured(self, one: HandMeasurement) -> ClipNotes:
        """Return these notes with a measurement added, or put in the place of the one that bears its name.

        Where that was the last of another measure, the choice of it goes.
        """
        if all(known.uid != one.uid for known in self.measured):
            return replace(self, measured=(*self.measured, one))
        return self._left(tuple(one if known.uid == one.uid else known for known in self.measured))

    def without_measured(self, uid: str) -> ClipNotes:
        """Return these notes without a measurement; with the last of a measure goes the choice of it."""
        return self._left(tuple(one for one in self.measured if one.uid != uid))

    def _left(self, measured: tuple[HandMeasurement, ...]) -> ClipNotes:
        """Return these notes with other measurements, and no choice of a person's value where there is none."""
        left = {one.measure for one in measured}
        enters = {key: whose for key, whose in self.enters.items() if whose is Enters.MODEL or key in left}
        return replace(self, measured=measured, enters=enters)

    def with_fetus(self, fetus: str) -> ClipNotes:
        """Return these notes with the clip, and all that was measured of it, given to a fetus; empty is to nobody."""
        return replace(self.of_fetus(fetus), fetus=fetus)

    def with_enters(self, measures: Iterable[Measure], whose: Enters) -> ClipNotes:
        """Return these notes with another choice of whose value of some measures enters the report."""
        return replace(self, enters={**self.enters, **dict.fromkeys(measures, whose)})


class ItemState(StrEnum):
    """What a person says of an item of the checklist."""

    SEEN = "seen"
    DOUBTFUL = "doubtful"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class ItemMark:
    """A person's word on an item of the checklist, in place of what the model found."""

    state: ItemState
    act: Act
    remark: str = ""


@dataclass(frozen=True, slots=True)
class StudyNotes:
    """What a person entered for a study as a whole.

    Attributes:
        dating: The only age that centiles are read at.
        exam_day: When the exam was, by a person's word; asked for only where the files do not say.
        fetuses: The first of `FETUSES` of a multiple pregnancy; empty for a single one.
        checklist: Item -> the person's word on it.
        view_sets: Task key -> name and SHA-256 of the view set that was chosen for it.
        signed: Who signed what the report says of the study; None where nobody did, or who did withdrew it.
    """

    dating: Dating | None = None
    exam_day: date | None = None
    fetuses: tuple[str, ...] = ()
    checklist: Mapping[str, ItemMark] = field(default_factory=dict)
    view_sets: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    signed: SignOff | None = None

    def fetus_of(self, clip: ClipNotes) -> str | None:
        """Return whose scan a clip is: empty in a single pregnancy, None in a multiple one where nobody said."""
        if not self.fetuses:
            return ""
        return clip.fetus if clip.fetus in self.fetuses else None


def study_key(group: Group) -> str:
    """Return the name under which a study's notes are kept: the same whatever else is open.

    The folder that the files lie in where they name nothing; else the study's own identifier and a digest of the
    patient that its files name: two patients whose files bear one identifier share no dating. No patient's name or
    identifier can be read from it.
    """
    if group.folder is not None:
        return f"folder {group.folder}"
    uid, who = group.origin.study_uid, group.named
    stated = who.patient_id, who.name, who.is_simulated, group.key[-1]
    digest = hashlib.sha256(repr(stated).encode("utf-8", errors="backslashreplace")).hexdigest()[:16]
    return f"study {uid} {digest}" if uid else f"listed {digest}"

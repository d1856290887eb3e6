"""Where each number of a report comes from: picture, scale, shape, rule, model, and what a person changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.biometry import BpdDefinition
from fetalclip_app.domain.notes import Line
from fetalclip_app.domain.overlay import Ellipse


class Kind(StrEnum):
    """What sort of number."""

    SHARE = "share"
    """A probability, 0 to 1."""

    LENGTH = "length"
    AREA = "area"
    AGE = "age"
    CENTILE = "centile"
    Z_SCORE = "z_score"
    WEIGHT = "weight"
    DIFFERENCE = "difference"
    """Of two ages."""


UNITS = {
    Kind.SHARE: "1",
    Kind.LENGTH: "mm",
    Kind.AREA: "mm2",
    Kind.AGE: "d",
    Kind.CENTILE: "%",
    Kind.Z_SCORE: "1",
    Kind.WEIGHT: "g",
    Kind.DIFFERENCE: "d",
}
"""As UCUM writes them."""


class By(StrEnum):
    """Who or what says a number; lengths as `domain.values.Source` names them."""

    PERSON = "person"
    OUTLINE = "outline"
    LANDMARKS = "landmarks"
    MASK = "mask"
    PROMPTS = "prompts"
    PROBE = "probe"
    LABEL = "label"
    FORMULA = "formula"
    CHART = "chart"
    DATING = "dating"


BY_MODEL = frozenset({By.OUTLINE, By.LANDMARKS, By.MASK, By.PROMPTS, By.PROBE, By.LABEL})


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture that a number was read from.

    Attributes:
        clip_key: `domain.clip.Clip.key`.
        sha256: Of the source file's content; the clip's key where no more is known.
        file: The file's name, without its folder.
        frame_index: From 0; None where the number is about the whole clip.
        sop_instance_uid: Empty where the file is no DICOM object.
        frame_number: The same frame as DICOM counts, from 1; None where there is no frame, or no DICOM object.
        region_index: Place of the region, among the clip's, whose scale was used; None where none was.
        row_mm, column_mm: That scale: size of a pixel.
    """

    clip_key: str
    sha256: str
    file: str
    frame_index: int | None = None
    sop_instance_uid: str = ""
    frame_number: int | None = None
    region_index: int | None = None
    row_mm: float | None = None
    column_mm: float | None = None


@dataclass(frozen=True, slots=True)
class MaskDigest:
    """A mask by its digest: SHA-256 of height, width and bits, row by row."""

    sha256: str

    @classmethod
    def of(cls, mask: NDArray[np.bool_]) -> MaskDigest:
        """Return the digest of a mask (H, W)."""
        height, width = mask.shape
        digest = hashlib.sha256(f"{height}x{width} ".encode())
        digest.update(np.packbits(mask).tobytes())
        return cls(digest.hexdigest())


@dataclass(frozen=True, slots=True)
class Equation:
    """The rule that made a number of its inputs.

    Attributes:
        key: Name in outputs, such as ``hadlock_1984_hc``.
        citation: Where it was published; empty for what needs no source, such as a mean.
    """

    key: str
    citation: str = ""


Named = tuple[str, str]
"""Name and SHA-256 of a file."""


@dataclass(frozen=True, slots=True)
class MadeBy:
    """The model that a number came out of, and all that it depended on besides the clip.

    Attributes:
        prompts, head, probe: Name and SHA-256, where such a thing took part.
        preprocessing: Fingerprint of all that changes the network's input.
    """

    model_key: str
    model_title: str
    model_sha256: str
    preprocessing: str
    app_version: str
    device: str
    prompts: Named | None = None
    head: Named | None = None
    probe: Named | None = None


class Did(StrEnum):
    """What a person did to a number."""

    DRAWN = "drawn"
    CHANGED = "changed"
    REMOVED = "removed"
    ENTERED = "entered"
    """Let the value after stand in the report in place of the one before."""

    DATED = "dated"
    SCALED = "scaled"
    """Stated another scale of its picture."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One thing that a person did to a number.

    Attributes:
        before, after: The number, in the trace's unit; None where there was or is none.
        who: As the person is named in the settings; may be empty.
        when: ISO 8601, with the offset from UTC; empty where it was not noted.
    """

    did: Did
    before: float | None
    after: float | None
    who: str
    when: str


@dataclass(frozen=True, slots=True)
class Trace:
    """One number and everything that it came from.

    Attributes:
        id: Tells it from every other of its report, and is the same whenever the report is made anew: of a clip
            ``<clip key>.hc.outline``, of a study ``B.hc.person``, ``A.efw.who``; without a fetus's letter in a single
            pregnancy.
        clip: Key of the clip that it is of; empty for a number of a study.
        of: What it is of: a measure, a view, a structure, a label, an age's formula.
        unit: `UNITS`.
        fetus: One of `FETUSES`; empty in a single pregnancy, None in a multiple one where nobody said.
        definition: Of a BPD.
        shape: Of a person's or the model's: line, ellipse or mask, in frame pixels; none where several pictures, or
            other numbers, made it.
        made_by: None where no model took part.
        inputs: Ids of the numbers that it was computed from.
    """

    id: str
    kind: Kind
    of: str
    value: float
    by: By
    clip: str = ""
    fetus: str | None = ""
    definition: BpdDefinition | None = None
    pictures: tuple[Picture, ...] = ()
    shape: Line | Ellipse | MaskDigest | None = None
    equation: Equation | None = None
    made_by: MadeBy | None = None
    edits: tuple[Edit, ...] = ()
    inputs: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """The value's unit, as UCUM writes it."""
        return UNITS[self.kind]

    @property
    def own_edits(self) -> tuple[Edit, ...]:
        """What was done to the number itself, and not to the scale of its picture."""
        return tuple(edit for edit in self.edits if edit.did is not Did.SCALED)

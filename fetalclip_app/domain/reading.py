"""What one reading of a clip says, and what it depended on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.age import AgeEstimate
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.calibration import Box, Calibration
from fetalclip_app.domain.clip_labels import ClipLabels
from fetalclip_app.domain.landmarks import LineError
from fetalclip_app.domain.overlay import Ellipse, Heatmap, Segmentation
from fetalclip_app.domain.pooled import WholeClip
from fetalclip_app.domain.probes import ProbeFacts
from fetalclip_app.domain.quality import ClipQuality
from fetalclip_app.domain.sight import Sight
from fetalclip_app.domain.structures import Structures
from fetalclip_app.domain.views import ViewPrediction


@dataclass(frozen=True, slots=True)
class HeadSize:
    """Lengths of the ellipse along the outer edge of the skull, as HC18's annotators drew it.

    Attributes:
        hc_mm: Its circumference.
        bpd_mm: Its minor axis: outer to outer, which is about a skull's thickness more than outer to inner.
        ofd_mm: Its major axis: outer to outer.
    """

    hc_mm: float
    bpd_mm: float
    ofd_mm: float


# eq=False: holds an array.
@dataclass(frozen=True, eq=False, slots=True)
class HeadMeasurement:
    """The head's outline, and its size where the picture has a scale.

    Attributes:
        fit: Overlap (intersection over union) of mask and ellipse, 0 to 1.
    """

    outline: Segmentation
    ellipse: Ellipse
    fit: float
    size: HeadSize | Abstention


@dataclass(frozen=True, slots=True)
class Measurement:
    """One length that a landmark head gives, or why it gives none.

    Attributes:
        name: A line of `domain.landmarks.LINES`, or ``ac``.
        structure: The plane's structure: a key of `domain.landmarks.LINES`.
        size_mm: The length; ``ac`` is computed from the two diameters.
        ends: Both ends as (x, y) in frame pixels; none for ``ac``, and where the ends are not clear.
        spread: Standard deviation of the worse end's heatmap as a share of the line: small where the head is sure.
        spread_limit: Beyond it nothing is measured.
        frame_index: The frame that it was read from.
        licence: Of the head's own file.
        error: Of the head's lengths of this line; None where it was not measured.
    """

    name: str
    structure: str
    size_mm: float | Abstention
    ends: tuple[tuple[float, float], ...]
    spread: float
    spread_limit: float
    frame_index: int
    licence: str
    error: LineError | None = None


@dataclass(frozen=True, slots=True)
class LineMeasurements:
    """Every length that a landmark head was asked for in a clip."""

    measurements: tuple[Measurement, ...]

    def on_frame(self, index: int) -> tuple[Measurement, ...]:
        """Return those with ends to draw on a frame."""
        return tuple(one for one in self.measurements if one.frame_index == index and one.ends)


Answer = (
    ViewPrediction
    | AgeEstimate
    | HeadMeasurement
    | LineMeasurements
    | WholeClip
    | Structures
    | ClipLabels
    | Heatmap
    | Abstention
)
"""Everything that a task can say: a closed union."""


@dataclass(frozen=True, eq=False, slots=True)
class Finding:
    """One task's answer.

    Attributes:
        frame_index: The frame that it was read from; None where it is about the whole clip.
    """

    task_key: str
    answer: Answer
    frame_index: int | None = None


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which weights answered.

    Attributes:
        sha256: Of the weight file.
        verified: The hash is one that the catalogue knows.
        licence: SPDX identifier or name.
        trained_views: Classes that training showed it; empty where that is not known.
    """

    key: str
    title: str
    sha256: str
    verified: bool
    licence: str
    trained_views: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Provenance:
    """Everything that a reading depended on besides the clip.

    Attributes:
        view_sets: Task key -> (name, SHA-256) of the prompts that answered it.
        heads: Task key -> (name, SHA-256) of the head's own weights; none where the model has no head.
        head_licences: Task key -> licence of the head's own file, where it has one of its own.
        device: Where the network ran, such as ``cpu fp32``.
        notices: What the user must know, such as a fall-back from GPU to CPU.
        probes: The probes that named views in place of prompts.
    """

    app_version: str
    model: ModelIdentity
    preprocessing: str
    view_sets: dict[str, tuple[str, str]]
    device: str
    notices: tuple[str, ...] = ()
    heads: dict[str, tuple[str, str]] = field(default_factory=dict)
    head_licences: dict[str, str] = field(default_factory=dict)
    probes: tuple[ProbeFacts, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class HeldBack:
    """What a person does not want to see before she has measured (`domain.veil`).

    Attributes:
        measures: Of which nothing is told.
        reading: As the model gave it. Whoever looks into it must tell nothing of these measures.
    """

    measures: frozenset[Measure]
    reading: ClipReading


@dataclass(frozen=True, eq=False, slots=True)
class ClipReading:
    """All findings about one clip.

    Attributes:
        clip_key: Key of the clip that was read.
        crop: The part of the frames that the network saw.
        calibration: The scale that was used; the clip's own at the time of reading.
        embeddings: float32, (frames, D): one unit row for each frame, in the frames' order. Rows of different
            readings may be compared where their provenance names the same model and preprocessing.
        quality: Of each frame, beside the others of this clip.
        held: Where findings are held back: which, and the whole reading.
    """

    clip_key: str
    frame_count: int
    crop: Box
    calibration: Calibration | None
    findings: tuple[Finding, ...]
    provenance: Provenance
    embeddings: NDArray[np.float32]
    quality: ClipQuality
    held: HeldBack | None = None

    @property
    def sight(self) -> Sight | None:
        """What is known of each frame; None where no task named views."""
        views = self.answer("views", ViewPrediction)
        return Sight(views, self.quality) if isinstance(views, ViewPrediction) else None

    def probe(self, task_key: str) -> ProbeFacts | None:
        """Return the probe that answered a task, or None."""
        return next((probe for probe in self.provenance.probes if probe.task == task_key), None)

    def finding(self, task_key: str) -> Finding | None:
        """Return the task's finding, or None where it was not asked."""
        return next((finding for finding in self.findings if finding.task_key == task_key), None)

    def answer(self, task_key: str, kind: type[Any]) -> Any:
        """Return the task's answer where it is of ``kind``, else None."""
        finding = self.finding(task_key)
        return finding.answer if finding is not None and isinstance(finding.answer, kind) else None

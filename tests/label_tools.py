"""Clip labels whose answers a test can foresee, and readings that hold them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from fakes import make_clip, make_reading
from numpy.typing import NDArray

from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.clip_labels import ClipLabel, ClipLabelFacts, ClipLabels, EncodePictures, Pooling
from fetalclip_app.domain.reading import Answer, ClipReading, Finding

LICENCE = "CC-BY-4.0"

FACTS = ClipLabelFacts(
    name="compact_clip_chd",
    sha256="be" * 32,
    licence=LICENCE,
    label="CHD",
    meaning="the clip's patient was listed with a heart defect",
    frames=4,
    pooling=Pooling.CONCATENATED,
    view="brain",
    clips=60,
    patients=45,
    positive=20,
    auroc=0.81,
    low=0.70,
    high=0.90,
    generated=False,
    unlike_limit=2.0,
)


@dataclass
class FakeLabeller:
    """Says the same of every clip, and keeps the rows that it was asked about."""

    share: float = 0.73
    strange: float = 1.0
    facts: ClipLabelFacts = FACTS
    asked: NDArray[np.float32] | None = None
    encode: EncodePictures | None = None

    def probability(self, rows: NDArray[np.float32]) -> float:
        self.asked = rows
        return self.share

    def strangeness(self, rows: NDArray[np.float32]) -> float:
        return self.strange


def some_labels(share: Any = 0.73, frame_index: int | None = None, **changes: Any) -> ClipLabels:
    """Return one label."""
    return ClipLabels((ClipLabel(replace(FACTS, **changes), share, frame_index),))


def with_labels(clip: Clip | None = None, answer: Answer | None = None, **reading: Any) -> ClipReading:
    """Return a reading of a model that has a head for a label."""
    clip = clip or make_clip(6)
    made = make_reading(clip, **reading)
    provenance = replace(
        made.provenance,
        heads={**made.provenance.heads, "clip_label CHD": (FACTS.name, FACTS.sha256)},
        head_licences={**made.provenance.head_licences, "clip_label CHD": LICENCE},
    )
    finding = Finding("clip_labels", answer or some_labels())
    return replace(made, findings=(*made.findings, finding), provenance=provenance)

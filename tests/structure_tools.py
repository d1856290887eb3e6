"""A mask head whose masks a test can foresee, and readings that hold structures."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from fakes import head_ellipse, make_clip, make_reading
from numpy.typing import NDArray

from fetalclip_app.biometry.ellipse import filled_ellipse
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.overlay import Ellipse, Segmentation
from fetalclip_app.domain.reading import Answer, ClipReading, Finding
from fetalclip_app.domain.structures import Area, MaskFacts, Structure, Structures
from fetalclip_app.tasks.structures import outline_of

LICENCE = "CC-BY-4.0"

FACTS = MaskFacts(
    name="masks",
    sha256="ad" * 32,
    licence=LICENCE,
    structures=("skull", "csp", "lateral_ventricle"),
    boxes=frozenset({"csp", "lateral_ventricle"}),
    dice={"skull": 0.97, "csp": 0.71},
    pictures={"skull": 42, "csp": 30},
)


def patch(top: int, left: int, height: int = 20, width: int = 30) -> NDArray[np.float32]:
    """Return a sure rectangle in network pixels."""
    values = np.zeros((224, 224), np.float32)
    values[top : top + height, left : left + width] = 1.0
    return values


def round_skull() -> NDArray[np.float32]:
    """Return a sure head in network pixels."""
    return filled_ellipse(Ellipse(112, 112, 70, 55, 0), 224, 224).astype(np.float32)


@dataclass
class FakeSegmenter:
    """Draws the same masks in every picture; frame after frame takes the next of its strengths."""

    masks: list[Any] = field(default_factory=lambda: [round_skull(), patch(100, 90), patch(120, 120)])
    strengths: tuple[float, ...] = (1.0,)
    facts: MaskFacts = FACTS

    def segment(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        strength = np.resize(np.array(self.strengths, np.float32), len(batch))
        return np.stack(self.masks)[None] * strength[:, None, None, None]


def some_structures(clip: Clip, frame_index: int = 0, *, mm2: bool = True) -> Structures:
    """Return a skull and a cavum on the generated head, and a ventricle that is not clear."""
    head = head_ellipse(clip.height, clip.width)
    skull = filled_ellipse(head, clip.height, clip.width)
    cavum = filled_ellipse(Ellipse(head.cx + 0.4 * head.a, head.cy, 6.0, 3.0, 0.0), clip.height, clip.width)
    doubt = Abstention(Reason.AMBIGUOUS, "structure", {"clearness": 0.21, "clearness_limit": 0.5})
    shown = [
        Structure(name, Segmentation(name, mask), _area(mask, mm2), 0.93, 0.5, frame_index, outline_of(mask))
        for name, mask in (("skull", skull), ("csp", cavum))
    ]
    return Structures((*shown, Structure("lateral_ventricle", doubt, None, 0.21, 0.5, frame_index)), FACTS)


def _area(mask: NDArray[np.bool_], mm2: bool) -> Area:
    return Area(int(mask.sum()), 0.25 * int(mask.sum()) if mm2 else None)


def with_structures(clip: Clip | None = None, answer: Answer | None = None, **reading: Any) -> ClipReading:
    """Return a reading of a model that has masks of several structures."""
    clip = clip or make_clip(frames=1)
    made = make_reading(clip, **reading)
    finding = Finding("structures", answer or some_structures(clip), 0)
    provenance = replace(
        made.provenance,
        heads={**made.provenance.heads, "structures": (FACTS.name, FACTS.sha256)},
        head_licences={**made.provenance.head_licences, "structures": LICENCE},
    )
    return replace(made, findings=(*made.findings, finding), provenance=provenance)

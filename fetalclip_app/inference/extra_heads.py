"""Heads that a model may have besides outline, lengths and probes. One that cannot be used costs no other answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fetalclip_app.domain.clip_labels import ClipLabeller
from fetalclip_app.domain.structures import Segmenter
from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.inference.head_places import HeadPlaces
from fetalclip_app.tasks.keys import CLIP_LABELS, STRUCTURES

if TYPE_CHECKING:
    from fetalclip_app.model.encoder import TorchBackbone


@dataclass(frozen=True, slots=True)
class Extras:
    """What a folder holds for one set of weights.

    Attributes:
        troubles: Why other files there cannot be used: each is to be told.
    """

    segmenter: Segmenter | None = None
    labellers: tuple[ClipLabeller, ...] = ()
    troubles: tuple[ModelUnavailable, ...] = ()

    @property
    def tasks(self) -> frozenset[str]:
        """Keys of the tasks that these heads answer."""
        found = {STRUCTURES: self.segmenter is not None, CLIP_LABELS: bool(self.labellers)}
        return frozenset(key for key, is_there in found.items() if is_there)


def find(places: HeadPlaces, backbone: TorchBackbone, spec: PreprocessSpec, width: int) -> Extras:
    """Return the extra heads in these places that were trained on these very weights.

    Of two heads of one label the first by place and name answers, and the second is a trouble.

    Args:
        width: Length of the unit rows that tasks are given.
    """
    from fetalclip_app.model import clip_labels, heads  # noqa: PLC0415 -- torch takes seconds to import

    segmenter, unread = places.first_usable(lambda folder: heads.find_structures(folder, backbone, spec))
    troubles = list(unread)
    labellers: dict[str, ClipLabeller] = {}
    for path in places.below():
        found = clip_labels.of_files((path,), backbone.identity.sha256, spec, width, backbone)
        seconds = [second for head in found.heads if (second := _second(head, labellers)) is not None]
        troubles += [*found.troubles, *seconds]
    return Extras(segmenter, tuple(labellers.values()), tuple(troubles))


def _second(head: ClipLabeller, labellers: dict[str, ClipLabeller]) -> ModelUnavailable | None:
    """Add a head to those found, or return why not: its label has another one. A copy is left out in silence."""
    told = head.facts
    first = labellers.setdefault(told.label, head).facts
    if replace(first, name=told.name) == told:
        return None
    return ModelUnavailable(ErrorCode.LABEL_SECOND, name=told.name, label=told.label, first=first.name)

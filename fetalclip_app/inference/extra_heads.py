"""Heads that a model may have besides outline, lengths and probes. One that cannot be used costs no other answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fetalclip_app.domain.structures import Segmenter
from fetalclip_app.errors import ModelUnavailable
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.tasks.keys import STRUCTURES

if TYPE_CHECKING:
    from fetalclip_app.model.encoder import TorchBackbone


@dataclass(frozen=True, slots=True)
class Extras:
    """What a folder holds for one set of weights.

    Attributes:
        troubles: Why other files there cannot be used: each is to be told.
    """

    segmenter: Segmenter | None = None
    troubles: tuple[ModelUnavailable, ...] = ()

    @property
    def tasks(self) -> frozenset[str]:
        """Keys of the tasks that these heads answer."""
        return frozenset() if self.segmenter is None else frozenset({STRUCTURES})


def find(folder: Path, backbone: TorchBackbone, spec: PreprocessSpec) -> Extras:
    """Return the extra heads in ``folder`` that were trained on these very weights."""
    from fetalclip_app.model import heads  # noqa: PLC0415 -- torch takes seconds to import

    try:
        return Extras(segmenter=heads.find_structures(folder, backbone, spec))
    except ModelUnavailable as error:
        return Extras(troubles=(error,))

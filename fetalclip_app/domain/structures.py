"""Structures that a mask head draws, and who draws them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.overlay import Segmentation

SKULL = "skull"
"""The head to the outer edge of its skull: the structure that others lie in."""


@dataclass(frozen=True, slots=True)
class MaskFacts:
    """What is told of a mask head.

    Attributes:
        sha256: Of the head's own weights.
        structures: In the order of its masks.
        boxes: Structures that its annotators marked as rotated boxes, not contours.
        dice: Structure -> mean Dice of validation pictures, as its JSON states it; none where it states none.
        pictures: Structure -> on how many of them.
    """

    name: str
    sha256: str
    licence: str
    structures: tuple[str, ...]
    boxes: frozenset[str] = frozenset()
    dice: dict[str, float] = field(default_factory=dict)
    pictures: dict[str, int] = field(default_factory=dict)


class Segmenter(Protocol):
    """A mask head: which pixels belong to each of several structures."""

    @property
    def facts(self) -> MaskFacts:
        """What is told of it."""
        ...

    def segment(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return probabilities, float32, (N, structures, S, S), in network pixels.

        Args:
            batch: float32, (N, 3, S, S), as `prepare` returns them.
        """
        ...


@dataclass(frozen=True, slots=True)
class Area:
    """How large a mask is.

    Attributes:
        mm2: None where no one scale holds for the picture.
    """

    px: int
    mm2: float | None = None


# eq=False: holds an array.
@dataclass(frozen=True, eq=False, slots=True)
class Structure:
    """One structure on the frame that shows it most clearly, or why it is not given.

    Attributes:
        found: Its mask, one connected part.
        area: Of the mask; None where there is none.
        clearness: 0 to 1: of the head, how well an ellipse fits its mask; of others, how little the mask depends on
            the threshold.
        clearness_limit: Below it nothing is given.
        outline: int32, (points, 2): the mask's outermost pixels in order as (x, y), in frame pixels; none without one.
    """

    name: str
    found: Segmentation | Abstention
    area: Area | None
    clearness: float
    clearness_limit: float
    frame_index: int
    outline: NDArray[np.int32] = field(default_factory=lambda: np.empty((0, 2), np.int32))


@dataclass(frozen=True, eq=False, slots=True)
class Structures:
    """Every structure that a mask head was asked for in a clip."""

    structures: tuple[Structure, ...]
    head: MaskFacts

    def on_frame(self, index: int) -> tuple[Structure, ...]:
        """Return those with a mask to draw on a frame."""
        return tuple(one for one in self.structures if one.frame_index == index and isinstance(one.found, Segmentation))

    def masks_on(self, index: int) -> tuple[Segmentation, ...]:
        """Return the masks to draw on a frame."""
        return tuple(one.found for one in self.on_frame(index) if isinstance(one.found, Segmentation))


def name_place(mask: Segmentation) -> tuple[float, float, bool]:
    """Return where a mask's name stands, (x, y) in frame pixels, and whether above that point or to its right.

    The head's stands above it, where no length of its ellipse stands.
    """
    rows, columns = np.nonzero(mask.mask)
    if not len(rows):
        return 0.0, 0.0, False
    if mask.structure == SKULL:
        return float(columns[rows == rows.min()].mean()), float(rows.min()), True
    return float(columns.max()), float(rows[columns == columns.max()].mean()), False

"""Lines that are measured between two end points, and who finds those."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

HEAD_LINES, ABDOMEN_LINES, FEMUR_LINES = "head", "abdomen", "femur"
"""Structures whose lines a landmark head finds."""

LINES: dict[str, tuple[str, ...]] = {
    HEAD_LINES: ("bpd", "ofd"),
    ABDOMEN_LINES: ("tad", "apad"),
    FEMUR_LINES: ("fl",),
}
"""Structure -> its lines: biparietal and occipitofrontal, transverse and antero-posterior, femur length."""

CROSSED = frozenset({HEAD_LINES, ABDOMEN_LINES})
"""Structures whose two lines are diameters that cross."""

PLAUSIBLE_MM: dict[str, tuple[float, float]] = {
    "bpd": (15.0, 110.0),
    "ofd": (20.0, 140.0),
    "tad": (13.0, 130.0),
    "apad": (13.0, 130.0),
    "ac": (40.0, 400.0),
    "fl": (8.0, 85.0),
}
"""Lengths outside are no fetus of 14 to 40 weeks: half the WHO 2.5 % quantile to 1.1 times the 97.5 %, rounded."""


@dataclass(frozen=True, eq=False, slots=True)
class LineEnds:
    """End points of a structure's lines in some pictures.

    Attributes:
        points: float32, (N, lines, 2, 2): both ends of each line as (x, y), in network pixels, in no order.
        spread: float32, (N, lines): standard deviation of the worse end's heatmap as a share of the line's length.
    """

    points: NDArray[np.float32]
    spread: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LineError:
    """How far a head's lengths of one line lay from the marked ones, on validation patients.

    Attributes:
        error_mm: Mean of the absolute differences.
        bias_mm: Mean of found minus marked: below zero the head measures short.
        pictures: That this was measured on.
    """

    error_mm: float
    bias_mm: float
    pictures: int


class Landmarker(Protocol):
    """A landmark head: where the lines of a structure end."""

    @property
    def identity(self) -> tuple[str, str]:
        """Name and SHA-256 of the head's own weights."""
        ...

    @property
    def licence(self) -> str:
        """Of the head's own file."""
        ...

    def spread_limit(self, structure: str) -> float:
        """Return the spread beyond which a line is not given, as fitted on validation patients."""
        ...

    def error(self, name: str) -> LineError | None:
        """Return how far a line's lengths were off, None where that was not measured; ``ac`` is a line too."""
        ...

    def find(self, batch: NDArray[np.float32], structure: str) -> LineEnds:
        """Return the ends of the structure's lines.

        Args:
            batch: float32, (N, 3, S, S), as `prepare` returns them.
            structure: A key of `LINES`.
        """
        ...

"""The undamaged files that every damage starts from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    """What a file is: each family has damages of its own."""

    DICOM = "DICOM"
    PICTURE = "picture"
    VIDEO = "video"
    ZIP = "ZIP"
    DISC = "DICOMDIR"


# eq=False: holds whole files.
@dataclass(frozen=True, eq=False, slots=True)
class Seed:
    """One undamaged file, or a folder of which the first file gets the damage.

    Attributes:
        files: Name within the folder, and content.
        height, width: Pixels; they place the probes.
        secrets: Texts that name a patient and must appear in no log line.
    """

    name: str
    family: Family
    files: tuple[tuple[str, bytes], ...]
    height: int
    width: int
    secrets: tuple[str, ...] = ()

    @property
    def content(self) -> bytes:
        """The bytes of the file that is damaged."""
        return self.files[0][1]


Probe = tuple[float, float, float, float]
"""x and y of one point, x and y of the other, in pixels."""


def probes(seed: Seed) -> tuple[Probe, ...]:
    """Return pairs of pixels all over the undamaged picture: short ones on a grid, and three across it."""
    return tuple(_probes(seed.height, seed.width))


def _probes(height: int, width: int) -> Iterator[Probe]:
    reach_x, reach_y = max(width // 24, 1), max(height // 24, 1)
    for row in range(1, 10, 2):
        for column in range(1, 10, 2):
            x, y = width * column // 10, height * row // 10
            yield x, y, x + reach_x, y
            yield x, y, x, y + reach_y
            yield x, y, x + reach_x, y + reach_y
    yield width // 8, height // 4, width * 7 // 8, height // 4
    yield width // 4, height // 8, width // 4, height * 7 // 8
    yield width // 8, height // 8, width * 3 // 8, height * 3 // 8


Rectangle = tuple[int, int, int, int]
"""Left, top, right, bottom, in pixels; the last two lie outside."""


def rectangles(seed: Seed) -> tuple[Rectangle, ...]:
    """Return parts of the undamaged picture as a reading crops them: the whole, halves, a quarter, the middle."""
    height, width = seed.height, seed.width
    return (
        (0, 0, width, height),
        (0, 0, width // 2, height * 3 // 4),
        (width // 2, 0, width, height * 3 // 4),
        (0, height // 2, width // 2, height),
        (width // 3, height // 3, width * 2 // 3, height * 2 // 3),
    )

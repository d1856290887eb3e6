"""A number and a seed of chance -> one damaged file, the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.fuzz import archives, blind, bombs, dicom_fragments, dicom_shape, dicom_values, media, streams
from bench.fuzz.edits import Damage
from bench.fuzz.seeds import Family, Seed

DAMAGES: tuple[Damage, ...] = (
    *blind.DAMAGES,
    *dicom_shape.DAMAGES,
    *dicom_values.DAMAGES,
    *dicom_fragments.DAMAGES,
    *streams.DAMAGES,
    *bombs.DAMAGES,
    *media.DAMAGES,
    *archives.DAMAGES,
)

_TURNS = 4


# eq=False: holds whole files.
@dataclass(frozen=True, eq=False, slots=True)
class Made:
    """One damaged file.

    Attributes:
        touched: What the damage says it touched.
        content: The damaged bytes.
    """

    number: int
    seed: Seed
    damage: str
    touched: str
    content: bytes

    def write(self, folder: Path) -> Path:
        """Write the file, and what lies beside it, into an empty folder; return what is to be opened."""
        for name, content in ((self.seed.files[0][0], self.content), *self.seed.files[1:]):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder / self.seed.files[0][0]


@dataclass(frozen=True, eq=False, slots=True)
class Cookbook:
    """Which file each number means.

    All pairs of seed and damage that suit each other come once (those of the few containers `_TURNS` times), in an
    order that chance decides, before any comes again with other details.
    """

    seeds: tuple[Seed, ...]
    pairs: tuple[tuple[int, int], ...]
    chance: int

    @classmethod
    def of(cls, seeds: Sequence[Seed], chance: int) -> Cookbook:
        """Pair the seeds with their damages."""
        pairs = [
            (place, which)
            for place, seed in enumerate(seeds)
            for which, damage in enumerate(DAMAGES)
            if seed.family in damage.families and damage.suits(seed)
            for _ in range(_TURNS if seed.family in (Family.ZIP, Family.DISC) else 1)
        ]
        Random(f"{chance} pairs").shuffle(pairs)
        return cls(tuple(seeds), tuple(pairs), chance)

    def made(self, number: int) -> Made:
        """Return the file that ``number`` means."""
        place, which = self.pairs[number % len(self.pairs)]
        seed, damage = self.seeds[place], DAMAGES[which]
        content, touched = damage.change(seed, Random(f"{self.chance} {number}"))
        return Made(number, seed, damage.name, touched, content)

"""Pictures that are almost the same on two sides of a split: found by a perceptual hash."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fetalclip_app.imaging.fan import find_fan
from fetalclip_app.imaging.preprocess import letterboxed, scaled
from training.manifest import UNUSED, Sample

SIDE = 32
"""Pixels of the letterboxed picture that is hashed."""

KEPT = 8
"""Rows and columns of the cosine transform that are kept: its lowest frequencies."""

BITS = KEPT * KEPT - 1
"""Of a hash: the mean brightness, the first coefficient, says nothing."""

MOST_BITS = 6
"""Largest distance of a pair that is reported: chosen, see ``docs/training.md`` for what it catches."""

LEAST_ALIKE = 0.90
"""Smallest correlation of a pair that is reported: chosen likewise."""

_BLOCK = 512


@dataclass(frozen=True, eq=False, slots=True)
class Print:
    """A picture's fingerprint.

    Attributes:
        bits: bool, (BITS,).
        small: float32, (SIDE * SIDE,): the hashed picture, mean 0 and length 1; all 0 for one without contrast.
    """

    sample: Sample
    bits: NDArray[np.bool_]
    small: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures that are almost the same.

    Attributes:
        bits: Distance of their hashes.
        alike: Correlation of the small pictures.
    """

    first: Sample
    second: Sample
    bits: int
    alike: float


def print_of(sample: Sample, pixels: NDArray[np.uint8]) -> Print:
    """Return the fingerprint of a picture as the network would see it: the app's crop, padding and resampling."""
    square = scaled(letterboxed(pixels, find_fan(pixels)), SIDE).max(axis=2).astype(np.float32)
    low = cv2.dct(square)[:KEPT, :KEPT].ravel()[1:]
    flat = (square - square.mean()).ravel()
    length = float(np.linalg.norm(flat))
    return Print(sample, low > np.median(low), (flat / length if length else flat).astype(np.float32))


def across_splits(first: Sample, second: Sample) -> bool:
    """Whether two pictures are on different sides of a split; what nobody uses is on none."""
    return first.split != second.split and UNUSED not in (first.split, second.split)


def across_groups(first: Sample, second: Sample) -> bool:
    """Whether two pictures are of different patients."""
    return first.group != second.group


def near_duplicates(
    prints: Sequence[Print],
    counts: Callable[[Sample, Sample], bool] = across_splits,
    *,
    most_bits: int = MOST_BITS,
    least_alike: float = LEAST_ALIKE,
) -> list[Pair]:
    """Return the pairs that are near in both senses, the nearest first.

    Args:
        prints: Of all pictures.
        counts: Which pairs are looked for.
        most_bits: Largest distance of the hashes.
        least_alike: Smallest correlation.
    """
    if not prints:
        return []
    bits_NB = np.stack([one.bits for one in prints]).astype(np.float32)
    small_NP = np.stack([one.small for one in prints])
    pairs: list[Pair] = []
    for start in range(0, len(prints), _BLOCK):
        block = bits_NB[start : start + _BLOCK]
        apart = block.sum(1)[:, None] + bits_NB.sum(1) - 2 * block @ bits_NB.T
        for row, column in zip(*np.nonzero(apart <= most_bits + 0.5), strict=True):
            one, other = prints[start + row], prints[column]
            if start + row >= column or not counts(one.sample, other.sample):
                continue
            alike = float(small_NP[start + row] @ small_NP[column])
            if alike >= least_alike:
                pairs.append(Pair(one.sample, other.sample, round(float(apart[row, column])), alike))
    return sorted(pairs, key=lambda pair: (pair.bits, -pair.alike, pair.first.key, pair.second.key))


def write_pairs(path: Path, pairs: Iterable[Pair]) -> None:
    """Write a table with one line for each pair."""
    with path.open("w", encoding="utf-8", newline="") as table:
        writer = csv.writer(table, lineterminator="\n")
        sides = [f"{name}_{which}" for which in ("first", "second") for name in ("picture", "group", "split")]
        writer.writerow(["bits", "correlation", *sides])
        for pair in pairs:
            told = [(side.key, side.group, side.split) for side in (pair.first, pair.second)]
            writer.writerow([pair.bits, f"{pair.alike:.3f}", *told[0], *told[1]])

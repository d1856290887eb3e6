"""Pictures with their features, classes and patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.finetune.features import Rows
from training.finetune.linear import Examples, Labels

APART = 8


@dataclass(frozen=True, eq=False, slots=True)
class Group:
    """Pictures of some patients.

    Attributes:
        seen: (N, D), of the pictures as the app shows them.
        copies: (N, K, D), of changed copies; None where none were made.
        groups: Patient of each.
    """

    seen: Rows
    copies: Rows | None
    labels: Labels
    groups: tuple[str, ...]

    def of(self, groups: frozenset[str]) -> Group:
        """Return the part of these patients."""
        inside = [row for row, group in enumerate(self.groups) if group in groups]
        copies = None if self.copies is None else self.copies[inside]
        return Group(self.seen[inside], copies, self.labels[inside], tuple(self.groups[row] for row in inside))

    def plain(self) -> Examples:
        """Return the pictures as the app shows them."""
        return Examples(self.seen, self.labels, self.groups)

    def copied(self) -> Examples:
        """Return every copy as an example of its own; the originals are not among them."""
        assert self.copies is not None
        count = self.copies.shape[1]
        groups = tuple(group for group in self.groups for _ in range(count))
        return Examples(self.copies.reshape(-1, self.copies.shape[-1]), np.repeat(self.labels, count), groups)


def folds_of(groups: Sequence[str], count: int, seed: int) -> list[frozenset[str]]:
    """Return the patients in ``count`` parts that differ in size by one at most.

    Raises:
        ValueError: There are fewer patients than folds.
    """
    names = sorted(set(groups))
    if len(names) < count:
        raise ValueError(f"{len(names)} patients cannot make {count} folds")
    order = np.random.default_rng(seed).permutation(len(names))
    return [frozenset(names[place] for place in part) for part in np.array_split(order, count)]


def set_apart(groups: Sequence[str], seed: int) -> frozenset[str]:
    """Return the training patients that teach nothing and choose the epoch: one in `APART`.

    Raises:
        ValueError: There is but one patient.
    """
    patients = len(set(groups))
    if patients < 2:
        raise ValueError("one patient cannot both teach and choose")
    return folds_of(groups, min(APART, patients), seed)[0]

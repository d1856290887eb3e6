"""How well a view set names labelled pictures, and what may be said of it: untested, weak or ok."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from fetalclip_app.domain.bootstrap import f1_parts, interval_of_sums, macro_f1_of_sums, mean_of_sums

FEWEST_PICTURES = 20
"""A class is tested on at least so many labelled pictures (chosen here)."""

WEAK_BELOW = 0.70
"""A class is weak where the lower end of its F1's interval lies below (chosen here)."""

RESAMPLES = 1000


class Verdict(StrEnum):
    """What may be said of a view set for one set of weights."""

    UNTESTED = "untested"
    WEAK = "weak"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How well one class was named.

    Attributes:
        f1: 0 to 1.
        low, high: Ends of its 95 % bootstrap interval.
        pictures: How many show it.
    """

    key: str
    f1: float
    low: float
    high: float
    pictures: int

    @property
    def verdict(self) -> Verdict:
        """What may be said of this class."""
        if self.pictures < FEWEST_PICTURES:
            return Verdict.UNTESTED
        return Verdict.OK if self.low >= WEAK_BELOW else Verdict.WEAK


@dataclass(frozen=True, slots=True)
class SetScore:
    """How well a set named labelled pictures.

    Attributes:
        accuracy: Share of the pictures that got their label, 0 to 1, with its interval.
        pictures: How many there were, with a label that the set has or not.
        strange: How many of them have a label that is no class of the set: whatever it says of them is wrong.
        by_patient: The intervals are over patients; else over pictures, which makes them too narrow.
    """

    classes: tuple[ClassScore, ...]
    accuracy: float
    low: float
    high: float
    pictures: int
    strange: int
    by_patient: bool

    @property
    def verdict(self) -> Verdict:
        """Return the worst of its classes: untested before weak before ok."""
        told = {one.verdict for one in self.classes}
        return next(verdict for verdict in Verdict if verdict in told)


def score(labels: Sequence[str], said: Sequence[str], classes: Sequence[str], groups: Sequence[str] = ()) -> SetScore:
    """Return how well the pictures were named.

    Args:
        labels: What each picture shows.
        said: What the set called it.
        classes: Of the set.
        groups: Patient of each picture; none where nobody said.

    Raises:
        ValueError: There are no pictures, or not as many of one as of another.
    """
    if not labels or len(labels) != len(said) or (groups and len(groups) != len(labels)):
        raise ValueError(f"{len(labels)} labels, {len(said)} answers, {len(groups)} patients")
    units = list(groups) or [str(number) for number in range(len(labels))]
    found = []
    for key in classes:
        parts = f1_parts(labels, said, (key,))
        low, high = interval_of_sums(units, parts, macro_f1_of_sums, RESAMPLES)
        value = float(macro_f1_of_sums(parts.sum(axis=0, keepdims=True))[0])
        found.append(ClassScore(key, value, low, high, sum(label == key for label in labels)))
    hits = [label == answer for label, answer in zip(labels, said, strict=True)]
    low, high = interval_of_sums(units, np.array([[hit, 1.0] for hit in hits]), mean_of_sums, RESAMPLES)
    strange = sum(label not in classes for label in labels)
    return SetScore(tuple(found), sum(hits) / len(hits), low, high, len(labels), strange, bool(groups))

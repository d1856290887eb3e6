"""Gestational age in days, and what a model says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

DAYS_PER_WEEK = 7

LAST_DAYS = 45 * DAYS_PER_WEEK
"""No pregnancy lasts longer."""

PUBLISHED_SPREAD_LIMIT_DAYS = 30
"""Chosen here from the similarities that FetalCLIP published for HC18 (zero_shot_hc18): ages whose 15 best days spread
over at most 30 days are 80 % of all, and the head lies inside the WHO band for 85.3 % of those (83.4 % of all)."""


class LimitGround(StrEnum):
    """What the limit on the spread of the best days rests on."""

    VALIDATION = "validation"
    PUBLISHED = "published"
    NOT_FITTED = "not_fitted"


@dataclass(frozen=True, order=True, slots=True)
class GestationalAge:
    """Age since the last menstrual period. Days are the only unit that is stored.

    Raises:
        ValueError: Outside 0 to 45 weeks.
    """

    days: int

    def __post_init__(self) -> None:
        if not 0 <= self.days <= LAST_DAYS:
            raise ValueError(f"{self.days} days is no gestational age")

    @classmethod
    def from_weeks(cls, weeks: int, days: int = 0) -> GestationalAge:
        """Return the age of ``weeks`` completed weeks and ``days`` (0 to 6)."""
        if not 0 <= days < DAYS_PER_WEEK:
            raise ValueError(f"days must be 0 to 6, got {days}")
        return cls(weeks * DAYS_PER_WEEK + days)

    @classmethod
    def written(cls, text: str) -> GestationalAge | None:
        """Return the age that a person writes as ``22w3d``, ``22w`` or ``22+3``; None for any other text."""
        found = re.fullmatch(r"(\d{1,2}) *(?:[w+] *(?:([0-6]) *d?)?)", text.strip().lower(), re.ASCII)
        try:
            return cls.from_weeks(int(found[1]), int(found[2] or 0)) if found is not None else None
        except ValueError:
            return None

    @property
    def weeks(self) -> float:
        """Weeks as a fraction, for growth formulas."""
        return self.days / DAYS_PER_WEEK

    def __str__(self) -> str:
        """As clinicians write it: ``22w3d``."""
        weeks, days = divmod(self.days, DAYS_PER_WEEK)
        return f"{weeks}w{days}d"


@dataclass(frozen=True, slots=True)
class AgeInterval:
    """An interval that held a stated share of the validation patients' reference ages.

    Attributes:
        level: Share, 0 to 1.
        reference: Key of the reference age that it was fitted against.
    """

    low: GestationalAge
    high: GestationalAge
    level: float
    reference: str


# eq=False: two arrays do not compare to one bool.
@dataclass(frozen=True, eq=False, slots=True)
class AgeEstimate:
    """The model's age with its score curve.

    Attributes:
        age: Median of the best candidates.
        low, high: First and last of the best candidates: their spread, not a confidence interval.
        first_day: Days of the first candidate; the candidates follow day by day.
        scores: float32, (candidates,), logit scale times mean cosine similarity.
        spacing_mm: mm per network pixel that the prompts named.
        interval: None where none was fitted for this model.
        learned_from_head_size: The model's training ages came from a head measurement.
        head_checked: The measured HC was available and inside the supported range.
        limit_ground: What the limit rests on that the spread had to keep.
    """

    age: GestationalAge
    low: GestationalAge
    high: GestationalAge
    first_day: int
    scores: NDArray[np.float32]
    spacing_mm: float
    interval: AgeInterval | None = None
    learned_from_head_size: bool = False
    head_checked: bool = False
    limit_ground: LimitGround = LimitGround.VALIDATION

    @property
    def levels(self) -> NDArray[np.float64]:
        """The scores between the least, which is 0, and the most, which is 1; all 0 where they are alike."""
        scores = self.scores.astype(np.float64)
        low, high = scores.min(), scores.max()
        return (scores - low) / (high - low) if high > low else np.zeros_like(scores)

    @property
    def spread_days(self) -> int:
        """Days between the first and the last of the best candidates."""
        return self.high.days - self.low.days

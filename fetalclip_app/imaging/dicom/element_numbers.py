"""Elements of a header, which may be absent, empty or damaged -> finite numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from pydicom.dataset import Dataset


def number_of(dataset: Dataset, keyword: str) -> float | None:
    """Return the first value of an element as a finite number; None where it is absent, empty or no number."""
    return next(iter(numbers_of(dataset, keyword)), None)


def numbers_of(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """Return all values of an element as finite numbers; empty where any of them is none."""
    try:
        value: Any = dataset.get(keyword)
        values = value if isinstance(value, Iterable) and not isinstance(value, (str, bytes)) else [value]
        found = tuple(float(each) for each in values if each not in (None, ""))
    except (TypeError, ValueError, ArithmeticError):
        return ()
    return found if all(math.isfinite(each) for each in found) else ()


def single_number_of(dataset: Dataset, keyword: str) -> float | None:
    """Return the value of an element that has one; None where it has none or, damaged, several."""
    values = numbers_of(dataset, keyword)
    return values[0] if len(values) == 1 else None

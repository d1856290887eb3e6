"""The table of results: what was measured, on how many pictures of how many patients, and how sure that is."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fetalclip_app.biometry.growth import inside_who_band, who_median_days
from fetalclip_app.domain.age import DAYS_PER_WEEK, AgeEstimate
from fetalclip_app.domain.bootstrap import Floats, f1_parts, interval_of_sums, macro_f1_of_sums, mean_of_sums
from fetalclip_app.domain.reading import HeadMeasurement, HeadSize
from fetalclip_app.tasks.gestational_age import HC_RANGE_MM
from fetalclip_app.tasks.keys import AGE, HEAD
from training.evaluation.reads import ABSTAINED, Read
from training.manifest import is_dated


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of results.

    Attributes:
        low, high: 95 % interval over patients.
        by_picture: The same over pictures, as is often published; None where it was not drawn.
    """

    measure: str
    count: int
    groups: int
    value: float
    low: float
    high: float
    abstained: int
    by_picture: tuple[float, float] | None = None


def size_rows(reads: Sequence[Read]) -> list[Row]:
    """Return errors of head and age; a measure that no picture has a truth for has no row."""
    heads = [r for r in reads if r.sample.hc_mm is not None]
    ranged = [r for r in heads if HC_RANGE_MM[0] <= (r.sample.hc_mm or 0) <= HC_RANGE_MM[1]]
    young = [r for r in ranged if 14 * DAYS_PER_WEEK <= median_days(r) <= 28 * DAYS_PER_WEEK]
    dated = [r for r in reads if is_dated(r.sample)]
    rows = [
        mean_row("HC absolute error, mm", heads, hc_error),
        mean_row("HC signed error, mm", heads, hc_bias),
        *_dice_rows(reads),
        mean_row("age inside the WHO band of the HC, share (HC 100-342 mm)", ranged, inside_band),
        mean_row("age absolute error against the WHO-median age, days (HC 100-342 mm)", ranged, age_error),
        mean_row("the same, 14 to 28 weeks", young, age_error),
        mean_row("age absolute error against the stated age, days", dated, dating_error),
    ]
    return [row for row in rows if row.count]


def _dice_rows(reads: Sequence[Read]) -> list[Row]:
    """Return one row for each set that has outlines: two sets draw them by two rules."""
    outlined = [r for r in reads if r.sample.outline is not None]
    sources = sorted({r.sample.source for r in outlined})
    measure = "Dice of the filled outline"
    return [
        mean_row(
            measure if len(sources) == 1 else f"{measure}: {source}",
            [r for r in outlined if r.sample.source == source],
            lambda read: read.dice,
        )
        for source in sources
    ]


def f1_row(
    measure: str, truth: Sequence[str], said: Sequence[str], groups: Sequence[str], classes: Sequence[str]
) -> Row:
    """Return the macro-F1 of some classes."""
    parts = f1_parts(truth, said, classes)
    return row_of(measure, groups, parts, macro_f1_of_sums, count=len(truth), abstained=said.count(ABSTAINED))


def row_of(
    measure: str,
    groups: Sequence[str],
    parts: Floats,
    rate: Callable[[Floats], Floats],
    *,
    count: int,
    abstained: int = 0,
) -> Row:
    """Return a line with its value and both intervals.

    Args:
        groups: Patient of each row of ``parts``.
        parts, rate: As in `interval_of_sums`.
        count: Pictures that were asked.
    """
    low, high = interval_of_sums(groups, parts, rate)
    single = interval_of_sums([str(number) for number in range(len(groups))], parts, rate)
    value = float(rate(parts.sum(axis=0, keepdims=True))[0])
    return Row(measure, count, len(set(groups)), value, low, high, abstained, single)


def mean_row(measure: str, reads: Sequence[Read], value_of: Callable[[Read], float | None]) -> Row:
    """Return the mean of the pictures that were answered; the others are counted."""
    values = [value_of(read) for read in reads]
    given = [(read.sample.group, value) for read, value in zip(reads, values, strict=True) if value is not None]
    parts = np.array([(value, 1.0) for _, value in given], float).reshape(len(given), 2)
    groups = [group for group, _ in given]
    row = row_of(measure, groups, parts, mean_of_sums, count=len(reads), abstained=len(reads) - len(given))
    return replace(row, groups=len({read.sample.group for read in reads}))


def hc_bias(read: Read) -> float | None:
    """Return found minus true circumference in mm, None where either is missing."""
    head = read.reading.answer(HEAD, HeadMeasurement)
    if head is None or not isinstance(head.size, HeadSize) or read.sample.hc_mm is None:
        return None
    return head.size.hc_mm - read.sample.hc_mm


def hc_error(read: Read) -> float | None:
    """Return the absolute error in mm, None where either circumference is missing."""
    bias = hc_bias(read)
    return None if bias is None else abs(bias)


def inside_band(read: Read) -> float | None:
    """Return 1 where the true head lies inside the WHO band of the age that was said."""
    age = read.reading.answer(AGE, AgeEstimate)
    return None if age is None else float(inside_who_band("HC", read.sample.hc_mm or 0, age.age.weeks))


def age_error(read: Read) -> float | None:
    """Return the absolute error in days against the WHO-median age."""
    age = read.reading.answer(AGE, AgeEstimate)
    reference = who_median_days("HC", read.sample.hc_mm or 0)
    return None if age is None or reference is None else abs(age.age.days - reference)


def dating_error(read: Read) -> float | None:
    """Return the absolute error in days against the age that somebody stated."""
    age = read.reading.answer(AGE, AgeEstimate)
    return None if age is None or read.sample.age_days is None else abs(age.age.days - read.sample.age_days)


def median_days(read: Read) -> float:
    """Return the age for which the head circumference is the WHO median; 0 where there is none."""
    return who_median_days("HC", read.sample.hc_mm or 0) or 0.0


def as_markdown(rows: Sequence[Row]) -> str:
    """Return the table as it stands in ``docs/results.md``."""
    lines = ["| measure | pictures | patients | value | 95 % interval | abstained |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {r.measure} | {r.count} | {r.groups} | {r.value:.3f} | {r.low:.3f} to {r.high:.3f} | {r.abstained} |"
        for r in rows
    ]
    return "\n".join(lines) + "\n"


def as_json(rows: Sequence[Row], facts: dict[str, Any]) -> str:
    """Return the table with what it depends on; a number that there is not is null."""
    return json.dumps({**facts, "rows": listed(rows)}, indent=2, allow_nan=False) + "\n"


def listed(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the lines as they stand in JSON."""
    return [
        {
            "measure": r.measure,
            "n": r.count,
            "patients": r.groups,
            "value": _finite(r.value),
            "interval": [_finite(r.low), _finite(r.high)],
            "interval_by_picture": None if r.by_picture is None else [_finite(end) for end in r.by_picture],
            "abstained": r.abstained,
        }
        for r in rows
    ]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None

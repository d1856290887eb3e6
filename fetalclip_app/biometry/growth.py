"""Growth charts: age and measurement to centile, and back to the age of the median."""

from __future__ import annotations

import csv
from functools import cache

import numpy as np
from numpy.typing import NDArray

from fetalclip_app import resources
from fetalclip_app.domain.biometry import Measure

WHO_FIRST_WEEK, WHO_LAST_WEEK = 14.0, 40.0
"""The WHO charts hold between these weeks; nothing is extrapolated (Kiserud 2017, PLoS Med 14:e1002220)."""

WHO_MEASURES = frozenset({Measure.HC, Measure.BPD, Measure.AC, Measure.FL, Measure.EFW})

WHO_FILE = "growth/who_growth_coefficients.csv"
"""Coefficients V3 of 13 March 2023 by a co-author of the WHO charts (jcarvalho45/whoFetalGrowth)."""


@cache
def _who_coefficients() -> dict[tuple[str, float], tuple[float, ...]]:
    with resources.path(WHO_FILE).open(encoding="utf-8", newline="") as table:
        return {
            (row["fetalDimension"], float(row["quantile"])): tuple(float(row[f"b{power}"]) for power in range(5))
            for row in csv.DictReader(table)
        }


def who_quantile(measure: str, quantile: float, weeks: float) -> float:
    """Return a WHO quantile, in mm (EFW in g).

    Args:
        measure: HC, BPD, AC, FL, HL or EFW.
        quantile: One of the published ones: .01 .025 .05 .1 .25 .5 .75 .9 .95 .975 .99.
        weeks: 14 to 40, as a fraction.

    Raises:
        ValueError: Outside 14 to 40 weeks.
        KeyError: No such measure or quantile.

    Source: Kiserud 2017, ln y = b0 + b1 t + b2 t^2 + b3 t^3 + b4 t^4.
    """
    if not WHO_FIRST_WEEK <= weeks <= WHO_LAST_WEEK:
        raise ValueError(f"the WHO charts hold from 14 to 40 weeks, not at {weeks}")
    return float(who_curve(measure, quantile, np.array([weeks]))[0])


def who_median_days(measure: str, value: float) -> float | None:
    """Return the age in days whose WHO median is ``value`` (mm), or None outside 14 to 40 weeks."""
    days = np.linspace(WHO_FIRST_WEEK * 7, WHO_LAST_WEEK * 7, 1 + int((WHO_LAST_WEEK - WHO_FIRST_WEEK) * 7 * 10))
    median = who_curve(measure, 0.5, days / 7)
    if not median[0] <= value <= median[-1]:
        return None
    return float(np.interp(value, median, days))


def inside_who_band(measure: str, value: float, weeks: float) -> bool:
    """Whether ``value`` (mm) lies between the WHO quantiles .025 and .975 at ``weeks``.

    Raises:
        ValueError: Outside 14 to 40 weeks.
    """
    return who_quantile(measure, 0.025, weeks) <= value <= who_quantile(measure, 0.975, weeks)


def who_curve(measure: str, quantile: float, weeks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a WHO quantile at several weeks, all from 14 to 40."""
    coefficients = _who_coefficients()[measure, quantile]
    return np.exp(np.polynomial.polynomial.polyval(weeks, coefficients))

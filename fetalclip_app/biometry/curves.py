"""The curves of a growth chart, to be drawn: what a chart shows, nothing between and nothing beyond."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from fetalclip_app.biometry import intergrowth
from fetalclip_app.biometry.growth import WHO_FIRST_WEEK, WHO_LAST_WEEK, WHO_MEASURES, who_curve
from fetalclip_app.domain.biometry import Chart, Measure

WHO_DRAWN = (0.025, 0.1, 0.5, 0.9, 0.975)
INTERGROWTH_DRAWN = (0.03, 0.1, 0.5, 0.9, 0.97)
"""The centiles that the charts' own tables print (Papageorghiou 2014)."""

CITATIONS = {
    Chart.WHO: "Kiserud 2017, PLoS Med 14:e1002220 (coefficients V3, 13 March 2023)",
    Chart.INTERGROWTH: "Papageorghiou 2014, Lancet 384:869",
}

_STEPS_A_WEEK = 4


@dataclass(frozen=True, slots=True)
class GrowthCurves:
    """One measure of one chart.

    Attributes:
        weeks: Of every point, from the chart's first to its last.
        curves: (centile 0 to 100, sizes at the weeks): mm, EFW in g; the lowest first.
    """

    chart: Chart
    measure: Measure
    weeks: tuple[float, ...]
    curves: tuple[tuple[float, tuple[float, ...]], ...]


@functools.cache
def growth_curves(chart: Chart, measure: Measure) -> GrowthCurves | None:
    """Return the curves; None where the chart has none of this measure."""
    weeks = np.linspace(WHO_FIRST_WEEK, WHO_LAST_WEEK, int(WHO_LAST_WEEK - WHO_FIRST_WEEK) * _STEPS_A_WEEK + 1)
    at = tuple(float(week) for week in weeks)
    if chart is Chart.WHO:
        if measure not in WHO_MEASURES:
            return None
        found = {q: tuple(who_curve(measure.upper(), q, weeks).tolist()) for q in WHO_DRAWN}
    elif intergrowth.has_chart(measure):
        found = {q: tuple(_intergrowth(measure, q, week) for week in at) for q in INTERGROWTH_DRAWN}
    else:
        return None
    return GrowthCurves(chart, measure, at, tuple((100 * share, sizes) for share, sizes in found.items()))


def _intergrowth(measure: Measure, share: float, week: float) -> float:
    mean, deviation = intergrowth.mean_and_deviation(measure, week)
    return mean + NormalDist().inv_cdf(share) * deviation


def ticks(low: float, high: float, most: int = 8) -> tuple[float, ...]:
    """Return round numbers from ``low`` to ``high``, at most so many."""
    least = max((high - low) / most, 1e-9)
    decade = 10.0 ** math.floor(math.log10(least))
    step = next(size * decade for size in (1, 2, 5, 10) if size * decade >= least * (1 - 1e-9))
    first = math.ceil(low / step)
    return tuple(step * place for place in range(first, math.floor(high / step) + 1))

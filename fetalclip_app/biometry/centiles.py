"""Where a value lies on a growth chart, at the age of a dating that a person entered; or why nowhere."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from fetalclip_app.biometry import intergrowth
from fetalclip_app.biometry.growth import WHO_FIRST_WEEK, WHO_LAST_WEEK, WHO_MEASURES, who_quantile
from fetalclip_app.domain.age import GestationalAge
from fetalclip_app.domain.biometry import Beyond, BpdDefinition, Centile, Chart, Measure, NoCentile

WHO_SHOWN = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
"""WHO publishes .01 and .99 too and does not show them: too few fetuses lie there."""

BPD_OF_CHART = {Chart.WHO: BpdDefinition.OUTER_INNER, Chart.INTERGROWTH: BpdDefinition.OUTER_OUTER}


def centile(
    chart: Chart,
    measure: Measure,
    value: float,
    age: GestationalAge | None,
    *,
    bpd_definition: BpdDefinition | None = None,
) -> Centile | NoCentile:
    """Return where ``value`` (mm, EFW in g) lies at an age.

    Args:
        age: By a dating that a person entered; never one that was read from the same picture.
        bpd_definition: Of a BPD. One that is not the chart's, or not known, has no centile.

    Raises:
        ValueError: A value that is not finite and positive.
    """
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{value} is no size")
    if age is None:
        return NoCentile.NO_DATING
    if measure is Measure.BPD and bpd_definition is not BPD_OF_CHART[chart]:
        return NoCentile.OTHER_DEFINITION
    return _by_who(measure, value, age) if chart is Chart.WHO else _by_intergrowth(measure, value, age)


def _by_who(measure: Measure, value: float, age: GestationalAge) -> Centile | NoCentile:
    """Interpolate between the published quantiles, linearly in the logarithm of the size, as the readme asks."""
    if measure not in WHO_MEASURES:
        return NoCentile.NOT_ON_CHART
    if not WHO_FIRST_WEEK <= age.weeks <= WHO_LAST_WEEK:
        return NoCentile.AGE_OUTSIDE_CHART
    curve = np.log([who_quantile(measure.upper(), quantile, age.weeks) for quantile in WHO_SHOWN])
    place = math.log(value)
    if place < curve[0]:
        return Centile(Chart.WHO, 100 * WHO_SHOWN[0], Beyond.BELOW)
    if place > curve[-1]:
        return Centile(Chart.WHO, 100 * WHO_SHOWN[-1], Beyond.ABOVE)
    return Centile(Chart.WHO, 100 * float(np.interp(place, curve, WHO_SHOWN)))


def _by_intergrowth(measure: Measure, value: float, age: GestationalAge) -> Centile | NoCentile:
    if not intergrowth.has_chart(measure):
        return NoCentile.NOT_ON_CHART
    if not intergrowth.FIRST_WEEK <= age.weeks <= intergrowth.LAST_WEEK:
        return NoCentile.AGE_OUTSIDE_CHART
    mean, deviation = intergrowth.mean_and_deviation(measure, age.weeks)
    z = (value - mean) / deviation
    return Centile(Chart.INTERGROWTH, 100 * NormalDist().cdf(z), z=z)

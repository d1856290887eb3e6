"""The INTERGROWTH-21st growth charts: mean and standard deviation at an age.

Source: Papageorghiou 2014, Lancet 384:869; g is weeks, as a fraction, from 14 to 40; sizes in mm.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from fetalclip_app.domain.biometry import Measure

FIRST_WEEK, LAST_WEEK = 14.0, 40.0

_Curve = Callable[[float], float]

_MEANS: dict[Measure, _Curve] = {
    Measure.HC: lambda g: -28.2849 + 1.69267 * g**2 - 0.397485 * g**2 * math.log(g),
    Measure.BPD: lambda g: 5.60878 + 0.158369 * g**2 - 0.00256379 * g**3,
    Measure.AC: lambda g: -81.3243 + 11.6772 * g - 0.000561865 * g**3,
    Measure.FL: lambda g: -39.9616 + 4.32298 * g - 0.0380156 * g**2,
    Measure.OFD: lambda g: -12.4097 + 0.626342 * g**2 - 0.148075 * g**2 * math.log(g),
}

_DEVIATIONS: dict[Measure, _Curve] = {
    Measure.HC: lambda g: (
        1.98735 + 0.0136772 * g**3 - 0.00726264 * g**3 * math.log(g) + 0.000976253 * g**3 * math.log(g) ** 2
    ),
    Measure.BPD: lambda g: math.exp(
        0.101242 + 0.00150557 * g**3 - 0.000771535 * g**3 * math.log(g) + 0.0000999638 * g**3 * math.log(g) ** 2
    ),
    Measure.AC: lambda g: -4.36302 + 0.121445 * g**2 - 0.0130256 * g**3 + 0.00282143 * g**3 * math.log(g),
    Measure.FL: lambda g: math.exp(0.605843 - 42.0014 * g**-2 + 0.00000917972 * g**3),
    Measure.OFD: lambda g: math.exp(
        -0.880034 + 0.0631165 * g**2 - 0.0317136 * g**2 * math.log(g) + 0.00408302 * g**2 * math.log(g) ** 2
    ),
}


def mean_and_deviation(measure: Measure, weeks: float) -> tuple[float, float]:
    """Return mean and standard deviation, in mm.

    Raises:
        ValueError: Outside 14 to 40 weeks.
        KeyError: No such chart.
    """
    if not FIRST_WEEK <= weeks <= LAST_WEEK:
        raise ValueError(f"the INTERGROWTH-21st charts hold from 14 to 40 weeks, not at {weeks}")
    return _MEANS[measure](weeks), _DEVIATIONS[measure](weeks)


def has_chart(measure: Measure) -> bool:
    """Whether there is a chart of this measure."""
    return measure in _MEANS

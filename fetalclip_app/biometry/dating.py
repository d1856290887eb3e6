"""From a measurement to an age, by published formulas. Outside a formula's range there is no age.

Ages are formula-derived: none of them is a dating that a centile may be read at, except a CRL's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from fetalclip_app.domain.biometry import Measure

_DAYS = 7.0
_CM = 10.0

HADLOCK_WEEKS = (14.0, 42.0)
"""Ages of the 361 fetuses that the formulas were fitted on (Hadlock 1984)."""

INTERGROWTH_DAYS = (98.0, 181.0)
"""Ages for which dating by HC is documented (Papageorghiou 2016, by its implementation gigs)."""

INTERGROWTH_CRL_MM = (15.0, 95.0)
"""Papageorghiou 2014."""

ROBINSON_CRL_MM = (7.0, 80.0)
"""We refuse beyond: lengths of the fetuses that the curve was drawn through, from the sixth to the fourteenth week."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A published way from a measurement to an age.

    Attributes:
        key: Name in outputs.
        citation: Where it was published.
    """

    key: str
    measure: Measure
    citation: str
    days_of: Callable[[float], float]
    days_low: float
    days_high: float
    mm_low: float = 0.0
    mm_high: float = math.inf

    def days(self, value_mm: float) -> float | None:
        """Return the age in days; None for a value outside the formula's range, or an age outside of it."""
        if not (math.isfinite(value_mm) and max(self.mm_low, 1e-9) <= value_mm <= self.mm_high):
            return None
        try:
            days = self.days_of(value_mm)
        except OverflowError:  # an impossible length, by an impossible scale
            return None
        return days if self.days_low <= days <= self.days_high else None


def _hadlock(measure: Measure, constant: float, linear: float, square: float = 0.0, cube: float = 0.0) -> Formula:
    """Return a polynomial in cm that gives weeks."""

    def days_of(value_mm: float) -> float:
        cm = value_mm / _CM
        return _DAYS * (constant + linear * cm + square * cm**2 + cube * cm**3)

    low, high = (week * _DAYS for week in HADLOCK_WEEKS)
    return Formula(f"hadlock_1984_{measure}", measure, "Hadlock 1984, Radiology 152:497", days_of, low, high)


HADLOCK = {
    Measure.BPD: _hadlock(Measure.BPD, 9.54, 1.482, square=0.1676),
    Measure.HC: _hadlock(Measure.HC, 8.96, 0.540, cube=0.0003),
    Measure.AC: _hadlock(Measure.AC, 8.14, 0.753, square=0.0036),
    Measure.FL: _hadlock(Measure.FL, 10.35, 2.460, square=0.170),
}
"""One measurement each."""

INTERGROWTH_HC = Formula(
    "intergrowth_2016_hc",
    Measure.HC,
    "Papageorghiou 2016, UOG 48:719",
    lambda mm: math.exp(0.05970 * math.log(mm) ** 2 + 6.409e-9 * mm**3 + 3.3258),
    *INTERGROWTH_DAYS,
)

INTERGROWTH_CRL = Formula(
    "intergrowth_2014_crl",
    Measure.CRL,
    "Papageorghiou 2014, UOG 44:641",
    lambda mm: 40.9041 + 3.21585 * math.sqrt(mm) + 0.348956 * mm,
    0.0,
    math.inf,
    *INTERGROWTH_CRL_MM,
)

ROBINSON_CRL = Formula(
    "robinson_1975_crl",
    Measure.CRL,
    "Robinson and Fleming 1975, BJOG 82:702 (8.052 times the root of the CRL, plus 23.73)",
    lambda mm: 8.052 * math.sqrt(mm) + 23.73,
    0.0,
    math.inf,
    *ROBINSON_CRL_MM,
)


def intergrowth_hc_fl_days(hc_mm: float, fl_mm: float) -> float | None:
    """Return the age in days by HC and FL together; None outside the range.

    Source: Papageorghiou 2016, UOG 48:719.
    """
    if not (math.isfinite(hc_mm) and math.isfinite(fl_mm) and hc_mm > 0 and fl_mm > 0):
        return None
    log_hc = math.log(hc_mm)
    low, high = INTERGROWTH_DAYS
    exponent = 0.03243 * log_hc**2 + 0.001644 * fl_mm * log_hc + 3.813
    if exponent > math.log(high) + 1:  # far outside, and maybe more than a number holds
        return None
    days = math.exp(exponent)
    return days if low <= days <= high else None


def hadlock_mean_days(values_mm: dict[Measure, float]) -> tuple[float, tuple[Measure, ...]] | None:
    """Return the mean of the ages by each measurement, and which took part; None where none has an age.

    The arithmetic mean is the convention of scanners ("average ultrasound age").
    """
    ages = {name: HADLOCK[name].days(value) for name, value in values_mm.items() if name in HADLOCK}
    found = {name: days for name, days in ages.items() if days is not None}
    return (sum(found.values()) / len(found), tuple(found)) if found else None

"""Estimated fetal weight from lengths, by published formulas."""

from __future__ import annotations

import math
from collections.abc import Mapping

from fetalclip_app.domain.biometry import Measure

_CM = 10.0

HADLOCK_CITATION = "Hadlock 1985, AJOG 151:333"

WEIGHT_G = (50.0, 6000.0)
"""Our choice: a weight outside comes of a length that is wrong."""


def hadlock_weight_g(values_mm: Mapping[Measure, float]) -> tuple[float, tuple[Measure, ...]] | None:
    """Return the weight in g by the formula of most measurements, and which it used.

    None without both AC and FL, or where the weight lies outside `WEIGHT_G`.

    Source: Hadlock 1985; the one with HC, AC and FL ("Hadlock III") is the WHO chart's.
    """
    cm = {name: value / _CM for name, value in values_mm.items() if math.isfinite(value) and value > 0}
    if Measure.AC not in cm or Measure.FL not in cm:
        return None
    used = tuple(name for name in (Measure.BPD, Measure.HC, Measure.AC, Measure.FL) if name in cm)
    exponent = _exponent(cm)
    low, high = WEIGHT_G
    if exponent > math.log10(high) + 1:  # far outside, and maybe more than a number holds
        return None
    weight_g = 10.0**exponent
    return (weight_g, used) if low <= weight_g <= high else None


def _exponent(cm: Mapping[Measure, float]) -> float:
    ac, fl = cm[Measure.AC], cm[Measure.FL]
    hc, bpd = cm.get(Measure.HC), cm.get(Measure.BPD)
    if hc is not None and bpd is not None:
        return 1.3596 - 0.00386 * ac * fl + 0.0064 * hc + 0.00061 * bpd * ac + 0.0424 * ac + 0.174 * fl
    if hc is not None:
        return 1.326 - 0.00326 * ac * fl + 0.0107 * hc + 0.0438 * ac + 0.158 * fl
    if bpd is not None:
        return 1.335 - 0.0034 * ac * fl + 0.0316 * bpd + 0.0457 * ac + 0.1623 * fl
    return 1.304 + 0.05281 * ac + 0.1938 * fl - 0.004 * ac * fl

"""From two diameters of the abdomen to its circumference."""

from __future__ import annotations

import math


def abdominal_circumference(transverse: float, antero_posterior: float) -> float:
    """Return pi times the mean of the two diameters, in their unit.

    Source: ISUOG 2019 biometry guideline (UOG 53:715): AC = pi (APAD + TAD) / 2 = 1.57 (APAD + TAD).
    """
    return math.pi * (transverse + antero_posterior) / 2

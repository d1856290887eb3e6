"""The same measures by machine and by age band."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fetalclip_app.domain.age import DAYS_PER_WEEK
from fetalclip_app.tasks.keys import VIEWS
from training.bootstrap import mean_of_sums
from training.evaluate import Read, Row, age_error, hc_error, inside_band, mean_row, row_of, said

AGE_BANDS_WEEKS = ((14, 20), (20, 26), (26, 32), (32, 40))
"""By the age for which the head circumference is the WHO median: nobody's own is known."""

FEWEST = 5
"""Of fewer pictures nothing is said."""


def subgroup_rows(reads: Sequence[Read]) -> list[Row]:
    """Return accuracy of the planes by machine, head and age errors by age band."""
    return [*_by_machine(reads), *_by_age(reads)]


def _by_machine(reads: Sequence[Read]) -> list[Row]:
    shown = [read for read in reads if read.sample.plane is not None and read.sample.machine]
    rows = []
    for machine in sorted({read.sample.machine for read in shown}):
        chosen = [read for read in shown if read.sample.machine == machine]
        if len(chosen) >= FEWEST:
            answers = [said(read.reading, VIEWS) for read in chosen]
            right = [answer == read.sample.plane for answer, read in zip(answers, chosen, strict=True)]
            parts = np.array([(hit, 1.0) for hit in right], float)
            groups = [read.sample.group for read in chosen]
            rows.append(
                row_of(f"planes named rightly, share: {machine}", groups, parts, mean_of_sums, count=len(chosen))
            )
    return rows


def _by_age(reads: Sequence[Read]) -> list[Row]:
    heads = [read for read in reads if read.sample.source == "hc18" and read.sample.age_days is not None]
    rows = []
    for first, last in AGE_BANDS_WEEKS:
        band = [r for r in heads if first * DAYS_PER_WEEK <= (r.sample.age_days or 0) < last * DAYS_PER_WEEK]
        if len(band) >= FEWEST:
            weeks = f"{first} to {last} weeks"
            rows += [
                mean_row(f"HC absolute error, mm: {weeks}", band, hc_error),
                mean_row(f"age absolute error, days: {weeks}", band, age_error),
                mean_row(f"age inside the WHO band, share: {weeks}", band, inside_band),
            ]
    return rows

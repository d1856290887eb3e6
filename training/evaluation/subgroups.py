"""The same measures by machine and by age band."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fetalclip_app.domain.age import DAYS_PER_WEEK
from fetalclip_app.domain.bootstrap import mean_of_sums
from fetalclip_app.tasks.keys import VIEWS
from training.evaluate import Row, age_error, f1_row, hc_error, inside_band, mean_row, median_days, row_of
from training.evaluation.reads import Read, said
from training.evaluation.view_rows import with_planes
from training.quick_look import STANDARD, Classes

AGE_BANDS_WEEKS = ((14, 20), (20, 26), (26, 32), (32, 40))
"""By the age for which the head circumference is the WHO median: nobody's own is known."""

FEWEST = 5
"""Of fewer pictures nothing is said."""

FEWEST_OF_MACHINE = 20
"""Of fewer pictures of a machine there is no F1 and no error of the head."""


def subgroup_rows(reads: Sequence[Read], classes: Classes = STANDARD) -> list[Row]:
    """Return the planes' F1 and the head's error by machine, head and age errors by age band."""
    return [*_by_machine(reads, classes), *_by_age(reads)]


def _by_machine(reads: Sequence[Read], classes: Classes) -> list[Row]:
    shown = with_planes(reads)
    rows: list[Row] = []
    for machine in sorted({read.sample.machine for read in reads if read.sample.machine}):
        chosen = [read for read in shown if read.sample.machine == machine]
        heads = [read for read in reads if read.sample.machine == machine and read.sample.hc_mm is not None]
        if len(chosen) >= FEWEST:
            rows.append(_share(machine, chosen))
        if len(chosen) >= FEWEST_OF_MACHINE:
            rows.append(_f1(machine, chosen, classes))
        if len(heads) >= FEWEST_OF_MACHINE:
            rows.append(mean_row(f"HC absolute error, mm: {machine}", heads, hc_error))
    return rows


def _share(machine: str, chosen: Sequence[Read]) -> Row:
    right = [said(read.reading, VIEWS) == read.sample.plane for read in chosen]
    parts = np.array([(hit, 1.0) for hit in right], float)
    groups = [read.sample.group for read in chosen]
    return row_of(f"planes named rightly, share: {machine}", groups, parts, mean_of_sums, count=len(chosen))


def _f1(machine: str, chosen: Sequence[Read], classes: Classes) -> Row:
    """Return the macro-F1 of the planes that this machine's pictures show: of others it says nothing."""
    truth = [read.sample.plane or "" for read in chosen]
    asked = [plane for plane in classes.planes if plane in truth] or sorted(set(truth))
    answers = [said(read.reading, VIEWS) for read in chosen]
    measure = f"macro-F1 of {', '.join(asked)}: {machine}"
    return f1_row(measure, truth, answers, [read.sample.group for read in chosen], asked)


def _by_age(reads: Sequence[Read]) -> list[Row]:
    heads = [(read, median_days(read)) for read in reads]
    rows = []
    for first, last in AGE_BANDS_WEEKS:
        band = [read for read, days in heads if first * DAYS_PER_WEEK <= days < last * DAYS_PER_WEEK]
        if len(band) >= FEWEST:
            weeks = f"{first} to {last} weeks"
            rows += [
                mean_row(f"HC absolute error, mm: {weeks}", band, hc_error),
                mean_row(f"age absolute error, days: {weeks}", band, age_error),
                mean_row(f"age inside the WHO band, share: {weeks}", band, inside_band),
            ]
    return rows

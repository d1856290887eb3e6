"""Ages by the app's own rule from a stored table of scores, so that published score maps can be replayed."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from fetalclip_app.biometry.growth import inside_who_band, who_median_days
from fetalclip_app.domain.age import DAYS_PER_WEEK
from fetalclip_app.domain.bootstrap import mean_of_sums
from fetalclip_app.tasks.gestational_age import CANDIDATES, HC_RANGE_MM, best_candidates
from training.evaluate import Row, row_of

HC_BANDS_MM = ((100.0, 175.0), (175.0, 250.0), (250.0, 342.0))
"""Thirds of the range for which the rule was published, each upper end its own."""

HC_COLUMN = "head_circumference_mm"
GROUP_COLUMNS = ("patient", "exam", "group")
"""The first of these columns that there is says whose each picture is; without one every picture is its own."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One picture's age by the rule.

    Attributes:
        days: Median of the best candidates.
        spread_days: Between the first and the last of them.
    """

    group: str
    hc_mm: float
    days: int
    spread_days: int


def read_scores(path: Path) -> NDArray[np.float32]:
    """Return the table ``scores`` of an NPZ file: float32, (n, 175), one column a day from 14w0d on.

    Raises:
        ValueError: No NPZ file, a damaged one, no such table, of another shape, or not all finite numbers.
    """
    try:
        stored = np.load(path, allow_pickle=False)
    except (BadZipFile, EOFError, ValueError) as error:
        raise ValueError(f"{path.name} is no NPZ file") from error
    if isinstance(stored, np.ndarray):
        raise ValueError(f"{path.name} is no NPZ file, but one table without a name")
    with stored:
        if "scores" not in stored:
            raise ValueError(f"{path.name} has no table 'scores'")
        scores = _numbers(stored, path.name)
    if scores.ndim != 2 or scores.shape[1] != len(CANDIDATES):
        raise ValueError(f"{path.name}: scores are {scores.shape}, not (n, {len(CANDIDATES)})")
    if not np.isfinite(scores).all():
        raise ValueError(f"{path.name}: a score is not finite")
    return scores


def _numbers(stored: NpzFile, name: str) -> NDArray[np.float32]:
    """Return the table ``scores``, of any shape.

    Raises:
        ValueError: It is damaged, or holds something else than numbers.
    """
    try:
        scores = np.asarray(stored["scores"])
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise ValueError(f"{name}: the table 'scores' is damaged, or holds objects") from error
    if scores.dtype.kind not in "fiu":
        raise ValueError(f"{name}: scores are {scores.dtype}, not numbers")
    return scores.astype(np.float32)


def read_labels(path: Path) -> list[tuple[str, float]]:
    """Return (patient, HC in mm) of each row.

    Raises:
        ValueError: No table, no column of head circumferences, or one that is no positive number.
    """
    try:
        with path.open(encoding="utf-8", newline="") as table:
            rows = list(csv.DictReader(table))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path.name} is no table of UTF-8 text") from error
    if not rows or HC_COLUMN not in rows[0]:
        raise ValueError(f"{path.name} has no column {HC_COLUMN!r}")
    named = next((column for column in GROUP_COLUMNS if column in rows[0]), None)
    try:
        labels = [(row[named] if named else str(number), float(row[HC_COLUMN])) for number, row in enumerate(rows)]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path.name}, column {HC_COLUMN}: not all cells are numbers") from error
    if not all(np.isfinite(hc_mm) and hc_mm > 0 for _, hc_mm in labels):
        raise ValueError(f"{path.name}: a head circumference is no positive number")
    return labels


def replay(scores: NDArray[np.float32], labels: Sequence[tuple[str, float]]) -> list[Replayed]:
    """Return the age of every picture.

    Raises:
        ValueError: Not as many labels as rows.
    """
    if len(scores) != len(labels):
        raise ValueError(f"{len(scores)} rows of scores, {len(labels)} labels")
    return [_replayed(row, *label) for row, label in zip(scores, labels, strict=True)]


def _replayed(row: NDArray[np.float32], group: str, hc_mm: float) -> Replayed:
    best = [CANDIDATES[place].days for place in best_candidates(row)]
    return Replayed(group, hc_mm, best[len(best) // 2], best[-1] - best[0])


def table(replayed: Sequence[Replayed]) -> list[Row]:
    """Return validity (VPR) and error for the published range and by bands of head circumference."""
    rows: list[Row] = []
    for low, high in (HC_RANGE_MM, *HC_BANDS_MM):
        is_last = high == HC_RANGE_MM[1]
        chosen = [
            item for item in replayed if low <= item.hc_mm and (item.hc_mm < high or (is_last and item.hc_mm == high))
        ]
        if chosen:
            band = f"HC {low:.0f} to {high:.0f} mm"
            rows += [
                _row(
                    f"age inside the WHO band of the HC (VPR), share: {band}", chosen, [_is_inside(c) for c in chosen]
                ),
                _row(
                    f"age absolute error against the WHO-median age, days: {band}", chosen, [_error(c) for c in chosen]
                ),
            ]
    return rows


def _is_inside(item: Replayed) -> float:
    return float(inside_who_band("HC", item.hc_mm, item.days / DAYS_PER_WEEK))


def _error(item: Replayed) -> float:
    reference = who_median_days("HC", item.hc_mm)
    return float("nan") if reference is None else abs(item.days - reference)


def _row(measure: str, items: Sequence[Replayed], values: Sequence[float]) -> Row:
    given = [(item.group, value) for item, value in zip(items, values, strict=True) if np.isfinite(value)]
    parts = np.array([(value, 1.0) for _, value in given]).reshape(len(given), 2)
    groups = [group for group, _ in given]
    return row_of(measure, groups, parts, mean_of_sums, count=len(items), abstained=len(items) - len(given))

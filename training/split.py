"""Who is for training, who for choosing, who for the one final test."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from pathlib import Path

from training.importers.hc18 import group_of
from training.importers.head_structures import patient_group
from training.manifest import table_rows

SPLITS = Path(__file__).parent / "splits"
"""Where the committed splits lie: one table a data set."""

_TWO_NUMBERS = ((830, 820), (793, 781), (799, 786), (791, 779))

SAME_PATIENT = {f"planes-patient-{one}": f"planes-patient-{other}" for one, other in _TWO_NUMBERS}
"""Patients of FETAL_PLANES_DB that share a picture with another number (`python -m training audit duplicates`): the
same women. They go where the other number goes."""

VALIDATION_SHARE = 0.12
TEST_SHARE = 0.20


def draw(
    groups: Iterable[str],
    *,
    test: frozenset[str] | None = None,
    salt: str = "2026",
    validation_share: float = VALIDATION_SHARE,
) -> dict[str, str]:
    """Return group -> split, drawn by the hash of the group's name, so that new groups move no old one.

    Args:
        test: The official test groups; without them a share of all is drawn.
    """
    split_of: dict[str, str] = {}
    for group in sorted(set(groups)):
        share = int(hashlib.sha256(f"{salt}:{group}".encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
        if test is not None:
            rest = "validation" if share < validation_share else "train"
            split_of[group] = "test" if group in test else rest
        else:
            limits = (TEST_SHARE, TEST_SHARE + validation_share)
            split_of[group] = "test" if share < limits[0] else "validation" if share < limits[1] else "train"
    return split_of


def write(path: Path, split_of: dict[str, str]) -> None:
    """Write the table that `manifest.read_split` reads."""
    with path.open("w", encoding="utf-8", newline="") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(["group", "split"])
        writer.writerows(sorted(split_of.items()))


def draw_all(data: Path) -> None:
    """Draw and write the splits of HC18 (by exam) and FETAL_PLANES_DB (by patient, official test patients).

    The landmarks and the head structures are pictures of FETAL_PLANES_DB's patients and share its split.
    """
    exams = [group_of(row["exam"]) for row in table_rows(data / "hc18" / "labels.csv")]
    write(SPLITS / "hc18.csv", draw(exams))
    rows = list(table_rows(data / "fetal_planes" / "labels.csv"))
    patients = [patient_group(row["patient"]) for row in rows]
    held = frozenset(name for name, row in zip(patients, rows, strict=True) if row["official_train"] == "0")
    split_of = draw(patients, test=held)
    split_of |= {one: split_of[other] for one, other in SAME_PATIENT.items() if one in split_of}
    write(SPLITS / "fetal_planes.csv", split_of)

"""Pictures that can be read, and a list of those that cannot."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.dataset import Stored, load
from training.manifest import Sample

FILE = "unreadable.csv"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A picture that no decoder takes."""

    picture: str
    reason: str


def load_readable(data: Path, samples: Sequence[Sample]) -> tuple[list[Stored], list[Unreadable]]:
    """Return the pictures as `training.dataset.load` reads them, and those that it could not read."""
    stored: list[Stored] = []
    unreadable: list[Unreadable] = []
    for sample in samples:
        try:
            stored += load(data, [sample])
        except Exception as error:  # a damaged file raises whatever its decoder happens to trip over
            reason = str(error).replace(str(data / sample.picture), "the file")
            unreadable.append(Unreadable(sample.picture, f"{type(error).__name__}: {reason}"))
    return stored, unreadable


def write_list(unreadable: Sequence[Unreadable], folder: Path) -> None:
    """Write ``unreadable.csv`` beside the checkpoint; a run that can read all of its pictures has an empty table."""
    with (folder / FILE).open("w", encoding="utf-8", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(("picture", "reason"))
        writer.writerows((one.picture, one.reason) for one in unreadable)


def refuse_too_many(unreadable: Sequence[Unreadable], total: int, largest_share: float) -> None:
    """Pass when few pictures are unreadable.

    Raises:
        ValueError: More than ``largest_share`` of ``total`` are, or none can be read.
    """
    if (total and len(unreadable) >= total) or len(unreadable) > largest_share * total:
        raise ValueError(
            f"{len(unreadable)} of {total} pictures cannot be read, and at most {largest_share:.0%} may be so: "
            f"the first is {unreadable[0].picture} ({unreadable[0].reason}). All are listed in {FILE}"
        )

"""Pictures that can be read, and a list of those that cannot."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from training.dataset import Stored, load
from training.manifest import Sample, table_rows

FILE = "unreadable.csv"

Item = TypeVar("Item")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A picture that no decoder takes."""

    picture: str
    reason: str


def load_readable(data: Path, samples: Sequence[Sample]) -> tuple[list[Stored], list[Unreadable]]:
    """Return the pictures as `training.dataset.load` reads them, and those that it could not read."""
    return each_readable(data, samples, lambda sample: sample.picture, lambda sample: load(data, [sample])[0])


def each_readable(
    data: Path, items: Sequence[Item], picture_of: Callable[[Item], str], read: Callable[[Item], Value]
) -> tuple[list[Value], list[Unreadable]]:
    """Return what ``read`` makes of each item, and the pictures of those that it could not read."""
    values: list[Value] = []
    unreadable: list[Unreadable] = []
    for item in items:
        picture = picture_of(item)
        try:
            values.append(read(item))
        except Exception as error:  # a damaged file raises whatever its decoder happens to trip over
            reason = str(error).replace(str(data / picture), "the file").replace(f"{data}/", "")
            unreadable.append(Unreadable(picture, f"{type(error).__name__}: {reason}"))
    return values, unreadable


def leave_out(unreadable: Sequence[Unreadable], total: int, largest_share: float, folder: Path) -> None:
    """List what cannot be read beside the checkpoint, and say how much it is.

    Raises:
        ValueError: As `refuse_too_many`.
    """
    write_list(unreadable, folder)
    refuse_too_many(unreadable, total, largest_share)
    if unreadable:
        print(f"{len(unreadable)} of {total} pictures are unreadable and left out", flush=True)


def write_list(unreadable: Sequence[Unreadable], folder: Path, name: str = FILE) -> None:
    """Write a table beside the checkpoint; that of a run that can read all of its pictures is empty."""
    with (folder / name).open("w", encoding="utf-8", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(("picture", "reason"))
        writer.writerows((one.picture, one.reason) for one in unreadable)


def read_list(folder: Path, name: str) -> list[Unreadable]:
    """Return what `write_list` wrote, or nothing where there is no table."""
    path = folder / name
    return [Unreadable(row["picture"], row["reason"]) for row in table_rows(path)] if path.exists() else []


def refuse_too_many(
    unreadable: Sequence[Unreadable],
    total: int,
    largest_share: float,
    *,
    count: int | None = None,
    listed_in: str = FILE,
) -> None:
    """Pass when few pictures are unreadable.

    Args:
        unreadable: What is listed.
        total: Pictures, readable or not.
        largest_share: Of the pictures, that may be unreadable.
        count: How many are; None where the list names each.
        listed_in: Name of the list.

    Raises:
        ValueError: More than ``largest_share`` of ``total`` are, or none can be read.
    """
    lost = len(unreadable) if count is None else count
    if (total and lost >= total) or lost > largest_share * total:
        raise ValueError(
            f"{lost} of {total} pictures cannot be read, and at most {largest_share:.0%} may be so: "
            f"the first is {unreadable[0].picture} ({unreadable[0].reason}). All are listed in {listed_in}"
        )

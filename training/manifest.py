"""One form for every data set: a picture or clip and what is known of it."""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

SIDES = ("train", "validation", "test")
"""Sides of a split."""

UNUSED = "unused"
"""The split of pictures that no training, choice or measurement may see."""

NAMED = 20
"""How many culprits a refusal names."""

WHO_MEDIAN_OF_HC = "formula: WHO median of HC"
"""`Sample.age_source` of an age that follows from the head's circumference: no dating."""


LineOfSample = tuple[str, tuple[float, float, float, float]]
"""Name of a line (`fetalclip_app.domain.landmarks.LINES`), and its ends (x1, y1, x2, y2) in pixels of the file."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture or clip with what is known of it; None where nothing is.

    Attributes:
        picture: Path of a picture, DICOM file or video, relative to the data folder.
        group: Patient or exam: no group is on two sides of a split.
        split: train, validation, test, or unused.
        plane: One of the nine planes; None for pictures of no standard plane.
        pixel_mm: Of the file as it is.
        outline: Path of a head outline or mask, relative to the data folder.
        hc_mm: Measured head circumference.
        age_days: Since the last menstrual period; how it is known stands in ``age_source``.
        machine: The scanner, as its data set calls it; empty where nobody said.
        age_source: ``formula: ...`` for an age that was computed from a measurement, ``stated`` for a dating.
        frame: Which frame of a clip, from 0; None for a still picture and for a clip as a whole.
        site: Hospital; empty where nobody said.
        labels: Further labels as (name, value), in order of their names: what heads of their own learn.
        lines: Ends of measured lines, in order of their names: what a measurement head learns.
    """

    picture: str
    source: str
    group: str
    split: str
    plane: str | None = None
    brain_plane: str | None = None
    augmented: bool = False
    pixel_mm: float | None = None
    outline: str | None = None
    hc_mm: float | None = None
    age_days: float | None = None
    machine: str = ""
    licence: str = "CC BY 4.0"
    age_source: str = ""
    frame: int | None = None
    site: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    lines: tuple[LineOfSample, ...] = ()

    @property
    def key(self) -> str:
        """The sample's name in lists and shards: the path, with ``#frame`` for a frame of a clip."""
        return self.picture if self.frame is None else f"{self.picture}#{self.frame}"

    def label(self, name: str) -> str | None:
        """Return the further label of that name, or None."""
        return dict(self.labels).get(name)


def read_split(path: Path) -> dict[str, str]:
    """Return group -> split from a committed table with the columns group and split.

    Raises:
        ValueError: It is no such table, a group stands twice, or a split has another name than train, validation, test.
    """
    split_of: dict[str, str] = {}
    for row in table_rows(path, "group", "split"):
        if row["group"] in split_of:
            raise ValueError(f"{path.name}: the group {row['group']!r} stands twice")
        if row["split"] not in SIDES:
            raise ValueError(f"{path.name}: {row['group']} -> {row['split']}, which is none of {', '.join(SIDES)}")
        split_of[row["group"]] = row["split"]
    return split_of


def refuse_overlap(samples: Iterable[Sample]) -> None:
    """Pass when every patient or exam is on one side; pictures that nobody uses count for none.

    Raises:
        ValueError: A group is on two sides; the sentence names the groups and their sides.
    """
    sides: dict[str, set[str]] = {}
    for sample in samples:
        if sample.split != UNUSED:
            sides.setdefault(sample.group, set()).add(sample.split)
    torn = [f"{group} ({', '.join(sorted(on))})" for group, on in sorted(sides.items()) if len(on) > 1]
    if torn:
        more = f" and {len(torn) - NAMED} more" if len(torn) > NAMED else ""
        raise ValueError(f"{len(torn)} groups are on two sides of the split: {'; '.join(torn[:NAMED])}{more}")


def manifest_hash(samples: list[Sample]) -> str:
    """Return the SHA-256 of everything that the manifest says.

    Samples without lines count as they did before there were lines: records of earlier runs hold their hash.
    """
    told = [{name: v for name, v in asdict(sample).items() if name != "lines" or v} for sample in samples]
    text = json.dumps(told, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def is_usable_age(sample: Sample) -> bool:
    """Whether the sample can teach an age: it has a scale and a formula-derived age."""
    return sample.pixel_mm is not None and sample.age_days is not None and math.isfinite(sample.age_days)


def is_dated(sample: Sample) -> bool:
    """Whether somebody stated the sample's age; a formula's is no dating."""
    return sample.age_days is not None and bool(sample.age_source) and not sample.age_source.startswith("formula")


def table_rows(path: Path, *needed: str, encoding: str = "utf-8") -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV table by the names of its columns.

    Args:
        needed: Columns that must be there.
        encoding: ``utf-8``, or ``utf-8-sig`` for tables that spreadsheets write.

    Raises:
        ValueError: It is no UTF-8 text or no table, or a column that is needed is not there.
    """
    try:
        with path.open(encoding=encoding, newline="") as table:
            rows = csv.DictReader(table)
            names = rows.fieldnames or ()
            missing = [name for name in needed if name not in names]
            if missing:
                raise ValueError(f"{path.name}: there is no column {', '.join(missing)}; there are {', '.join(names)}")
            yield from rows
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name}: it is no UTF-8 text") from error
    except csv.Error as error:
        raise ValueError(f"{path.name}: {error}") from error

"""One form for every data set: a picture and what is known of it."""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from fetalclip_app.biometry.growth import who_median_days

PLANE_OF = {
    "Fetal abdomen": "abdomen",
    "Fetal brain": "brain",
    "Fetal femur": "femur",
    "Fetal thorax": "heart",
    "Maternal cervix": "cervix",
    "Other": None,
}
"""FETAL_PLANES_DB's names -> ours; FetalCLIP reads 'Fetal thorax' as heart too."""

BRAIN_PLANE_OF = {
    "Trans-thalamic": "trans-thalamic",
    "Trans-cerebellum": "trans-cerebellum",
    "Trans-ventricular": "trans-ventricular",
}


SIDES = ("train", "validation", "test")
"""Sides of a split."""

UNUSED = "unused"
"""The split of pictures that no training, choice or measurement may see."""

NAMED = 20
"""How many culprits a refusal names."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture with what is known of it; None where nothing is.

    Attributes:
        picture: Path relative to the data folder.
        group: Patient or exam: no group is on two sides of a split.
        split: train, validation, test, or unused.
        plane: One of the nine planes; None for pictures of no standard plane.
        pixel_mm: Of the file as it is.
        outline: Path of a head outline or mask, relative to the data folder.
        hc_mm: Measured head circumference.
        age_days: From ``hc_mm`` by the WHO median: formula-derived, never a dating.
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


def read_hc18(data: Path, split_of: dict[str, str]) -> Iterator[Sample]:
    """Yield HC18 (van den Heuvel 2018): heads with outline, scale and circumference."""
    for row in _rows(data / "hc18" / "labels.csv"):
        hc_mm = float(row["head_circumference_mm"])
        group = f"hc18-exam-{int(row['exam'])}"
        yield Sample(
            picture=f"hc18/images/{row['file']}",
            source="hc18",
            group=group,
            split=split_of[group],
            plane="brain",
            pixel_mm=float(row["pixel_mm"]),
            outline=f"hc18/outlines/{row['outline']}",
            hc_mm=hc_mm,
            age_days=who_median_days("HC", hc_mm),
        )


def read_fetal_planes(data: Path, split_of: dict[str, str]) -> Iterator[Sample]:
    """Yield FETAL_PLANES_DB (Burgos-Artizzu 2020): planes and brain sub-planes.

    Copies that were flipped, rotated or brightened belong to their patient's side; those of test and
    validation patients are used by nobody.
    """
    masks = {path.stem for path in (data / "head_structures" / "masks").glob("*.png")}
    for row in _rows(data / "fetal_planes" / "labels.csv"):
        group = f"planes-patient-{int(row['patient'])}"
        augmented = row["augmented"] == "1"
        split = split_of[group]
        stem = Path(row["file"]).stem
        yield Sample(
            picture=f"fetal_planes/images/{row['file']}",
            source="fetal_planes",
            group=group,
            split="unused" if augmented and split != "train" else split,
            plane=PLANE_OF[row["plane"]],
            brain_plane=BRAIN_PLANE_OF.get(row["brain_plane"]),
            augmented=augmented,
            outline=f"head_structures/masks/{stem}.png" if stem in masks and not augmented else None,
            machine=row["us_machine"],
        )


def read_split(path: Path) -> dict[str, str]:
    """Return group -> split from a committed table with the columns group and split.

    Raises:
        ValueError: A group stands twice, or a split has another name than train, validation, test.
    """
    split_of: dict[str, str] = {}
    for row in _rows(path):
        if row["group"] in split_of or row["split"] not in SIDES:
            raise ValueError(f"{path.name}: {row['group']} -> {row['split']}")
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
    """Return the SHA-256 of everything that the manifest says."""
    text = json.dumps([asdict(sample) for sample in samples], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def is_usable_age(sample: Sample) -> bool:
    """Whether the sample can teach an age: it has a scale and a formula-derived age."""
    return sample.pixel_mm is not None and sample.age_days is not None and math.isfinite(sample.age_days)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as table:
        yield from csv.DictReader(table)

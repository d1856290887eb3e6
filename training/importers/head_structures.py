"""Head structures (Alzubaidi 2023, doi 10.1016/j.dib.2023.109708): trans-ventricular heads with masks.

The pictures are larger copies of FETAL_PLANES_DB's, of the same patients: they share its split, and a training that
takes both sees those heads twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from training.manifest import UNUSED, Sample

STRUCTURES = {1: "skull", 2: "cavum septi pellucidi", 3: "lateral ventricle"}
"""Values of the masks; the last two are turned boxes, no contours."""

_PATIENT = re.compile(r"Patient(\d+)_")


def patient_group(number: str) -> str:
    """Return the group of a patient of FETAL_PLANES_DB."""
    return f"planes-patient-{int(number)}"


def masks_of(data: Path) -> dict[str, str]:
    """Return the stem of each picture -> path of its mask, relative to the data folder."""
    return {path.stem: f"head_structures/masks/{path.name}" for path in (data / "head_structures/masks").glob("*.png")}


def read_head_structures(data: Path, split_of: Mapping[str, str]) -> Iterator[Sample]:
    """Yield the pictures of ``head_structures/`` that have a mask; the set states no scale.

    A patient who is not in the split is used by nobody: whether the data set holds her for testing is not known.

    Args:
        data: The folder of real scans.
        split_of: FETAL_PLANES_DB's split.

    Raises:
        ValueError: A file's name does not tell its patient.
    """
    masks = masks_of(data)
    for path in sorted((data / "head_structures" / "images").glob("*.jpg")):
        named = _PATIENT.match(path.name)
        if named is None:
            raise ValueError(f"head_structures/images/{path.name}: the name tells no patient")
        if path.stem in masks:
            group = patient_group(named[1])
            yield Sample(
                picture=f"head_structures/images/{path.name}",
                source="head_structures",
                group=group,
                split=split_of.get(group, UNUSED),
                plane="brain",
                brain_plane="trans-ventricular",
                outline=masks[path.stem],
            )

"""FETAL_PLANES_DB (Burgos-Artizzu 2020, doi 10.1038/s41598-020-67076-5): planes and brain sub-planes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from training.importers.head_structures import masks_of, patient_group
from training.manifest import UNUSED, Sample, table_rows

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


def read_fetal_planes(data: Path, split_of: Mapping[str, str], *, with_spacing: bool = False) -> Iterator[Sample]:
    """Yield the pictures of ``fetal_planes/``.

    Copies that were flipped, rotated or brightened belong to their patient's side; those of test and
    validation patients are used by nobody.

    Args:
        with_spacing: Tell ``pixel_mm`` where the table knows it (some 930 pictures). Captions then name it: a run
            with it draws other sentences than one without.
    """
    masks = masks_of(data)
    for row in table_rows(data / "fetal_planes" / "labels.csv"):
        group = patient_group(row["patient"])
        augmented = row["augmented"] == "1"
        split = split_of[group]
        told = row.get("pixel_mm", "") if with_spacing and not augmented else ""
        yield Sample(
            picture=f"fetal_planes/images/{row['file']}",
            source="fetal_planes",
            group=group,
            split=UNUSED if augmented and split != "train" else split,
            plane=PLANE_OF[row["plane"]],
            brain_plane=BRAIN_PLANE_OF.get(row["brain_plane"]),
            augmented=augmented,
            pixel_mm=float(told) if told else None,
            outline=None if augmented else masks.get(Path(row["file"]).stem),
            machine=row["us_machine"],
        )

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from training.importers.fetal_planes import read_fetal_planes
from training.importers.hc18 import group_of, read_hc18
from training.importers.head_structures import read_head_structures
from training.manifest import WHO_MEDIAN_OF_HC, manifest_hash, read_split, refuse_overlap, table_rows
from training.split import SPLITS, draw


def test_exams_are_told_apart_by_number_not_by_spelling() -> None:
    assert group_of("010") == group_of("10") == "hc18-exam-10"


def _split_of(data: Path) -> dict[str, str]:
    exams = [group_of(row["exam"]) for row in table_rows(data / "hc18" / "labels.csv")]
    return draw([*exams, *(f"planes-patient-{number}" for number in range(1, 100))])


def test_ages_of_hc18_say_that_a_formula_made_them(data: Path) -> None:
    samples = list(read_hc18(data, _split_of(data)))

    assert [(sample.hc_mm, sample.pixel_mm) for sample in samples] == [(165.0 + 5 * exam, 0.8) for exam in range(4)]
    assert {sample.age_source for sample in samples} == {WHO_MEDIAN_OF_HC}
    assert len({manifest_hash([sample]) for sample in samples}) == 4


def test_head_structures_are_of_the_patient_that_their_name_tells(data: Path) -> None:
    for folder, name in (("images", "Patient00003_Plane3_1_of_5.jpg"), ("masks", "Patient00003_Plane3_1_of_5.png")):
        (data / "head_structures" / folder).mkdir(parents=True)
        (data / "head_structures" / folder / name).write_bytes(b"")
    (sample,) = read_head_structures(data, {"planes-patient-3": "validation"})

    assert (sample.group, sample.split) == ("planes-patient-3", "validation")
    assert sample.outline == "head_structures/masks/Patient00003_Plane3_1_of_5.png"


def test_a_head_structure_without_a_patient_is_refused(data: Path) -> None:
    (data / "head_structures" / "images").mkdir(parents=True)
    (data / "head_structures" / "images" / "scan.jpg").write_bytes(b"")

    with pytest.raises(ValueError, match=r"scan\.jpg: the name tells no patient"):
        list(read_head_structures(data, {}))


@pytest.mark.real
def test_the_real_sets_agree_with_their_committed_splits() -> None:
    if "FETALCLIP_DATA" not in os.environ:
        pytest.skip("FETALCLIP_DATA names no folder of real scans")
    data = Path(os.environ["FETALCLIP_DATA"])
    planes = read_split(SPLITS / "fetal_planes.csv")
    heads = list(read_hc18(data, read_split(SPLITS / "hc18.csv")))
    scans, structures = list(read_fetal_planes(data, planes)), list(read_head_structures(data, planes))

    refuse_overlap([*heads, *scans, *structures])
    assert Counter(sample.source for sample in [*heads, *scans, *structures]) == {
        "hc18": 787,
        "fetal_planes": 3023,
        "head_structures": 424,
    }
    assert sum(sample.outline is not None for sample in scans) == 173
    assert {sample.pixel_mm for sample in scans} == {None}
    scaled = [sample for sample in read_fetal_planes(data, planes, with_spacing=True) if sample.pixel_mm is not None]
    assert len(scaled) == 930
    assert not any(sample.augmented for sample in scaled)

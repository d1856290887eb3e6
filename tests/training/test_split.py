from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from training import run
from training.manifest import Sample, refuse_overlap

FIRST = Sample("a.png", "own", "patient-1", "train")


def test_a_patient_on_two_sides_is_refused_by_name() -> None:
    samples = [FIRST, replace(FIRST, picture="b.png", split="test"), Sample("c.png", "own", "patient-2", "train")]

    with pytest.raises(ValueError, match=r"1 groups .*: patient-1 \(test, train\)$"):
        refuse_overlap(samples)


def test_pictures_that_nobody_uses_are_on_no_side() -> None:
    refuse_overlap([FIRST, replace(FIRST, picture="b.png", split="unused")])


def test_a_refusal_names_twenty_and_counts_the_rest() -> None:
    groups = [replace(FIRST, group=f"p{number:02d}", split=side) for number in range(23) for side in ("train", "test")]

    with pytest.raises(ValueError, match=r"^23 groups .*p19 \(test, train\) and 3 more$"):
        refuse_overlap(groups)


def test_the_data_folder_has_no_patient_on_two_sides(data: Path) -> None:
    samples = run.all_samples(data)

    refuse_overlap(samples)
    assert {sample.split for sample in samples} == {"train", "validation", "test"}

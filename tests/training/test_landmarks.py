"""Landmarks are read with their scale, and what no fetus measures is left out and counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import landmark_scans
import numpy as np
import pytest

from training import run
from training.landmarks import Marked, implausible, read_landmarks
from training.manifest import Sample


def _marked(structure: str, *lines: Any, pixel_mm: float | None = 0.3) -> Marked:
    return Marked(Sample("picture", "fetal_planes", "patient", "train", pixel_mm=pixel_mm), structure, np.array(lines))


UPRIGHT = ((100.0, 50.0), (100.0, 210.0))
LEVEL = ((0.0, 130.0), (200.0, 130.0))


def test_lengths_are_in_mm_of_the_file() -> None:
    assert _marked("head", UPRIGHT, LEVEL).lengths_mm == pytest.approx([48.0, 60.0])
    assert np.isnan(_marked("head", UPRIGHT, LEVEL, pixel_mm=None).lengths_mm).all()


@pytest.mark.parametrize(
    ("marked", "reason"),
    [
        (_marked("head", UPRIGHT, LEVEL), ""),
        (_marked("head", UPRIGHT, LEVEL, pixel_mm=None), ""),
        (_marked("head", ((0, 0), (0, 1.3)), ((0, 0), (3.4, 0)), pixel_mm=0.26), "bpd is no length of a fetus"),
        (_marked("femur", ((0, 0), (300, 0)), pixel_mm=0.41), "fl is no length of a fetus"),
        (_marked("head", ((5, 5), (5, 5)), LEVEL), "no line"),
        (_marked("head", LEVEL, UPRIGHT), "head: unlikely ratio of the diameters"),
        (_marked("abdomen", ((100, 150), (100, 290)), LEVEL), "abdomen: the diameters do not cross"),
        (_marked("abdomen", ((30, 30), (170, 230)), LEVEL), "abdomen: the diameters are nearly parallel"),
    ],
)
def test_what_no_fetus_measures_is_left_out_with_its_reason(marked: Marked, reason: str) -> None:
    assert implausible(marked) == reason


def test_the_table_is_read_with_patient_split_and_scale_and_counts_what_it_leaves_out(data: Path) -> None:
    landmark_scans.write(
        data,
        [
            landmark_scans.row("Patient00001_1.jpg", "head", bpd=((80, 20), (80, 100)), ofd=((30, 60), (130, 60))),
            landmark_scans.row("Patient00003_1.jpg", "femur", fl=((30, 60), (31, 60))),
            landmark_scans.row("Patient00009_1.jpg", "femur", fl=((30, 60), (130, 60))),
            landmark_scans.row("Patient00005_1.jpg", "abdomen", tad=((30, 60), (130, 60))),
            landmark_scans.row("Nobody.jpg", "femur", fl=((30, 60), (130, 60))),
        ],
    )

    kept, left_out = read_landmarks(data, run.all_samples(data))

    told = [(item.sample.group, item.sample.split, item.structure) for item in kept]
    assert told == [("planes-patient-1", "train", "head"), ("planes-patient-9", "validation", "femur")]
    assert kept[0].lengths_mm == pytest.approx([32.0, 40.0])
    assert kept[0].sample.pixel_mm == landmark_scans.PIXEL_MM
    assert left_out == {"fl is no length of a fetus": 1, "incomplete": 1, "no picture": 1}

"""A folder in the form of the real scans' folder, with made-up pictures: few enough for a training of seconds."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from fakes import HEAD, fan_picture

from training.manifest import read_split, table_rows

HEIGHT, WIDTH = 120, 160

PLANES = (
    ("Fetal brain", "Trans-thalamic"),
    ("Fetal brain", "Trans-cerebellum"),
    ("Fetal femur", "Not A Brain"),
    ("Fetal thorax", "Not A Brain"),
    ("Fetal abdomen", "Not A Brain"),
    ("Other", "Not A Brain"),
)


def _table(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as table:
        writer = csv.DictWriter(table, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _write_heads(folder: Path) -> None:
    """Four pictures in HC18's form, each of its own exam; the outline is a thin drawn line."""
    rows = []
    (folder / "images").mkdir(parents=True)
    (folder / "outlines").mkdir()
    for exam in range(4):
        cv2.imwrite(str(folder / "images" / f"{exam:03d}_HC.png"), fan_picture(HEIGHT, WIDTH, seed=exam))
        line = np.zeros((HEIGHT, WIDTH), np.uint8)
        centre, axes = (HEAD[0] * WIDTH, HEAD[1] * HEIGHT), (2 * HEAD[2] * WIDTH, 2 * HEAD[3] * WIDTH)
        cv2.ellipse(line, (centre, axes, HEAD[4]), 255, 1)
        cv2.imwrite(str(folder / "outlines" / f"{exam:03d}_HC.png"), line)
        rows.append(
            {
                "file": f"{exam:03d}_HC.png",
                "outline": f"{exam:03d}_HC.png",
                "exam": exam,
                "pixel_mm": 0.8,
                "head_circumference_mm": 165.0 + 5 * exam,
            }
        )
    _table(folder / "labels.csv", rows)


def _write_planes(folder: Path) -> None:
    """Two patients a plane in FETAL_PLANES_DB's form: one is official test, one is not."""
    rows = []
    (folder / "images").mkdir(parents=True)
    for patient, (plane, brain_plane) in enumerate([*PLANES, *PLANES], start=1):
        name = f"Patient{patient:05d}_1.jpg"
        cv2.imwrite(str(folder / "images" / name), fan_picture(HEIGHT, WIDTH, seed=patient))
        rows.append(
            {
                "file": name,
                "patient": patient,
                "plane": plane,
                "brain_plane": brain_plane,
                "us_machine": "made up",
                "official_train": int(patient <= len(PLANES)),
                "augmented": 0,
            }
        )
    _table(folder / "labels.csv", rows)


def write_structures(folder: Path) -> None:
    """Add head structures: a skull with both boxes on one patient of each side, boxes alone on another."""
    masks = folder / "head_structures" / "masks"
    masks.mkdir(parents=True)
    labels = np.zeros((2 * HEIGHT, 2 * WIDTH), np.uint8)
    boxes = labels.copy()
    cv2.ellipse(labels, (160, 134), (75, 58), 12, 0, 360, 1, -1)
    for picture in (labels, boxes):
        picture[120:130, 150:170] = 2
        picture[140:150, 150:170] = 3
    for patient, picture in ((1, labels), (2, boxes), (7, labels)):
        cv2.imwrite(str(masks / f"Patient{patient:05d}_1.png"), picture)


def write(folder: Path) -> Path:
    """Write HC18's and FETAL_PLANES_DB's parts and return the folder."""
    _write_heads(folder / "hc18")
    _write_planes(folder / "fetal_planes")
    return folder


def write_known(folder: Path, splits: Path) -> Path:
    """Write made-up scans whose exams and patients the committed splits know: six patients a side."""
    write(folder)
    exams, patients = (read_split(splits / f"{name}.csv") for name in ("hc18", "fetal_planes"))
    sides = [[name for name, side in patients.items() if side == wanted] for wanted in ("train", "validation")]
    for name, column, groups in (
        ("hc18", "exam", list(exams)[:4]),
        ("fetal_planes", "patient", [*sides[0][: len(PLANES)], *sides[1][: len(PLANES)]]),
    ):
        labels = folder / name / "labels.csv"
        rows = list(table_rows(labels))
        _table(labels, [{**row, column: group.rpartition("-")[2]} for row, group in zip(rows, groups, strict=True)])
    return folder

"""Landmarks in the form of the real ones, for the made-up planes: lines of the drawn head, whatever the plane."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import made_up_scans
import numpy as np

PIXEL_MM = 0.4

_STRUCTURES = {"Fetal brain": ("head", ("bpd", "ofd")), "Fetal abdomen": ("abdomen", ("tad", "apad"))}
_FEMUR = ("femur", ("fl",))

COLUMNS = ["file", "structure"] + [
    f"{line}_{end}_{axis}" for line in ("bpd", "ofd", "tad", "apad", "fl") for end in (1, 2) for axis in "xy"
]


def row(file: str, structure: str, **lines: Any) -> dict[str, Any]:
    """Return one row; each line is ((x, y), (x, y))."""
    told = {"file": file, "structure": structure}
    for line, ends in lines.items():
        for end, point in enumerate(ends, start=1):
            told |= {f"{line}_{end}_x": f"{point[0]:.2f}", f"{line}_{end}_y": f"{point[1]:.2f}"}
    return told


def write(data: Path, rows: list[dict[str, Any]] | None = None) -> None:
    """Write the table, and a scale into every row of the labels."""
    with (data / "fetal_planes" / "labels.csv").open(encoding="utf-8", newline="") as table:
        labels = list(csv.DictReader(table))
    _table(data / "fetal_planes" / "labels.csv", [label | {"pixel_mm": PIXEL_MM} for label in labels])
    _table(data / "fetal_planes" / "landmarks.csv", rows or [_of(label) for label in labels if _is_measured(label)])


def _is_measured(label: dict[str, str]) -> bool:
    return label["plane"] in {*_STRUCTURES, "Fetal femur"} and label["brain_plane"] != "Trans-cerebellum"


def _of(label: dict[str, str]) -> dict[str, Any]:
    structure, lines = _STRUCTURES.get(label["plane"], _FEMUR)
    middle = np.array([made_up_scans.WIDTH, made_up_scans.HEIGHT]) / 2
    halves = (np.array([0, 40]), np.array([50, 0]))
    ends = {line: (middle - half, middle + half) for line, half in zip(lines, halves, strict=False)}
    return row(label["file"], structure, **ends)


def _table(path: Path, rows: list[dict[str, Any]]) -> None:
    columns = COLUMNS if "structure" in rows[0] else list(rows[0])
    with path.open("w", encoding="utf-8", newline="") as table:
        writer = csv.DictWriter(table, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)

"""A folder of tables and pictures about one evaluation: more than fits on a page."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.inference.engine import Engine
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from training.evaluate import Row, age_error, hc_error
from training.evaluation import plots
from training.evaluation.reads import Read, said
from training.evaluation.trust import NAMES, sure_and_right
from training.evaluation.view_rows import BY_PROBE, by_probe, named_by_probe

FEWEST_FOR_MAP = 10

PICTURE_COLUMNS = (
    "picture",
    "group",
    "machine",
    "plane",
    "said",
    "said_by_probe",
    "brain_plane",
    "brain_said",
    "brain_said_by_probe",
    "hc_error_mm",
    "age_error_days",
)


def write(folder: Path, engine: Engine, reads: Sequence[Read], rows: Sequence[Row]) -> None:
    """Write ``results.md``, ``pictures.csv``, ``embeddings.npz`` and ``.csv``, reliability plots and a map.

    Args:
        reads: With their embeddings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    embeddings = np.stack([read.embedding for read in reads if read.embedding is not None])
    (folder / "results.md").write_text(both_intervals(rows), encoding="utf-8")
    _write_pictures(folder / "pictures.csv", reads)
    _write_embeddings(folder, engine, reads, embeddings)
    for task, name in NAMES.items():
        _plot_reliability(folder / f"reliability_{task}.png", reads, task, name)
        if named_by_probe(reads, task):
            _plot_reliability(folder / f"reliability_{task}_by_probe.png", by_probe(reads), task, name + BY_PROBE)
    if len(reads) >= FEWEST_FOR_MAP:
        flat, method = plots.flattened(embeddings)
        labels = [read.sample.brain_plane or read.sample.plane or "other" for read in reads]
        plots.scatter(folder / "embeddings.png", flat, labels, method)


def _plot_reliability(path: Path, reads: Sequence[Read], task: str, title: str) -> None:
    groups, sure, right = sure_and_right(reads, task)
    if groups:
        plots.reliability(path, sure, right, title)


def both_intervals(rows: Sequence[Row]) -> str:
    """Return the table with both intervals: over patients, and over pictures as is often published."""
    lines = ["| measure | n | value | by patient | by picture | no answer |", "|---|---|---|---|---|---|"]
    for row in rows:
        single = "" if row.by_picture is None else f"{row.by_picture[0]:.3f} to {row.by_picture[1]:.3f}"
        lines.append(
            f"| {row.measure} | {row.count} | {row.value:.3f} | {row.low:.3f} to {row.high:.3f} "
            f"| {single} | {row.abstained} |"
        )
    return "\n".join(lines) + "\n"


def _write_pictures(path: Path, reads: Sequence[Read]) -> None:
    with path.open("w", encoding="utf-8", newline="") as table:
        lines = csv.writer(table)
        lines.writerow(PICTURE_COLUMNS)
        for read in reads:
            lines.writerow(_picture(read))


def _picture(read: Read) -> list[Any]:
    sample, probe = read.sample, read.by_probe
    return [
        sample.key,
        sample.group,
        sample.machine,
        sample.plane or "",
        said(read.reading, VIEWS),
        "" if probe is None else said(probe, VIEWS),
        sample.brain_plane or "",
        said(read.reading, BRAIN_VIEWS),
        "" if probe is None else said(probe, BRAIN_VIEWS),
        hc_error(read),
        age_error(read),
    ]


def _write_embeddings(folder: Path, engine: Engine, reads: Sequence[Read], embeddings: NDArray[np.float32]) -> None:
    pictures = np.array([read.sample.key for read in reads])
    planes = np.array([read.sample.plane or "" for read in reads])
    weights = np.array(engine.identity.sha256)
    np.savez_compressed(
        folder / "embeddings.npz", embeddings=embeddings, picture=pictures, plane=planes, sha256=weights
    )
    with (folder / "embeddings.csv").open("w", encoding="utf-8", newline="") as table:
        lines = csv.writer(table)
        lines.writerow(["picture", "plane", *(f"e{axis}" for axis in range(embeddings.shape[1]))])
        for picture, plane, row in zip(pictures, planes, embeddings, strict=True):
            lines.writerow([picture, plane, *(f"{value:.6g}" for value in row)])

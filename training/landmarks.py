"""End points of lines, published (Di Vece et al. 2025) or of one's own, cleaned by what a fetus can measure."""

from __future__ import annotations

import csv
import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.landmarks import CROSSED, LINES, PLAUSIBLE_MM
from training.line_columns import structure_of
from training.manifest import Sample

TABLE = "fetal_planes/landmarks.csv"
LABELS = "fetal_planes/labels.csv"

LICENCE = "CC-BY-NC-SA-4.0"
"""The landmarks' licence is stated twice, differently; this is the stricter of the two."""

SOURCE = "Di Vece et al. 2025, arXiv 2512.16710, end points on pictures of FETAL_PLANES_DB"

INCOMPLETE = "incomplete"
"""Why lines are left out: of a structure's lines one lacks."""

RATIOS: dict[str, tuple[float, float]] = {"head": (0.6, 1.0), "abdomen": (0.7, 1.4)}
"""First line over second: heads outside are no transverse section, abdomens outside are cut obliquely (our choice)."""

LARGEST_GAP = 0.15
"""Of the longer line: diameters of one section cross near their middles (our choice)."""

LARGEST_COSINE = 0.5
"""Diameters of one section are not closer than 60 degrees to each other (our choice)."""


@dataclass(frozen=True, eq=False, slots=True)
class Marked:
    """A picture with the lines of its structure.

    Attributes:
        sample: With the scale of the picture as it is.
        ends: float64, (lines, 2, 2): both ends of each of `LINES[structure]` as (x, y), in pixels of the file.
    """

    sample: Sample
    structure: str
    ends: NDArray[np.float64]

    @property
    def lengths_mm(self) -> NDArray[np.float64]:
        """Lengths of the lines, (lines,); NaN without a scale."""
        pixel_mm = math.nan if self.sample.pixel_mm is None else self.sample.pixel_mm
        lengths: NDArray[np.float64] = np.linalg.norm(self.ends[:, 0] - self.ends[:, 1], axis=-1) * pixel_mm
        return lengths


def read_landmarks(data: Path, samples: Sequence[Sample]) -> tuple[list[Marked], Counter[str]]:
    """Return the plausible landmarks, and how many were left out for which reason.

    Args:
        samples: With lines of their own, which are taken as they are (`training.line_columns`); or those of the
            published table, whose patient and split are found here: pictures that are not among them are left out.
    """
    kept: list[Marked] = []
    left_out: Counter[str] = Counter()
    own = [sample for sample in samples if sample.lines]
    for found in itertools.chain(map(_own, own), _published(data, samples) if not own else ()):
        reason = found if isinstance(found, str) else implausible(found)
        if reason:
            left_out[reason] += 1
        elif isinstance(found, Marked):
            kept.append(found)
    return kept, left_out


def has_landmarks(data: Path, samples: Sequence[Sample]) -> bool:
    """Whether there is anything for `read_landmarks` to read."""
    return any(sample.lines for sample in samples) or (data / TABLE).is_file()


def _own(sample: Sample) -> Marked | str:
    """Return a sample's own lines, or why they cannot be used."""
    ends = dict(sample.lines)
    structure = structure_of(ends, sample.plane)
    if structure is None or set(ends) != set(LINES[structure]):
        return INCOMPLETE
    return Marked(sample, structure, np.array([ends[line] for line in LINES[structure]]).reshape(-1, 2, 2))


def _published(data: Path, samples: Sequence[Sample]) -> Iterator[Marked | str]:
    known = {sample.picture: sample for sample in samples}
    scales = {row["file"]: row.get("pixel_mm", "") for row in _rows(data / LABELS)}
    for row in _rows(data / TABLE):
        sample = known.get(f"fetal_planes/images/{row['file']}")
        ends = _ends(row)
        if sample is None or ends is None:
            yield "no picture" if sample is None else INCOMPLETE
            continue
        scale = scales[row["file"]]
        marked = replace(sample, pixel_mm=float(scale) if scale else None, licence=LICENCE, source=SOURCE)
        yield Marked(marked, row["structure"], ends)


def implausible(marked: Marked) -> str:
    """Return what speaks against these landmarks; empty where nothing does."""
    lengths_px = np.linalg.norm(marked.ends[:, 0] - marked.ends[:, 1], axis=-1)
    if not np.isfinite(marked.ends).all() or lengths_px.min() < 1:
        return "no line"
    for line, length_mm in zip(LINES[marked.structure], marked.lengths_mm, strict=True):
        low, high = PLAUSIBLE_MM[line]
        if math.isfinite(length_mm) and not low <= length_mm <= high:
            return f"{line} is no length of a fetus"
    return _unlike_diameters(marked, lengths_px) if marked.structure in CROSSED else ""


def _unlike_diameters(marked: Marked, lengths_px: NDArray[np.float64]) -> str:
    low, high = RATIOS[marked.structure]
    if not low <= lengths_px[0] / lengths_px[1] <= high:
        return f"{marked.structure}: unlikely ratio of the diameters"
    for first, second in itertools.combinations(marked.ends, 2):
        if np.linalg.norm(first.mean(axis=0) - second.mean(axis=0)) > LARGEST_GAP * lengths_px.max():
            return f"{marked.structure}: the diameters do not cross"
        cosine = abs((first[0] - first[1]) @ (second[0] - second[1])) / lengths_px.prod()
        if cosine > LARGEST_COSINE:
            return f"{marked.structure}: the diameters are nearly parallel"
    return ""


def _ends(row: dict[str, str]) -> NDArray[np.float64] | None:
    texts = [row[f"{line}_{end}_{axis}"] for line in LINES.get(row["structure"], ()) for end in (1, 2) for axis in "xy"]
    if not texts or not all(texts):
        return None
    return np.array([float(text) for text in texts]).reshape(-1, 2, 2)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as table:
        yield from csv.DictReader(table)

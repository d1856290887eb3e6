"""What gives lengths on single frames: where a head sees a structure, and how long that makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.biometry.ellipse import outline_ellipse
from fetalclip_app.biometry.ellipse_lengths import ellipse_of
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.backbone import Outliner
from fetalclip_app.domain.landmarks import HEAD_LINES, LINES, Landmarker, LineEnds
from fetalclip_app.domain.pooled import PooledBy
from fetalclip_app.domain.views import BRAIN
from fetalclip_app.imaging.preprocess import Letterbox
from fetalclip_app.tasks.base import Instruments, Scan
from fetalclip_app.tasks.lines import VIEW_OF, lines_of, names_of
from fetalclip_app.tasks.outlines import head_size, to_frame

Sizes = dict[str, float | Abstention]
"""Name of a length -> the length in mm on one frame, or why it has none there."""

Rows = NDArray[np.float64]
"""float64, (N, width): what a head saw on each of N frames, in network pixels; without any scale."""


# eq=False: holds functions.
@dataclass(frozen=True, eq=False, slots=True)
class Gauge:
    """What gives the lengths of one structure.

    Attributes:
        names: Of the lengths, in the order shown.
        head: SHA-256 of the weights that look.
        width: How many numbers a row has.
        look: Pictures, float32 (N, 3, S, S), to rows.
        sizes: A row to lengths.
        licence: Of the head's own file; empty for the outline.
        fit: A row to the overlap of mask and ellipse, 0 where there is none; None for lines.
    """

    by: PooledBy
    structure: str
    names: tuple[str, ...]
    head: str
    width: int
    look: Callable[[NDArray[np.float32]], Rows]
    sizes: Callable[[NDArray[np.float64]], Sizes]
    licence: str = ""
    fit: Callable[[NDArray[np.float64]], float] | None = None


def gauges_of(scan: Scan, instruments: Instruments) -> dict[str, list[Gauge]]:
    """Return view -> what measures on it, in the order shown."""
    found: dict[str, list[Gauge]] = {}
    if instruments.outliner is not None:
        fit_limit = instruments.calibration.outline_fit_limit
        found[BRAIN] = [_outline_gauge(scan, instruments.outliner, fit_limit)]
    if instruments.landmarker is not None:
        for structure, view in VIEW_OF.items():
            found.setdefault(view, []).append(_line_gauge(scan, instruments.landmarker, structure))
    return found


def _outline_gauge(scan: Scan, outliner: Outliner, fit_limit: float) -> Gauge:
    """Its rows are cx, cy, a, b, angle and fit of the ellipse; all NaN where there is none."""
    names, width = ("hc", "bpd", "ofd"), 6
    box = Letterbox(scan.crop, scan.spec.size)

    def look(pictures: NDArray[np.float32]) -> Rows:
        return np.array([_row(values) for values in outliner.outline(pictures)], np.float64).reshape(-1, width)

    def sizes(row: NDArray[np.float64]) -> Sizes:
        *place, fit = (float(value) for value in row)
        ellipse = ellipse_of(*place)
        if ellipse is None or not fit >= fit_limit:
            return dict.fromkeys(names, Abstention(Reason.AMBIGUOUS, "outline"))
        size = head_size(scan, to_frame(ellipse, box))
        if isinstance(size, Abstention):
            return dict.fromkeys(names, size)
        return dict(zip(names, (size.hc_mm, size.bpd_mm, size.ofd_mm), strict=True))

    return Gauge(PooledBy.OUTLINE, HEAD_LINES, names, outliner.identity[1], width, look, sizes, fit=_fit)


def _row(values: NDArray[np.float32]) -> tuple[float, ...]:
    fitted = outline_ellipse(values)
    if fitted is None:
        return (float("nan"),) * 6
    ellipse, fit = fitted
    return ellipse.cx, ellipse.cy, ellipse.a, ellipse.b, ellipse.angle_deg, fit


def _fit(row: NDArray[np.float64]) -> float:
    return float(np.nan_to_num(row[-1]))


def _line_gauge(scan: Scan, finder: Landmarker, structure: str) -> Gauge:
    """Its rows are both ends of each line, then the spread of each."""
    lines = len(LINES[structure])

    def look(pictures: NDArray[np.float32]) -> Rows:
        seen = finder.find(pictures, structure)
        return np.concatenate([seen.points.reshape(len(pictures), -1), seen.spread], axis=1).astype(np.float64)

    def sizes(row: NDArray[np.float64]) -> Sizes:
        points = row[: 4 * lines].reshape(1, lines, 2, 2).astype(np.float32)
        seen = LineEnds(points, row[None, 4 * lines :].astype(np.float32))
        told = lines_of(scan, finder, structure, seen, 0, frame_index=0)
        return {one.name: one.size_mm for one in told}

    names = names_of(structure)
    return Gauge(PooledBy.LANDMARKS, structure, names, finder.identity[1], 5 * lines, look, sizes, finder.licence)

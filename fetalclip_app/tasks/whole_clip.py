"""How long each length is over the whole clip: every frame of its plane is measured, and the repeats are pooled."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.biometry.pooling import pool
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.biometry import CIRCUMFERENCES
from fetalclip_app.domain.pooled import NEEDED, FramesUsed, FrameValue, PooledLength, PooledSize, WholeClip
from fetalclip_app.domain.reading import Finding
from fetalclip_app.tasks.base import Instruments, Kept, Scan
from fetalclip_app.tasks.gauges import Gauge, Rows, gauges_of
from fetalclip_app.tasks.keys import WHOLE_CLIP
from fetalclip_app.tasks.repeats import ALIKE, DETAIL_PX, Looks, evenly
from fetalclip_app.tasks.scale import network_pixel_mm, why_no_scale

MOST = 64
"""Frames of a plane that are measured at most, spread evenly: the median of so many hardly moves with more."""

AT_ONCE = 2
"""Frames between two looks at whether the reading is to stop."""

_FORMAT = 1
"""Raise it when the way from a picture to a row changes: what was kept of the old way is then not found."""


def steps_of(frame_count: int) -> int:
    """Return by how many steps the progress of a reading counts this task: about one for each frame looked at."""
    return min(frame_count, MOST)


@dataclass(frozen=True, slots=True)
class WholeClipTask:
    """How long is each length, over all frames that show its plane?"""

    key: str = WHOLE_CLIP

    def answer(self, scan: Scan, instruments: Instruments) -> Finding:
        """Return every length of every plane that the clip shows, pooled over its frames."""
        if instruments.outliner is None and instruments.landmarker is None:
            return Finding(self.key, Abstention(Reason.NOT_TRAINED, "no_head"))
        if len(scan.clip) < NEEDED:
            return Finding(self.key, _too_few(len(scan.clip)))
        why = why_no_scale(scan)
        if why is not None:
            return Finding(self.key, why)
        planes = [_plane(scan, view, gauges) for view, gauges in gauges_of(scan, instruments).items()]
        shown = [plane for plane in planes if plane.shown]
        _measure(scan, shown)
        pixel_mm = network_pixel_mm(scan)
        found = [length for plane in shown for length in plane.pooled(pixel_mm)]
        if found:
            fits = {frame: fit for plane in shown for frame, fit in plane.outline_fits().items()}
            return Finding(self.key, WholeClip(tuple(found), fits))
        no_brain = scan.why_no_brain()
        is_foreign = no_brain.reason is Reason.NOT_FETAL_ULTRASOUND
        return Finding(self.key, no_brain if is_foreign else Abstention(Reason.NOT_APPLICABLE, "no_measured_plane"))


# eq=False: holds arrays. Not frozen: it is filled while the frames are looked at.
@dataclass(eq=False, slots=True)
class _Plane:
    """A plane's frames, and what is seen on them.

    Attributes:
        shown: How many frames show it.
        chosen: Those that are looked at.
        fresh: Those of them that show something new, as far as was looked.
        rows: For each gauge, a row for each of the fresh frames.
    """

    view: str
    shown: int
    chosen: list[int]
    gauges: Sequence[Gauge]
    looks: Looks = field(default_factory=Looks)
    fresh: list[int] = field(default_factory=list)
    rows: list[Rows] = field(default_factory=list)

    def look_at(self, frames: Sequence[int], pictures: NDArray[np.float32]) -> None:
        """Look at the pictures that show something new."""
        new = [place for place, picture in enumerate(pictures) if self.looks.is_new(picture)]
        if new:
            self.fresh += [frames[place] for place in new]
            found = [gauge.look(pictures[new]) for gauge in self.gauges]
            self.rows = [np.concatenate(both) for both in zip(self.rows, found, strict=True)] if self.rows else found

    @property
    def name(self) -> str:
        """Under which it is kept: all that its rows depend on besides clip, preprocessing and weights."""
        heads = [gauge.head for gauge in self.gauges]
        return json.dumps([WHOLE_CLIP, _FORMAT, ALIKE, DETAIL_PX, self.view, heads, self.chosen])

    def keep(self, kept: Kept) -> None:
        """Keep what was seen."""
        rows = {str(place): rows for place, rows in enumerate(self.rows)}
        kept.put(self.name, {"frames": np.array(self.fresh, np.int64), **rows})

    def recall(self, kept: Kept) -> bool:
        """Take what was seen before, and return whether there was anything that can be believed."""
        arrays = kept.find(self.name)
        if arrays is None or not self._fits(arrays):
            return False
        self.fresh = [int(frame) for frame in arrays["frames"]]
        self.rows = [arrays[str(place)] for place in range(len(self.gauges))]
        return True

    def _fits(self, arrays: Mapping[str, NDArray[Any]]) -> bool:
        widths = {str(place): gauge.width for place, gauge in enumerate(self.gauges)}
        if arrays.keys() != {"frames", *widths} or not set(arrays["frames"].tolist()) <= set(self.chosen):
            return False
        count = len(arrays["frames"])
        rows = {place: arrays[place] for place in widths}
        return all(
            one.shape == (count, widths[place]) and one.dtype == np.float64 and not np.isinf(one).any()
            for place, one in rows.items()
        )

    def pooled(self, pixel_mm: float) -> list[PooledLength]:
        """Return the lengths that were measured on it."""
        rows = self.rows or [np.empty((0, gauge.width)) for gauge in self.gauges]
        return [
            length for gauge, seen in zip(self.gauges, rows, strict=True) for length in self._of(gauge, seen, pixel_mm)
        ]

    def outline_fits(self) -> dict[int, float]:
        """Return frame -> how well an ellipse fits the outline that was seen on it."""
        fits: dict[int, float] = {}
        for gauge, rows in zip(self.gauges if self.rows else (), self.rows, strict=True):
            if gauge.fit is not None:
                fits |= dict(zip(self.fresh, map(gauge.fit, rows), strict=True))
        return fits

    def _of(self, gauge: Gauge, rows: Rows, pixel_mm: float) -> list[PooledLength]:
        told = dict(zip(self.fresh, map(gauge.sizes, rows), strict=True))
        alike = len(self.chosen) - len(self.fresh)
        found = []
        for name in gauge.names:
            sizes = {frame: of_frame[name] for frame, of_frame in told.items()}
            values = {frame: size for frame, size in sizes.items() if not isinstance(size, Abstention)}
            doubts = [size for size in sizes.values() if isinstance(size, Abstention)]
            used = FramesUsed(self.shown, len(self.chosen), alike, dict(Counter(one.detail for one in doubts)))
            resolution = pixel_mm * (math.pi if name in CIRCUMFERENCES else 1.0)
            size, marked = _pooled(values, doubts, resolution)
            found.append(PooledLength(name, gauge.by, gauge.structure, size, marked, used, gauge.licence))
        return found


def _plane(scan: Scan, view: str, gauges: Sequence[Gauge]) -> _Plane:
    shown = [int(frame) for frame in scan.frames_seen_as(view)]
    return _Plane(view, len(shown), evenly(shown, MOST) if len(shown) >= NEEDED else [], gauges)


def _measure(scan: Scan, planes: Sequence[_Plane]) -> None:
    done, total = 0, sum(len(plane.chosen) for plane in planes)
    for plane in planes:
        if not plane.chosen:
            continue
        if plane.recall(scan.kept):
            done += len(plane.chosen)
            continue
        for start in range(0, len(plane.chosen), AT_ONCE):
            scan.between_pictures(done / total)
            frames = plane.chosen[start : start + AT_ONCE]
            plane.look_at(frames, scan.prepared(frames))
            done += len(frames)
        plane.keep(scan.kept)


def _pooled(
    values: dict[int, float], doubts: Sequence[Abstention], resolution_mm: float
) -> tuple[PooledSize | Abstention, tuple[FrameValue, ...]]:
    if len(values) >= NEEDED:
        return pool(values, resolution_mm)
    alone = tuple(FrameValue(frame, value) for frame, value in sorted(values.items()))
    return _why_not(len(values), doubts), alone


def _why_not(count: int, doubts: Sequence[Abstention]) -> Abstention:
    """Return why there is no pooled value: what most frames lack, where it is for that and not for want of frames."""
    if count + len(doubts) < NEEDED or not doubts:
        return _too_few(count)
    (reason, detail), _ = Counter((one.reason, one.detail) for one in doubts).most_common(1)[0]
    return Abstention(reason, detail)


def _too_few(count: int) -> Abstention:
    return Abstention(Reason.NOT_APPLICABLE, "few_repeats", {"count": count, "needed": NEEDED})

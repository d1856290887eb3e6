"""How long each length is over the whole clip: every frame of its plane is measured, and the repeats are pooled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.biometry.ellipse import outline_ellipse
from fetalclip_app.biometry.pooling import pool
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.backbone import Outliner
from fetalclip_app.domain.landmarks import HEAD_LINES, Landmarker
from fetalclip_app.domain.pooled import NEEDED, FramesUsed, FrameValue, PooledBy, PooledLength, PooledSize, WholeClip
from fetalclip_app.domain.reading import Finding
from fetalclip_app.domain.views import BRAIN
from fetalclip_app.imaging.preprocess import Letterbox
from fetalclip_app.tasks.base import Instruments, Scan
from fetalclip_app.tasks.keys import WHOLE_CLIP
from fetalclip_app.tasks.lines import VIEW_OF, lines_of, names_of
from fetalclip_app.tasks.outlines import head_size, to_frame
from fetalclip_app.tasks.repeats import Looks, evenly
from fetalclip_app.tasks.scale import network_pixel_mm, why_no_scale

MOST = 64
"""Frames of a plane that are measured at most, spread evenly: the median of so many hardly moves with more."""

AT_ONCE = 4
"""Frames between two looks at whether the reading is to stop."""


def steps_of(frame_count: int) -> int:
    """Return by how many steps the progress of a reading counts this task: about one for each frame looked at."""
    return min(frame_count, MOST)


_CIRCUMFERENCES = frozenset({"hc", "ac"})

Sizes = dict[str, float | Abstention]
"""Name of a length -> the length in mm on one frame, or why it has none there."""


@dataclass(frozen=True, eq=False, slots=True)
class _Gauge:
    """What gives lengths of one structure.

    Attributes:
        measure: Pictures, (N, 3, S, S), of the frames with these indices -> one `Sizes` for each.
    """

    by: PooledBy
    structure: str
    names: tuple[str, ...]
    measure: Callable[[NDArray[np.float32], Sequence[int]], list[Sizes]]
    licence: str = ""


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
        planes = [_plane(scan, view, gauges) for view, gauges in _gauges(scan, instruments).items() if gauges]
        found = _measured(scan, [plane for plane in planes if plane.shown])
        if found:
            return Finding(self.key, WholeClip(tuple(found)))
        no_brain = scan.why_no_brain()
        is_foreign = no_brain.reason is Reason.NOT_FETAL_ULTRASOUND
        return Finding(self.key, no_brain if is_foreign else Abstention(Reason.NOT_APPLICABLE, "no_measured_plane"))


def _gauges(scan: Scan, instruments: Instruments) -> dict[str, list[_Gauge]]:
    """Return view -> what measures on it, in the order shown."""
    found: dict[str, list[_Gauge]] = {BRAIN: []}
    if instruments.outliner is not None:
        found[BRAIN].append(_outline_gauge(scan, instruments.outliner, instruments.calibration.outline_fit_limit))
    if instruments.landmarker is not None:
        for structure, view in VIEW_OF.items():
            found.setdefault(view, []).append(_line_gauge(scan, instruments.landmarker, structure))
    return found


def _outline_gauge(scan: Scan, outliner: Outliner, fit_limit: float) -> _Gauge:
    names = ("hc", "bpd", "ofd")
    box = Letterbox(scan.crop, scan.spec.size)

    def measure(pictures: NDArray[np.float32], frames: Sequence[int]) -> list[Sizes]:
        return [of_map(values) for values in outliner.outline(pictures)]

    def of_map(values: NDArray[np.float32]) -> Sizes:
        fitted = outline_ellipse(values)
        if fitted is None or fitted[1] < fit_limit:
            return dict.fromkeys(names, Abstention(Reason.AMBIGUOUS, "outline"))
        size = head_size(scan, to_frame(fitted[0], box))
        if isinstance(size, Abstention):
            return dict.fromkeys(names, size)
        return dict(zip(names, (size.hc_mm, size.bpd_mm, size.ofd_mm), strict=True))

    return _Gauge(PooledBy.OUTLINE, HEAD_LINES, names, measure)


def _line_gauge(scan: Scan, finder: Landmarker, structure: str) -> _Gauge:
    names = names_of(structure)

    def measure(pictures: NDArray[np.float32], frames: Sequence[int]) -> list[Sizes]:
        seen = finder.find(pictures, structure)
        told = [lines_of(scan, finder, structure, seen, place, frame_index=frame) for place, frame in enumerate(frames)]
        return [{one.name: one.size_mm for one in lines} for lines in told]

    return _Gauge(PooledBy.LANDMARKS, structure, names, measure, finder.licence)


@dataclass(eq=False, slots=True)
class _Repeats:
    """What one gauge found, frame after frame."""

    gauge: _Gauge
    found: dict[int, Sizes] = field(default_factory=dict)

    def add(self, pictures: NDArray[np.float32], frames: Sequence[int]) -> None:
        self.found.update(zip(frames, self.gauge.measure(pictures, frames), strict=True))

    def pooled(self, frames: FramesUsed, pixel_mm: float) -> list[PooledLength]:
        return [self._length(name, frames, pixel_mm) for name in self.gauge.names]

    def _length(self, name: str, frames: FramesUsed, pixel_mm: float) -> PooledLength:
        told = {frame: sizes[name] for frame, sizes in self.found.items()}
        values = {frame: size for frame, size in told.items() if not isinstance(size, Abstention)}
        doubts = [size for size in told.values() if isinstance(size, Abstention)]
        size, marked = _pooled(values, doubts, pixel_mm * (np.pi if name in _CIRCUMFERENCES else 1.0))
        counts = FramesUsed(frames.shown, frames.chosen, frames.alike, dict(Counter(one.detail for one in doubts)))
        gauge = self.gauge
        return PooledLength(name, gauge.by, gauge.structure, size, marked, counts, gauge.licence)


@dataclass(eq=False, slots=True)
class _Plane:
    """A plane's frames, and what is measured on them.

    Attributes:
        shown: How many frames show it.
        chosen: Those that are looked at.
        alike: How many of these showed nothing new.
    """

    shown: int
    chosen: list[int]
    repeats: list[_Repeats]
    looks: Looks = field(default_factory=Looks)
    alike: int = 0

    def look_at(self, frames: Sequence[int], pictures: NDArray[np.float32]) -> None:
        """Measure the pictures that show something new."""
        new = [place for place, picture in enumerate(pictures) if self.looks.is_new(picture)]
        self.alike += len(frames) - len(new)
        if new:
            for one in self.repeats:
                one.add(pictures[new], [frames[place] for place in new])

    def pooled(self, pixel_mm: float) -> list[PooledLength]:
        """Return the lengths that were measured on it."""
        used = FramesUsed(self.shown, len(self.chosen), self.alike)
        return [length for one in self.repeats for length in one.pooled(used, pixel_mm)]


def _plane(scan: Scan, view: str, gauges: Sequence[_Gauge]) -> _Plane:
    shown = [int(frame) for frame in scan.frames_seen_as(view)]
    chosen = evenly(shown, MOST) if len(shown) >= NEEDED else []
    return _Plane(len(shown), chosen, [_Repeats(gauge) for gauge in gauges])


def _measured(scan: Scan, planes: Sequence[_Plane]) -> list[PooledLength]:
    done, total = 0, sum(len(plane.chosen) for plane in planes)
    for plane in planes:
        for start in range(0, len(plane.chosen), AT_ONCE):
            scan.between_pictures(done / total)
            frames = plane.chosen[start : start + AT_ONCE]
            plane.look_at(frames, scan.prepared(frames))
            done += len(frames)
    pixel_mm = network_pixel_mm(scan)
    return [length for plane in planes for length in plane.pooled(pixel_mm)]


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

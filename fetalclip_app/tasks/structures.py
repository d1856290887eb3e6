"""Which pixels of a head belong to its skull, its cavum, its ventricle, and how large those are."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fetalclip_app.biometry.ellipse import FINER, outline_ellipse
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.overlay import Segmentation
from fetalclip_app.domain.reading import Finding
from fetalclip_app.domain.structures import SKULL, Area, Structure, Structures
from fetalclip_app.domain.views import BRAIN
from fetalclip_app.imaging.preprocess import Letterbox
from fetalclip_app.tasks.base import Instruments, Scan
from fetalclip_app.tasks.keys import STRUCTURES
from fetalclip_app.tasks.scale import spacing_of_mask

CANDIDATES = 8
"""How many of the best brain frames are looked at; each structure is given on the one that shows it most clearly."""

STEADY_LIMIT = 0.5
"""A mask that shrinks to less than this share, when it is asked of surer pixels, is not given (chosen here)."""

_LOOSE, _STRICT = 0.35, 0.65
"""Thresholds between which a clear mask hardly changes: the stability score of Kirillov et al. 2023 (Segment
Anything), on probabilities; the numbers are chosen here."""

MIN_PIXELS = 12
"""Network pixels: smaller masks are specks (chosen here)."""


@dataclass(frozen=True, slots=True)
class StructuresTask:
    """Where are the structures that the model has masks for, and how large?"""

    key: str = STRUCTURES

    def answer(self, scan: Scan, instruments: Instruments) -> Finding:
        """Return each structure on the brain frame that shows it most clearly."""
        segmenter = instruments.segmenter
        if segmenter is None:
            return Finding(self.key, Abstention(Reason.NOT_TRAINED, "no_structures"))
        frames = [int(index) for index in scan.frames_seen_as(BRAIN)[:CANDIDATES]]
        if not frames:
            return Finding(self.key, scan.why_no_brain())
        maps = segmenter.segment(scan.prepared(frames))
        names, limit = segmenter.facts.structures, instruments.calibration.outline_fit_limit
        found = tuple(_structure(scan, maps, frames, (names, place), limit) for place in range(len(names)))
        shown = [one for one in found if isinstance(one.found, Segmentation)]
        return Finding(self.key, Structures(found, segmenter.facts), (shown or found)[0].frame_index)


def _structure(
    scan: Scan, maps: NDArray[np.float32], frames: list[int], which: tuple[tuple[str, ...], int], head_limit: float
) -> Structure:
    """Return one structure, by its place among the head's names, on the frame that shows it most clearly."""
    names, place = which
    name, limit = names[place], head_limit if names[place] == SKULL else STEADY_LIMIT
    clearness = [clearness_of(name, values) for values in maps[:, place]]
    best = int(np.argmax(clearness))
    sure, frame = clearness[best], frames[best]
    if sure < limit:
        doubt = Abstention(Reason.AMBIGUOUS, "structure", {"clearness": round(sure, 3), "clearness_limit": limit})
        return Structure(name, doubt, None, sure, limit, frame)
    if name != SKULL and SKULL in names and _lies_outside(maps[best], place, names.index(SKULL), head_limit):
        return Structure(name, Abstention(Reason.AMBIGUOUS, "outside_head"), None, sure, limit, frame)
    box = Letterbox(scan.crop, scan.spec.size)
    mask = largest_part(box.map_to_frame(maps[best, place], scan.clip.height, scan.clip.width) > 0.5)
    return Structure(name, Segmentation(name, mask), _area(scan, mask), sure, limit, frame, outline_of(mask))


def clearness_of(name: str, values: NDArray[np.float32]) -> float:
    """Return how clear a probability map (S, S) is, 0 to 1, by the rule for this structure."""
    if name == SKULL:
        fit = outline_ellipse(values)
        return 0.0 if fit is None else fit[1]
    return steadiness(values)


def steadiness(values: NDArray[np.float32]) -> float:
    """Return how little the mask depends on the threshold, times the share of it that hangs together."""
    side = len(values) * FINER
    fine = cv2.resize(values, (side, side), interpolation=cv2.INTER_LINEAR)
    mask = fine > 0.5
    whole, largest = int(mask.sum()), int(largest_part(mask).sum())
    if largest < MIN_PIXELS * FINER**2:
        return 0.0
    loose, strict = np.count_nonzero(fine > _LOOSE), np.count_nonzero(fine > _STRICT)
    return float(strict / loose * largest / whole)


def largest_part(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the largest connected part of a mask; an empty one stays empty."""
    count, labels, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count < 2:
        return mask
    part: NDArray[np.bool_] = labels == 1 + int(np.argmax(facts[1:, cv2.CC_STAT_AREA]))
    return part


def outline_of(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return the outermost pixels of the mask's longest edge in order, (points, 2) as (x, y)."""
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    longest = max(found, key=len, default=np.empty((0, 1, 2), np.int32))
    return np.asarray(longest[:, 0, :], np.int32)


def _lies_outside(maps: NDArray[np.float32], place: int, skull: int, head_limit: float) -> bool:
    """Return whether most of a mask lies outside a head that is clear on the same frame."""
    if clearness_of(SKULL, maps[skull]) < head_limit:
        return False
    return float((maps[skull][largest_part(maps[place] > 0.5)] > 0.5).mean()) < 0.5


def _area(scan: Scan, mask: NDArray[np.bool_]) -> Area:
    count = int(mask.sum())
    spacing = spacing_of_mask(scan, mask)
    return Area(count, None if isinstance(spacing, Abstention) else count * spacing.row_mm * spacing.column_mm)

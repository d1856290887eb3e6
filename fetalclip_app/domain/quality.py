"""How good each frame is as a picture, beside the other frames of its own clip: within this clip only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GRID = 32
"""A frame's small grey picture, for what is told by comparing frames, has so many cells a side."""

Grids = NDArray[np.uint8]
"""uint8, (N, GRID, GRID): mean grey level of each cell of what the network sees."""

LIT = 3
"""Grey level from which a pixel belongs to the fan, and mean grey level from which a cell is lit."""

_USUAL_SHARE = 0.75
"""The clip's usual fan: cells that are lit in at least this share of its frames. Chosen here: what moves goes dark and
light again, and frames of real cines whose fan is whole then keep 91 % of it at least."""

_SHARPEST = 95
"""Percentile that stands for the sharpest frames: one frame of noise must not be the measure of all."""

FAN_COMPLETE = 0.85
"""A fan is complete where so much of the usual one is lit (chosen here, below what real cines keep)."""


# eq=False: two arrays do not compare to one bool.
@dataclass(frozen=True, eq=False, slots=True)
class ClipQuality:
    """What the pixels of a clip's frames tell, each beside the others. NaN: not known.

    Nothing here compares clips: gain, depth and compression differ between them.

    Attributes:
        sharpness: float32, (frames,), 0 to 1: as a share of what the clip's sharpest frames have.
        fan: float32, (frames,), 0 to 1: share of the clip's usual fan that is lit; 0 in a blank frame.
        stability: float32, (frames,), 0 to 1: 1 where nothing changes to the frames beside it, 0.5 where as much
            changes as in the clip's middle frame.
        repeats: bool, (frames,): exactly the frame before once more, as when the probe is paused.
    """

    sharpness: NDArray[np.float32]
    fan: NDArray[np.float32]
    stability: NDArray[np.float32]
    repeats: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.sharpness)


def quality_of(
    sharpness: NDArray[np.float32],
    grids: Grids,
    inputs: NDArray[np.uint8],
    done: NDArray[np.bool_],
    strange: Collection[int] = (),
) -> ClipQuality:
    """Return how the frames that were looked at compare.

    Args:
        sharpness: float32, (frames,), in units of its own, 0 or more.
        grids: One small picture for each frame.
        inputs: uint8, (frames, digits): equal where the network sees exactly the same.
        done: bool, (frames,): which frames were looked at; of the others nothing is read.
        strange: Frames that are no scan like the training's, as where the probe is lifted: noise would be the sharpest
            of all. They are compared with the others, and none with them, unless there is nothing else.
    """
    measure = done.copy()
    measure[list(strange)] = False
    measure = measure if measure.any() else done
    sharp, fan = _to_sharpest(sharpness, done, measure), _fan(grids, done, measure)
    return ClipQuality(sharp, fan, _stability(grids, done), _repeats(inputs, done))


def _unknown(count: int) -> NDArray[np.float32]:
    return np.full(count, np.nan, np.float32)


def _to_sharpest(
    sharpness: NDArray[np.float32], done: NDArray[np.bool_], measure: NDArray[np.bool_]
) -> NDArray[np.float32]:
    found = _unknown(len(done))
    if done.sum() > 1:
        most = float(np.percentile(sharpness[measure], _SHARPEST))
        found[done] = np.clip(sharpness[done] / most, 0.0, 1.0) if most > 0 else 0.0
    return found


def _fan(grids: Grids, done: NDArray[np.bool_], measure: NDArray[np.bool_]) -> NDArray[np.float32]:
    found = _unknown(len(done))
    if not done.any():
        return found
    usual = (grids[measure] >= LIT).mean(axis=0) >= _USUAL_SHARE
    found[done] = (grids[done] >= LIT)[:, usual].mean(axis=1) if usual.any() else 0.0
    return found


def _stability(grids: Grids, done: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Compare each frame with those beside it, relative to its own brightness: gain must not count."""
    both = done[:-1] & done[1:]
    step = _unknown(len(done) - 1)
    level = grids[:-1][both].mean(axis=(1, 2), dtype=np.float32) + 1.0
    apart = np.abs(grids[1:][both].astype(np.int16) - grids[:-1][both]).mean(axis=(1, 2), dtype=np.float32)
    step[both] = apart / level
    pairs = np.stack([np.concatenate([[np.nan], step]), np.concatenate([step, [np.nan]])])
    known = ~np.isnan(pairs)
    count = known.sum(axis=0)
    # A frame inside the clip is judged by both neighbours, or not yet.
    enough = (count == 2) | ((count == 1) & np.isin(np.arange(len(done)), (0, len(done) - 1)))
    change = np.where(known, pairs, 0.0).sum(axis=0) / np.maximum(count, 1)
    found = _unknown(len(done))
    if enough.any():
        middle = float(np.median(change[enough]))
        found[enough] = 1.0 / (1.0 + change[enough] / middle) if middle > 0 else (change[enough] == 0)
    return found


def _repeats(inputs: NDArray[np.uint8], done: NDArray[np.bool_]) -> NDArray[np.bool_]:
    found = np.zeros(len(done), bool)
    found[1:] = (inputs[1:] == inputs[:-1]).all(axis=1) & done[1:] & done[:-1]
    return found

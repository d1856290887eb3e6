"""Decoding of JPEG frames, ours and pydicom's default, in one process with as many workers on both sides."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import iter_pixels

from fetalclip_app.domain.bootstrap import interval
from fetalclip_app.imaging.readers import read_clip

WORKERS = 2
"""As `ui.frames.AT_ONCE`; a test compares them."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """Times of the same frames on both sides, in seconds, and how their pixels compare.

    Attributes:
        plugins: What pydicom would try, in its order; the first one decodes.
        largest_difference, mean_difference: Grey levels between our RGB and theirs.
    """

    ours_s: tuple[float, ...]
    theirs_s: tuple[float, ...]
    plugins: tuple[str, ...]
    largest_difference: int
    mean_difference: float

    @property
    def ratios(self) -> list[float]:
        """Theirs over ours, frame by frame."""
        return [theirs / ours for ours, theirs in zip(self.ours_s, self.theirs_s, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of the ratios."""
        return float(np.median(self.ratios))

    @property
    def ratio_interval(self) -> tuple[float, float]:
        """That median over resampled frames: 2.5 to 97.5 percentile."""
        ratios = np.array(self.ratios)
        return interval([str(number) for number in range(len(ratios))], lambda rows: float(np.median(ratios[rows])))


def compare(path: Path, rounds: int) -> Decoding:
    """Decode every frame ``rounds`` times on both sides, whose turn comes first changing from frame to frame."""
    clip = read_clip(path)
    syntax = dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID
    ours_s: list[float] = []
    theirs_s: list[float] = []
    largest = 0
    means: list[float] = []
    for turn in range(rounds + 1):
        their_frames: Iterator[Any] = iter_pixels(path)
        for index in range(len(clip)):
            ours_first = (index + turn) % 2 == 0
            if ours_first:
                mine_s, mine = _timed(lambda index=index: clip.frame(index).pixels)
            other_s, other = _timed(lambda frames=their_frames: next(frames))
            if not ours_first:
                mine_s, mine = _timed(lambda index=index: clip.frame(index).pixels)
            if turn == 0:  # both sides warm up, and their pixels are compared
                gap = np.abs(mine.astype(np.int16) - other.astype(np.int16))
                largest = max(largest, int(gap.max()))
                means.append(float(gap.mean()))
                continue
            ours_s.append(mine_s)
            theirs_s.append(other_s)
    plugins = get_decoder(syntax).available_plugins
    return Decoding(tuple(ours_s), tuple(theirs_s), plugins, largest, float(np.mean(means)))


def two_at_once(path: Path, rounds: int) -> tuple[float, float]:
    """Return the seconds that a frame takes where the whole cine is decoded, ours and theirs: the median of rounds.

    Both by as many workers as the window has for it: ours takes the next frame, theirs a piece of the cine for each,
    so that `iter_pixels` opens the file once for a worker and not once for a frame.
    """
    clip = read_clip(path)
    pieces = [list(range(first, len(clip), WORKERS)) for first in range(WORKERS)]
    ours_s: list[float] = []
    theirs_s: list[float] = []
    with ThreadPoolExecutor(WORKERS) as workers:

        def ours() -> int:
            return sum(1 for _ in workers.map(lambda index: clip.frame(index).pixels, range(len(clip))))

        def theirs() -> int:
            return sum(workers.map(lambda piece: sum(1 for _ in iter_pixels(path, indices=piece)), pieces))

        for _ in range(rounds):
            for times, work in ((ours_s, ours), (theirs_s, theirs)):
                work()  # each side finds its own memory in place, as a cine that plays on does
                seconds, done = _timed(work)
                assert done == len(clip)
                times.append(seconds)
    return float(np.median(ours_s)) / len(clip), float(np.median(theirs_s)) / len(clip)


def _timed(work: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result

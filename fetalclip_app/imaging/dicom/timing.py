"""When each frame of a DICOM cine was taken, who says so, and how the file wants to be played.

FrameTime, FrameTimeVector, CineRate, RecommendedDisplayFrameRate, in that order; where FrameIncrementPointer names the
vector, the vector comes first (PS3.3 C.7.6.5.1: each of the two holds where the pointer points to it). What is no
sensible rate is passed over and remarked, and so is a sensible rate that says something else than the one that plays.
A multi-frame file without any is played at 30 a second, and marked ASSUMED.

FrameDelay (0018,1066) moves all frames of a cine together, away from Content Time; it changes no pace and is not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from fetalclip_app.domain.timing import (
    ASSUMED_RATE_HZ,
    FrameRate,
    Playback,
    PlayMode,
    RateDoubt,
    RateRemark,
    RateSource,
)
from fetalclip_app.imaging.dicom.element_numbers import number_of, numbers_of

_SENSIBLE_RATES_HZ = (0.1, 5000.0)
"""From a frame in ten seconds to plane waves: we chose the ends, wide."""

_EVEN = 1e-6
"""Share by which increments may differ and are equal still: decimal strings hold at most 16 characters."""

_AGREE_HZ, _AGREE_SHARE = 1.0, 0.02
"""Rates agree where they are less than one apart (two of the sources are whole numbers, which scanners round or cut:
the Voluson S8 writes 28 for 28.58), or within 2 %: we chose it."""

_VECTOR_TAG = Tag("FrameTimeVector")

_UNREADABLE = (TypeError, ValueError, ArithmeticError)
"""What pydicom raises where a value is not what its type demands."""

_SEQUENCING = {0: PlayMode.LOOP, 1: PlayMode.SWEEP}
"""Enumerated values of Preferred Playback Sequencing."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What a header says of time.

    Attributes:
        times_s: When each frame is shown, from the first; None where they follow evenly.
    """

    rate: FrameRate
    times_s: tuple[float, ...] | None = None
    playback: Playback = Playback()  # noqa: RUF009 - frozen, and the same for all

    def of_first(self, held: int) -> Timing:
        """Return the same for a file that holds only the first ``held`` of its frames."""
        times_s = self.times_s[:held] if self.times_s is not None else None
        trim = self.playback.trim
        is_there = trim is not None and trim[1] < held
        return Timing(self.rate, times_s, Playback(self.playback.mode, trim if is_there else None))

    def or_else(self, stream_hz: float | None) -> Timing:
        """Return the same at the rate of a video's stream, where the header states none."""
        if stream_hz is None or self.rate.source is not RateSource.ASSUMED:
            return self
        return replace(self, rate=FrameRate(stream_hz, RateSource.CONTAINER, self.rate.remarks))


@dataclass(frozen=True, slots=True)
class _Stated:
    """One source's word: a rate, or a doubt."""

    source: RateSource
    hz: float | None
    doubt: RateDoubt | None = None
    times_s: tuple[float, ...] | None = None


def timing_of(dataset: Dataset, count: int) -> Timing:
    """Return rate, times and wishes of a cine; times in the file are in milliseconds (PS3.3 C.7.6.5).

    Args:
        count: NumberOfFrames, as the header promises it.
    """
    stated = [each for each in _stated(dataset, count) if each is not None]
    chosen = next((each for each in stated if each.doubt is None and each.hz is not None), None)
    hz = chosen.hz if chosen is not None and chosen.hz is not None else ASSUMED_RATE_HZ
    remarks = tuple(_remarks(stated, chosen, hz))
    times_s = chosen.times_s if chosen is not None else None
    source = chosen.source if chosen is not None else RateSource.ASSUMED
    rate = FrameRate(hz, source, remarks, is_uneven=times_s is not None)
    return Timing(rate, times_s, Playback(_mode(dataset), _trim(dataset, count)))


def _stated(dataset: Dataset, count: int) -> list[_Stated | None]:
    frame_time = _from_interval(dataset)
    vector = _from_vector(dataset, count)
    pair = [vector, frame_time] if _points_to_vector(dataset) else [frame_time, vector]
    return [
        *pair,
        _from_rate(dataset, "CineRate", RateSource.CINE_RATE),
        _from_rate(dataset, "RecommendedDisplayFrameRate", RateSource.RECOMMENDED_RATE),
    ]


def _remarks(stated: list[_Stated], chosen: _Stated | None, hz: float) -> Iterator[RateRemark]:
    for each in stated:
        if each is chosen:
            continue
        if each.doubt is not None:
            yield RateRemark(each.source, each.doubt, each.hz)
        elif each.hz is not None and (not _agree(each.hz, hz) or (each.times_s is not None)):
            yield RateRemark(each.source, RateDoubt.DISAGREES, each.hz)


def _agree(one: float, other: float) -> bool:
    return abs(one - other) < max(_AGREE_HZ, _AGREE_SHARE * other)


def _from_interval(dataset: Dataset) -> _Stated | None:
    if not _is_stated(dataset, "FrameTime"):
        return None
    milliseconds = number_of(dataset, "FrameTime")
    return _judged(RateSource.FRAME_TIME, 1000.0 / milliseconds if milliseconds else None)


def _from_rate(dataset: Dataset, keyword: str, source: RateSource) -> _Stated | None:
    return _judged(source, number_of(dataset, keyword)) if _is_stated(dataset, keyword) else None


def _judged(source: RateSource, hz: float | None) -> _Stated:
    slowest, fastest = _SENSIBLE_RATES_HZ
    if hz is None or not slowest <= hz <= fastest:
        return _Stated(source, None, RateDoubt.NONSENSE)
    return _Stated(source, hz)


def _from_vector(dataset: Dataset, count: int) -> _Stated | None:
    """Return what the increments come to; the first belongs to no pair of frames and is 0 (C.7.6.5.1.2)."""
    source, increments_ms = RateSource.FRAME_TIME_VECTOR, numbers_of(dataset, "FrameTimeVector")
    if not increments_ms:
        return _Stated(source, None, RateDoubt.NONSENSE) if _is_stated(dataset, "FrameTimeVector") else None
    if len(increments_ms) != count:
        return _Stated(source, None, RateDoubt.WRONG_COUNT)
    steps_s = [each / 1000.0 for each in increments_ms[1:]]
    slowest, fastest = _SENSIBLE_RATES_HZ
    if not steps_s or any(not 1.0 / fastest <= step <= 1.0 / slowest for step in steps_s):
        return _Stated(source, None, RateDoubt.NONSENSE)
    hz = len(steps_s) / sum(steps_s)
    is_even = max(steps_s) - min(steps_s) <= _EVEN * max(steps_s)
    times_s = (0.0, *accumulate(steps_s))
    # A step that vanishes in the sum would give two frames one moment.
    grows = all(after > before for before, after in pairwise(times_s))
    return _Stated(source, hz, None if grows else RateDoubt.NONSENSE, None if is_even else times_s)


def _points_to_vector(dataset: Dataset) -> bool:
    try:
        pointer: Any = dataset.get("FrameIncrementPointer")
    except _UNREADABLE:
        return False
    tags = [pointer] if isinstance(pointer, int) else list(pointer or ())
    return _VECTOR_TAG in tags


def _is_stated(dataset: Dataset, keyword: str) -> bool:
    """Whether there is a value, be it readable or not."""
    try:
        return dataset.get(keyword) not in (None, "")
    except _UNREADABLE:
        return True


def _mode(dataset: Dataset) -> PlayMode | None:
    number = number_of(dataset, "PreferredPlaybackSequencing")
    return _SEQUENCING.get(int(number)) if number is not None and number == int(number) else None


def _trim(dataset: Dataset, count: int) -> tuple[int, int] | None:
    """Return the first and last frame to be shown, from 0; None where the numbers name no part of this cine."""
    start, stop = number_of(dataset, "StartTrim"), number_of(dataset, "StopTrim")
    if start is None and stop is None:
        return None
    first = int(start) if start is not None else 1
    last = int(stop) if stop is not None else count
    if not 1 <= first < last <= count or (first, last) == (1, count):
        return None
    return first - 1, last - 1

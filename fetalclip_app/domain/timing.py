"""When each frame of a cine is shown: its rate and who says so, its moments, and the order of loop and sweep."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate, pairwise

ASSUMED_RATE_HZ = 30.0
"""Of several frames in a file that is silent about their rate; marked ASSUMED wherever it is shown."""


class RateSource(StrEnum):
    """Who says how fast a cine plays."""

    FRAME_TIME = "frame_time"
    FRAME_TIME_VECTOR = "frame_time_vector"
    CINE_RATE = "cine_rate"
    RECOMMENDED_RATE = "recommended_rate"
    CONTAINER = "container"
    ASSUMED = "assumed"


class RateDoubt(StrEnum):
    """Why a stated rate is not the one that plays."""

    NONSENSE = "nonsense"
    """Zero, negative, no number, or nothing that a scanner could have meant."""

    WRONG_COUNT = "wrong_count"
    """Not one time for each frame."""

    DISAGREES = "disagrees"
    """A sensible rate, but another one."""


@dataclass(frozen=True, slots=True)
class RateRemark:
    """A rate that the file states and that does not play.

    Attributes:
        hz: Frames per second that it comes to; None where it comes to none.
    """

    source: RateSource
    doubt: RateDoubt
    hz: float | None = None


@dataclass(frozen=True, slots=True)
class FrameRate:
    """Frames per second (their mean, where the frames follow unevenly), and who says so.

    Attributes:
        remarks: What else the file states and does not agree.
        is_uneven: Each frame has a time of its own.
    """

    hz: float
    source: RateSource
    remarks: tuple[RateRemark, ...] = ()
    is_uneven: bool = False


class PlayMode(StrEnum):
    """What follows the last frame."""

    LOOP = "loop"
    SWEEP = "sweep"
    ONCE = "once"


@dataclass(frozen=True, slots=True)
class Playback:
    """How a file wants to be played.

    Attributes:
        mode: LOOP or SWEEP (PS3.3 C.7.6.5, Preferred Playback Sequencing); None where the file is silent.
        trim: First and last frame to be shown, from 0 (Start and Stop Trim); None where the file is silent.
    """

    mode: PlayMode | None = None
    trim: tuple[int, int] | None = None


def dwell_times(count: int, hz: float, times_s: Sequence[float] | None = None) -> tuple[float, ...]:
    """Return how long each frame stands, in seconds; the last one, which nothing follows, for the mean.

    A frame that shares its moment with the next one stands for no time: its place is taken at once.

    Args:
        hz: Mean rate.
        times_s: When each frame begins, from the first; None where they follow evenly.

    Raises:
        ValueError: No rate, another number of times than of frames, or times that go back.
    """
    if not hz > 0:
        raise ValueError(f"{hz} frames per second")
    if times_s is None:
        return (1.0 / hz,) * count
    dwell = tuple(after - before for before, after in pairwise(times_s))
    if len(times_s) != count or any(not each >= 0 for each in dwell):
        raise ValueError(f"{len(times_s)} times of {count} frames go back")
    return (*dwell, 1.0 / hz)


@dataclass(frozen=True, slots=True)
class Round:
    """Once through a part of a cine, as it is played: forward, or forward and back.

    Sweeping repeats neither end (1 2 3 4 3 2 1 2 ..., as the standard has it), and each frame stands as long on the
    way back as on the way there.

    Attributes:
        frames: Numbers of the frames in the order played.
        dwell_s: How long each of them stands.
    """

    frames: tuple[int, ...]
    dwell_s: tuple[float, ...]
    _ends_s: tuple[float, ...] = field(init=False, repr=False)
    _turn: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ends_s", tuple(accumulate(self.dwell_s)))
        object.__setattr__(self, "_turn", max(self.frames) - self.frames[0])

    @classmethod
    def of(cls, dwell_s: Sequence[float], mode: PlayMode, first: int, last: int) -> Round:
        """Return the round through frames ``first`` to ``last``, both of which are shown.

        A part whose frames all share one moment has no pace of its own: each of them stands for the cine's mean.

        Raises:
            ValueError: Not inside the cine, or a cine that takes no time.
        """
        if not 0 <= first <= last < len(dwell_s):
            raise ValueError(f"frames {first} to {last} of {len(dwell_s)}")
        there = range(first, last + 1)
        back = range(last - 1, first, -1) if mode is PlayMode.SWEEP else range(0)
        frames = (*there, *back)
        played_s = tuple(dwell_s[frame] for frame in frames)
        if any(played_s):
            return cls(frames, played_s)
        mean_s = sum(dwell_s) / len(dwell_s)
        if not mean_s > 0:
            raise ValueError(f"{len(dwell_s)} frames take no time")
        return cls(frames, (mean_s,) * len(frames))

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def period_s(self) -> float:
        """Seconds of one round."""
        return self._ends_s[-1]

    def frame(self, step: int) -> int:
        """Return the frame of a step; steps go on counting from round to round."""
        return self.frames[step % len(self.frames)]

    def begins_s(self, step: int) -> float:
        """Return when a step begins, in seconds from the beginning of round 0."""
        rounds, place = divmod(step, len(self.frames))
        return rounds * self.period_s + (self._ends_s[place - 1] if place else 0.0)

    def step_at(self, elapsed_s: float) -> int:
        """Return the step that is due at a time; a microsecond early counts as there."""
        rounds, rest = divmod(elapsed_s + 1e-6, self.period_s)
        place = min(bisect_right(self._ends_s, rest), len(self.frames) - 1)
        return int(rounds) * len(self.frames) + place

    def step_of(self, frame: int, *, backward: bool = False) -> int:
        """Return the step of round 0 that shows ``frame``, on the way back where asked and where there is one.

        A frame outside the round is taken for the nearest end.
        """
        there = min(max(frame - self.frames[0], 0), self._turn)
        is_on_way_back = backward and 0 < there < self._turn and len(self.frames) > self._turn + 1
        return len(self.frames) - there if is_on_way_back else there

    def goes_back(self, step: int) -> bool:
        """Whether a step lies on the way back."""
        return step % len(self.frames) > self._turn

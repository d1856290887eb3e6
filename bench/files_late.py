"""How late the frames of a cine were painted: worked out from what was on the screen, and when.

*Due.* Play was pressed at ``pressed_s`` with frame f on the screen: frame f + k is due at ``pressed_s`` + k / rate.
*Late.* A due frame is late where its first paint ended more than half a frame time after it was due, or where it was
never painted before the next one was due plus that half: dropped frames are late frames. One painted more than 2 ms
before it was due is counted with them: time is not to be dropped either.
All that were due half a frame time before pause was pressed count, whether anything was painted still or not.
*Rate.* Frames that the cine went on by, over the time between the first and the last paint; where the next one was
overdue when pause was pressed, to the time when it should have come after that one at the latest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

EARLY_S = 0.002


@dataclass(frozen=True, slots=True)
class Paint:
    """One paint of the picture: when it ended, and which frame its pixels were."""

    ended_s: float
    number: int


@dataclass(frozen=True, slots=True)
class Lateness:
    """What was found.

    Attributes:
        due: Frames whose turn came.
        late: Those that were late, early or never shown.
        never_shown: Of these, those that were never painted in their turn.
        rate_hz: Pace at which the cine went on.
        worst_s: Largest delay of a frame that was painted.
    """

    due: int
    late: int
    never_shown: int
    rate_hz: float
    worst_s: float

    @property
    def share(self) -> float:
        """Late ones among those due, 0 to 1."""
        return self.late / self.due if self.due else 1.0


def judge(
    paints: Sequence[Paint], *, pressed_s: float, released_s: float, loop: tuple[int, int], hz: float
) -> Lateness:
    """Return how late a looping cine was.

    Args:
        paints: In the order of time.
        pressed_s, released_s: When play and pause were pressed; what was painted outside does not count.
        loop: Frame that was on the screen when play was pressed, and frames of the cine.

    Raises:
        ValueError: Less than a frame's time lies between.
    """
    half_s = 0.5 / hz
    last = int((released_s - half_s - pressed_s) * hz)
    if last < 1:
        raise ValueError(f"played for {released_s - pressed_s:.3f} s")
    inside = [paint for paint in paints if pressed_s <= paint.ended_s <= released_s]
    turns = [(paint.ended_s, _turn(paint, pressed_s, loop, hz)) for paint in inside]
    begun: dict[int, float] = {}
    for ended_s, turn in turns:
        begun.setdefault(turn, ended_s)
    delays = {turn: begun[turn] - pressed_s - turn / hz for turn in range(1, last + 1) if turn in begun}
    on_time = sum(-EARLY_S <= delay <= half_s for delay in delays.values())
    rate_hz = _rate(turns, released_s - 1.0 / hz)
    return Lateness(last, last - on_time, last - len(delays), rate_hz, max(delays.values(), default=0.0))


def _rate(turns: Sequence[tuple[float, int]], ends_at_least_s: float) -> float:
    """Return frames a second; a last frame that stood too long counts with the time for which it stood."""
    if not turns:
        return 0.0
    (start_s, start), (end_s, end) = turns[0], turns[-1]
    took_s = max(end_s, ends_at_least_s) - start_s
    return (end - start) / took_s if took_s > 0 else 0.0


def _turn(paint: Paint, pressed_s: float, loop: tuple[int, int], hz: float) -> int:
    """Return how many frames after the first this one is, nearest to where the clock is."""
    first, count = loop
    expected = (paint.ended_s - pressed_s) * hz
    ahead = (paint.number - first) % count
    return ahead + count * round((expected - ahead) / count)

"""Who is told what a reading sees while it is under way, and says where a person looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from fetalclip_app.domain.sight import Sight
from fetalclip_app.progress import Report, silent


class Listener(Protocol):
    """Called on the thread that reads."""

    def planned(self, frames: Sequence[int]) -> None:
        """Hear which frames will be decoded next, in that order."""
        ...

    def seen(self, sight: Sight) -> None:
        """Hear what is known of the clip's frames by now; before the progress that belongs to it is reported."""
        ...

    def looked_at(self) -> int:
        """Return the frame that a person looks at now: reading goes on from there."""
        ...


class _Nobody:
    def planned(self, frames: Sequence[int]) -> None:
        return

    def seen(self, sight: Sight) -> None:
        return

    def looked_at(self) -> int:
        return 0


NOBODY: Listener = _Nobody()
"""Does not want to know."""

Seen = Callable[[Sight], None]

LookedAt = Callable[[], int]


def unseen(sight: Sight) -> None:
    """Look away."""


def nowhere() -> int:
    """Look at no frame in particular: reading begins with the first."""
    return 0


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told what on the way to an answer, in the process that asked for it, and who says where a person looks."""

    report: Report = silent
    seen: Seen = unseen
    looked_at: LookedAt = nowhere

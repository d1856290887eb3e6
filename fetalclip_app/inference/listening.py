"""Who is told what a reading sees while it is under way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fetalclip_app.domain.sight import Sight


class Listener(Protocol):
    """Called on the thread that reads."""

    def planned(self, frames: Sequence[int]) -> None:
        """Hear which frames will be decoded next, in that order."""
        ...

    def seen(self, sight: Sight) -> None:
        """Hear what is known of the clip's frames by now; before the progress that belongs to it is reported."""
        ...


class _Nobody:
    def planned(self, frames: Sequence[int]) -> None:
        return

    def seen(self, sight: Sight) -> None:
        return


NOBODY: Listener = _Nobody()
"""Does not want to know."""

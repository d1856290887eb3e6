"""Which view a clip shows best, and in which of its frames; in what order clips hang."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fetalclip_app.domain.best_frames import BestFrames
from fetalclip_app.domain.notes import ClipNotes
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.tasks.best_frames import best_frames
from fetalclip_app.ui.open_clip import OpenClip

_CANNOT_TELL, _NOT_READ = 10**6, 10**6 + 1
"""Places behind every view."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The frame that stands for a clip.

    Attributes:
        view_key: What it shows; empty where that is not known.
        is_best: It is the view's best frame; else the clip's middle, for want of one.
        is_chosen: A person chose it.
    """

    frame_index: int
    view_key: str = ""
    is_best: bool = False
    is_chosen: bool = False


class BestOfClips:
    """Remembers what the readings say, so that each is worked out once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[ClipReading, BestFrames]] = {}

    def keep_only(self, entries: Sequence[OpenClip]) -> None:
        """Forget the readings of clips that are closed."""
        kept = set(map(id, entries))
        self._known = {key: known for key, known in self._known.items() if key in kept}

    def of(self, entry: OpenClip) -> BestFrames:
        """Return the best frames by the model's order; none before the clip is read."""
        if entry.reading is None:
            return BestFrames({})
        known = self._known.get(id(entry))
        if known is None or known[0] is not entry.reading:
            known = self._known[id(entry)] = entry.reading, best_frames(entry.reading)
        return known[1]

    def standing(self, entry: OpenClip, notes: ClipNotes, view_key: str | None = None) -> Standing:
        """Return the frame that stands for a clip, of one view or of the one that it shows best."""
        key = entry.best_view if view_key is None else view_key
        chosen = notes.best.get(key) if key else None
        if key and chosen is not None and chosen < len(entry.clip):
            return Standing(chosen, key, is_best=True, is_chosen=True)
        candidates = self.of(entry).of(key)
        if candidates:
            return Standing(candidates[0].frame_index, key, is_best=True)
        return Standing(len(entry.clip) // 2, key)


def hung(entries: Sequence[OpenClip]) -> list[OpenClip]:
    """Return clips by view, in the order of the view set; then those that show none, then those not read.

    What is alike keeps its order.
    """
    return sorted(entries, key=_place)


def _place(entry: OpenClip) -> int:
    if entry.reading is None:
        return _NOT_READ
    views = entry.views
    return views.keys.index(entry.best_view) if views is not None and entry.best_view else _CANNOT_TELL

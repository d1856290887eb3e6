"""Writes down what the model sees and answers: as it may be shown now, and nothing that is stale."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.sight import Sight
from fetalclip_app.ui.open_clip import OpenClip, ReadState

Veil = Callable[[Clip, ClipReading], ClipReading]
"""A clip and its reading -> the reading as it is shown now, which may hold answers back."""


class Readings:
    """Each method is told of which clip something was found, as it was then, and returns whether it was taken."""

    def __init__(self) -> None:
        self._veil: Veil = lambda _clip, reading: reading

    def set_veil(self, entries: Iterable[OpenClip], veil: Veil) -> bool:
        """Show every reading as ``veil`` returns it, now and from now on; return whether one is another now."""
        self._veil, is_other = veil, False
        for entry in entries:
            before = entry.reading, entry.so_far
            entry.reading, entry.so_far = (veil(entry.clip, it) if it is not None else None for it in before)
            is_other |= (entry.reading, entry.so_far) != before
        return is_other

    def see(self, entry: OpenClip, clip: Clip, sight: Sight) -> bool:
        """Take what is known by now of a clip that is being read."""
        if entry.clip is not clip or entry.state is not ReadState.READING:
            return False
        entry.sight = sight
        if sight.so_far is not None:
            entry.so_far = self._veil(clip, sight.so_far)
        return True

    def keep(self, entry: OpenClip, clip: Clip, reading: ClipReading) -> bool:
        """Take the whole reading."""
        if entry.clip is not clip:
            return False
        entry.state, entry.error, entry.sight, entry.so_far = ReadState.READ, None, reading.sight, None
        entry.reading = self._veil(clip, reading)
        return True

    def fail(self, entry: OpenClip, clip: Clip, error: Exception) -> bool:
        """Take it that the reading failed."""
        if entry.clip is not clip:
            return False
        entry.state, entry.error = ReadState.FAILED, error
        return True

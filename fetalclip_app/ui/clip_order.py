"""The open clips in their order, each once."""

from __future__ import annotations

from bisect import bisect

from fetalclip_app.domain.clip import Origin
from fetalclip_app.domain.study import Key, identity_of
from fetalclip_app.ui.open_clip import OpenClip


class ClipOrder:
    """Keeps open clips sorted by patient, study, series and instance, in whatever order they come."""

    def __init__(self) -> None:
        self.entries: list[OpenClip] = []
        self._keys: list[Key] = []
        self._same: dict[tuple[object, ...], OpenClip] = {}
        self._copies: list[tuple[OpenClip, OpenClip]] = []
        self._has_new = False

    def add(self, entry: OpenClip) -> bool:
        """Take a clip into its place; False where it is one that is open."""
        same = identity_of(entry.clip)
        if same in self._same:
            self._copies.append((entry, self._same[same]))
            return False
        self._has_new = True
        place = bisect(self._keys, entry.order)
        self._keys.insert(place, entry.order)
        self.entries.insert(place, entry)
        self._same[same] = entry
        return True

    def people(self) -> tuple[Origin, ...]:
        """Return one origin for each way in which files name a patient, in the order of the clips."""
        found: dict[tuple[object, ...], Origin] = {}
        for origin in (entry.clip.origin for entry in self.entries):
            found.setdefault((origin.patient_id, origin.patient_name, origin.is_simulated), origin)
        return tuple(found.values())

    def told_apart(self) -> tuple[tuple[str, ...], OpenClip | None]:
        """Return what was no new clip since the last time: the names of other files with the same, and, where nothing
        was new, the first of the clips that are open already.
        """
        copies, has_new = self._copies, self._has_new
        self._copies, self._has_new = [], False
        names = tuple(entry.clip.name for entry, known in copies if entry.clip.path != known.clip.path)
        return names, copies[0][1] if copies and not has_new else None

    def remove(self, entry: OpenClip) -> None:
        """Take a clip out."""
        place = self.entries.index(entry)
        del self.entries[place], self._keys[place], self._same[identity_of(entry.clip)]

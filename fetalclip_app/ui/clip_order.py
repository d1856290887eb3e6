"""The open clips in their order, each content once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fetalclip_app.domain.clip import Origin
from fetalclip_app.domain.listing import Notice, NoticeKind
from fetalclip_app.domain.study import groups_of
from fetalclip_app.ui.open_clip import OpenClip, ReadState


class ClipOrder:
    """Keeps open clips sorted by patient, study, series and instance, in whatever order they come."""

    def __init__(self) -> None:
        self._entries: list[OpenClip] = []
        self._is_sorted = True
        self._by_identifier: dict[str, list[OpenClip]] = {}
        self._copies: list[tuple[OpenClip, OpenClip]] = []
        self._shared: set[str] = set()
        self._has_new = False

    @property
    def entries(self) -> list[OpenClip]:
        """The clips in their order. Sorted when it is asked for: a new clip may tell where the others belong."""
        if not self._is_sorted:
            self._is_sorted = True
            for entry, group in zip(self._entries, groups_of([it.clip for it in self._entries]), strict=True):
                entry.group = group
            self._entries.sort(key=lambda entry: (entry.group.key, entry.place))
        return self._entries

    def beside(self, entry: OpenClip, step: int) -> OpenClip | None:
        """Return the clip ``step`` places on from one of them, or None beyond the ends."""
        place = self.entries.index(entry) + step
        return self.entries[place] if 0 <= place < len(self.entries) else None

    def next_waiting(self, first: OpenClip | None) -> OpenClip | None:
        """Return the clip to be read next: ``first`` where it waits, then by their order; None where none waits."""
        if first is not None and first.state is ReadState.WAITING and first in self.entries:
            return first
        return next((entry for entry in self.entries if entry.state is ReadState.WAITING), None)

    def alike(self, entry: OpenClip) -> tuple[OpenClip, ...]:
        """Return the clips with the identifier of this one: copies of it, or others that should not bear it."""
        return tuple(self._by_identifier.get(entry.identifier, ()))

    def add(self, entry: OpenClip, same: OpenClip | None = None) -> bool:
        """Take a clip into its place; False where ``same`` is open, which holds the same content."""
        alike = self._by_identifier.setdefault(entry.identifier, [])
        if same in alike and same is not None:
            self._copies.append((entry, same))
            return False
        if alike:
            self._shared.add(entry.identifier)
        alike.append(entry)
        self._entries.append(entry)
        self._is_sorted, self._has_new = False, True
        return True

    def people(self) -> tuple[Origin, ...]:
        """Return one origin for each way in which files name a patient and a study, in the order of the clips."""
        found: dict[tuple[object, ...], Origin] = {}
        for it in (entry.clip.origin for entry in self.entries):
            found.setdefault((it.patient_id, it.patient_name, it.is_simulated, it.study_uid), it)
        return tuple(found.values())

    def told_apart(self) -> tuple[tuple[Notice, ...], OpenClip | None]:
        """Return what is to be said of identifiers since the last time: which other files hold what is open, which
        clips share an identifier; and, where nothing was new, the first of the clips that are open already.
        """
        copies, self._copies = self._copies, []
        shared, self._shared = self._shared, set()
        has_new, self._has_new = self._has_new, False
        hidden = [entry for entry, known in copies if entry.clip.path != known.clip.path]
        sharing = [entry for entry in self.entries if entry.identifier in shared]
        told = ((NoticeKind.COPIES, hidden), (NoticeKind.SHARED_IDENTIFIER, sharing))
        notices = tuple(Notice(kind, "", _names(entries)) for kind, entries in told if entries)
        return notices, copies[0][1] if copies and not has_new else None

    def remove(self, entry: OpenClip) -> None:
        """Take a clip out."""
        self._entries.remove(entry)
        self._by_identifier[entry.identifier].remove(entry)
        if not self._by_identifier[entry.identifier]:
            del self._by_identifier[entry.identifier]
        self._is_sorted = False


def _names(entries: Sequence[OpenClip]) -> tuple[str, ...]:
    """Return the files' names; those that several bear, with the folder before."""
    many = Counter(entry.clip.name for entry in entries)
    return tuple(
        str(entry.clip.path.relative_to(entry.clip.path.parent.parent))
        if many[entry.clip.name] > 1
        else entry.clip.name
        for entry in entries
    )

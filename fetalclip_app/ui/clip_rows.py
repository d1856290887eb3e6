"""The rows of the clip list: which clips, and which of them begin a study."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from fetalclip_app.errors import FetalClipError
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.wording import fetus_title, patients_of, sentence, study_heading
from fetalclip_app.wording.translate import plural

Index = QModelIndex | QPersistentModelIndex
Heading = tuple[str, str]
"""Whose clips follow, which may be empty; and of which study."""

HEADING_ROLE = Qt.ItemDataRole.UserRole + 1
NOTED_ROLE = Qt.ItemDataRole.UserRole + 3
"""In words what a person noted of the clip; empty where nothing."""
FETUS_ROLE = Qt.ItemDataRole.UserRole + 2


class ClipRows(QAbstractListModel):
    """Changes row by row where it can, so that the list neither jumps nor loses what is chosen."""

    def __init__(self, state_of: Callable[[OpenClip], str]) -> None:
        """Make it empty; ``state_of`` says in words how far a clip is."""
        super().__init__()
        self.entries: list[OpenClip] = []
        self._headings: dict[int, Heading] = {}
        self._state_of = state_of
        self.fetus_of: Callable[[OpenClip], str | None] = lambda _entry: ""
        self.noted_of: Callable[[OpenClip], str] = lambda _entry: ""

    @property
    def has_headings(self) -> bool:
        """Whether there is more than one study."""
        return bool(self._headings)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return the number of clips."""
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the clip (user's role), the heading above it, its path, or all of it in words."""
        entry = self.entries[index.row()]
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            heading = ", ".join(filter(None, self._headings.get(id(entry), ())))
            frames = frame_count(entry)
            fetus = self.fetus_of(entry)
            whose = fetus_title(fetus) if fetus != "" else ""
            said = [heading, self._state_of(entry), whose, entry.clip.name, frames, self.noted_of(entry)]
            return ", ".join(filter(None, said))
        if role == Qt.ItemDataRole.ToolTipRole:
            title, noted = self._state_of(entry), self.noted_of(entry)
            return "\n".join(filter(None, [title, noted, str(entry.clip.path), _why_no_picture(entry)]))
        if role == HEADING_ROLE:
            return self._headings.get(id(entry))
        if role == NOTED_ROLE:
            return self.noted_of(entry)
        if role == FETUS_ROLE:
            return self.fetus_of(entry)
        return entry if role == Qt.ItemDataRole.UserRole else None

    def show(self, entries: Sequence[OpenClip]) -> bool:
        """Show these clips; return whether they are others than before."""
        is_other = len(entries) != len(self.entries) or any(
            a is not b for a, b in zip(entries, self.entries, strict=True)
        )
        if is_other:
            self._headings = headings_of(entries)
            self._take_out(entries)
            if not self._put_in(entries):
                self.beginResetModel()
                self.entries = list(entries)
                self.endResetModel()
        if self.entries:
            self.dataChanged.emit(self.index(0), self.index(len(self.entries) - 1))
        return is_other

    def _take_out(self, entries: Sequence[OpenClip]) -> None:
        kept = set(map(id, entries))
        for row in reversed(range(len(self.entries))):
            if id(self.entries[row]) not in kept:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self.entries[row]
                self.endRemoveRows()

    def _put_in(self, entries: Sequence[OpenClip]) -> bool:
        """Insert what is new, run by run; False where what was there is in another order now."""
        known = set(map(id, self.entries))
        row = 0
        while row < len(entries):
            end = row
            while end < len(entries) and id(entries[end]) not in known:
                end += 1
            if end > row:
                self.beginInsertRows(QModelIndex(), row, end - 1)
                self.entries[row:row] = entries[row:end]
                self.endInsertRows()
            elif self.entries[row] is not entries[row]:
                return False
            row = end if end > row else row + 1
        return True


def _why_no_picture(entry: OpenClip) -> str:
    error = entry.thumbnail_error
    return sentence(error) if isinstance(error, FetalClipError) else ""


def frame_count(entry: OpenClip) -> str:
    """Return how many frames a clip has; one is a picture."""
    return plural("1 picture", "{count} frames", len(entry.clip))


def headings_of(entries: Sequence[OpenClip]) -> dict[int, Heading]:
    """Return the heading of each clip that begins a study, by the clip's id(); none where there is one study."""
    firsts = [*entries[:1], *(now for before, now in pairwise(entries) if now.group != before.group)]
    if len(firsts) < 2:
        return {}
    patients = len(patients_of([entry.group.origin for entry in firsts]))
    return {
        id(entry): study_heading(
            entry.group.origin, entry.group.folder.name if entry.group.folder else "", patients=patients
        )
        for entry in firsts
    }

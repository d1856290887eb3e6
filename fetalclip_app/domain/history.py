"""What became of notes: each act with what it changed."""

from __future__ import annotations

from dataclasses import dataclass

from fetalclip_app.domain.notes import Act, ClipNotes, StudyNotes


@dataclass(frozen=True, eq=False, slots=True)
class NotesChange:
    """One act on the notes of a clip.

    Attributes:
        before, after: The notes, or of them the fields that the act changed; the others are at their defaults.
    """

    act: Act
    before: ClipNotes
    after: ClipNotes


History = tuple[NotesChange, ...]
"""The first act first."""


@dataclass(frozen=True, eq=False, slots=True)
class StudyChange:
    """The same of a study."""

    act: Act
    before: StudyNotes
    after: StudyNotes


StudyHistory = tuple[StudyChange, ...]
"""The first act first."""

"""What the archive says of itself: studies of which something is kept, what a check came to, what went out and in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

BEFORE_FIRST = "0" * 64
"""Stands for the hash before the first entry of the trail."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry: whoever knows it sees whether something was taken from the end."""

    number: int = 0
    hash: str = BEFORE_FIRST


class FlawKind(StrEnum):
    """What can be wrong with an archive."""

    PAGES = "pages"
    """SQLite finds its file damaged."""
    TABLES = "tables"
    """A table, index or trigger is not as this program makes it."""
    HASH = "hash"
    """An entry of the trail is not what its hash was made of, or does not follow the one before."""
    GAP = "gap"
    """An entry of the trail is missing between two others."""
    CUT = "cut"
    """Entries are missing at the end, or were found to be when the program was opened."""
    CHANGED = "changed"
    """An act, reading or mask is not what it was when it was recorded."""
    LOST = "lost"
    """An act, reading or mask is gone, and no deletion says so."""
    UNRECORDED = "unrecorded"
    """An act, reading or mask of which the trail says nothing."""
    NOTES = "notes"
    """Notes that the acts do not come to."""
    READING = "reading"
    """A reading, a view set or embeddings whose content is not that of its hash."""
    DELETION = "deletion"
    """What counts as deleted is not what the entry of the deletion was made over, or is still there."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong.

    Attributes:
        entry: Number of the trail's entry; None where it is about none.
        where: Table and row, or what SQLite says.
        key: Of the clip or study whose content it is; empty where that is not known.
    """

    kind: FlawKind
    entry: int | None = None
    where: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check came to.

    Attributes:
        head: The last entry: note it down, and a later check is known to be of the same trail.
        acts, readings: How many of them were compared with the trail.
        is_anchored: The trail's last entry was written beside the archive, and could be compared.
    """

    entries: int
    head: Head
    acts: int
    readings: int
    is_anchored: bool
    flaws: tuple[Flaw, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.flaws


@dataclass(frozen=True, slots=True)
class KeptNames:
    """What a study's files say of it.

    Attributes:
        study: `domain.notes.study_key`.
        patient_name, patient_id: As the files write them.
        day: Of the exam, YYYY-MM-DD; empty where the files do not say, or were de-identified with other days.
        last_open: ISO 8601 with the offset from UTC.
    """

    study: str
    patient_name: str
    patient_id: str
    day: str
    description: str
    last_open: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a clip's file lay when it was open last.

    Attributes:
        path: May lead into a ZIP.
    """

    clip: str
    path: str


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for; what is left empty is not asked for.

    Attributes:
        text: Words that must all be there: in names, description, remarks, parts, who did something, files, the key.
        name: Words of the patient's name or identifier.
        since, until: The exam, or something that was done with it, was on one of these days.
        view: Key of a view that a model saw, or a person named.
    """

    text: str = ""
    name: str = ""
    since: date | None = None
    until: date | None = None
    view: str = ""


@dataclass(frozen=True, slots=True)
class FoundStudy:
    """A study of which something is kept.

    Attributes:
        key: `domain.notes.study_key`.
        names: None where they are not kept.
        day: Of the exam, YYYY-MM-DD: by the files, else by a person's word; empty where nobody says.
        clips: How many are kept.
        views: Keys of the views that a model saw, or a person named.
        first_done, last_done: When the first and the last thing was kept, ISO 8601.
        places: Where the files lay, one for each clip at the most.
    """

    key: str
    names: KeptNames | None
    day: str
    clips: int
    views: tuple[str, ...]
    acts: int
    readings: int
    first_done: str
    last_done: str
    places: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """How much was deleted. The record has these counts, and nothing that names the study."""

    clips: int
    acts: int
    readings: int
    masks: int
    embeddings: int


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes:
        missing_pictures: Clips whose picture was wanted, and lies nowhere that the archive knows.
    """

    clips: int
    acts: int
    readings: int
    pictures: int
    missing_pictures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What was new.

    Attributes:
        joined: Studies and clips whose notes were put together from both sides.
    """

    study: str
    acts: int
    readings: int
    masks: int
    view_sets: int
    embeddings: int
    joined: int

    @property
    def is_nothing(self) -> bool:
        """Whether all of it was kept already."""
        return not any((self.acts, self.readings, self.masks, self.view_sets, self.embeddings))

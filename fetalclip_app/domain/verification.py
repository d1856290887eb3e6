"""What can be found of a number when a report is verified."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """In the order of what weighs most."""

    DIFFERS = "differs"
    NOT_CHECKED = "not_checked"
    AGREES = "agrees"


class Why(StrEnum):
    """What a number was compared with when it differed, or why it could not be compared."""

    VALUE = "value"
    """It was computed again, and came out otherwise."""

    NO_VALUE = "no_value"
    """It was computed again, and there is no such number."""

    OTHER_MODEL = "other_model"
    OTHER_PROMPTS = "other_prompts"
    OTHER_HEAD = "other_head"
    OTHER_PREPROCESSING = "other_preprocessing"
    FILE_CHANGED = "file_changed"
    """The file of this name or identifier has another content than the one that was read."""

    REPORT_ITSELF = "report_itself"
    """The report says it twice, and not alike."""

    TRACE = "trace"
    """The report traces it to something else than what it comes from now."""

    UNTRACED = "untraced"
    """The report states it, and not where it comes from."""

    PAGE = "page"
    """The page prints something else."""

    ARCHIVE = "archive"
    """The archive keeps something else."""

    ARCHIVE_GONE = "archive_gone"
    """The archive keeps it no longer."""

    FILE_MISSING = "file_missing"
    FILE_UNREADABLE = "file_unreadable"
    NOT_TOLD = "not_told"
    """It rests on what a person drew or stated, which neither the report nor the archive has."""

    CLIP_MISSING = "clip_missing"
    """A clip of its study could not be read again."""


NOT_COMPARED = frozenset({Why.FILE_MISSING, Why.FILE_UNREADABLE, Why.CLIP_MISSING, Why.NOT_TOLD})
"""Reasons for which nothing can be said of a number."""

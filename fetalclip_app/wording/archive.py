"""The archive in sentences: what is kept, and why something is not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fetalclip_app.errors import ErrorCode, FetalClipError
from fetalclip_app.wording.translate import mark, translate

SENTENCES: dict[ErrorCode, tuple[str, ...]] = {
    ErrorCode.ARCHIVE_BUSY: (mark("Another program is writing to the archive: nothing was done."),),
    ErrorCode.ARCHIVE_DAMAGED: (
        mark("The archive was damaged. It was set aside as {aside}, and a new one was begun."),
        mark("{name} is damaged, or is no archive of this program."),
        mark("The archive is damaged."),
    ),
    ErrorCode.ARCHIVE_FULL: (mark("The disk is full: what you do now is not kept."),),
    ErrorCode.ARCHIVE_LOCKED: (mark("Another program holds the archive: what you do now is not kept yet."),),
    ErrorCode.ARCHIVE_MISSING: (mark("There is no archive yet ({name})."), mark("There is no archive yet.")),
    ErrorCode.ARCHIVE_NEWER: (
        mark("{name} was written by a newer version of this program. It stays as it is, and nothing is kept."),
        mark("The archive was written by a newer version of this program. It stays as it is, and nothing is kept."),
    ),
    ErrorCode.ARCHIVE_NOTES_UNKNOWN: (
        mark("What was kept for this scan cannot be read by this version. It stays as it is."),
    ),
    ErrorCode.ARCHIVE_READ_ONLY: (mark("The archive may not be written to: what you do now is not kept."),),
    ErrorCode.ARCHIVE_UNREACHABLE: (
        mark("The archive cannot be reached ({problem}): what you do now is not kept."),
        mark("The archive cannot be reached: what you do now is not kept."),
    ),
    ErrorCode.STUDY_FILE_DAMAGED: (
        mark("{name} is damaged, or is no study of this program: {problem}. Nothing was imported."),
        mark("{name} is damaged, or is no study of this program. Nothing was imported."),
        mark("This file is damaged, or is no study of this program. Nothing was imported."),
    ),
    ErrorCode.STUDY_FILE_NEWER: (
        mark("{name} was written by a newer version of this program. Nothing was imported."),
        mark("The file was written by a newer version of this program. Nothing was imported."),
    ),
    ErrorCode.STUDY_NOT_KEPT: (mark("Nothing is kept of this study."),),
}

HINTS: dict[ErrorCode, tuple[str, ...]] = {
    ErrorCode.ARCHIVE_BUSY: (mark("Close other windows of this program, and try again."),),
    ErrorCode.ARCHIVE_DAMAGED: (mark("Nothing was deleted. What was done before lies in the file set aside."),),
    ErrorCode.ARCHIVE_FULL: (mark("Free some space. What waits is written as soon as there is room."),),
    ErrorCode.ARCHIVE_LOCKED: (mark("It is tried again by itself. Close other windows of this program."),),
    ErrorCode.ARCHIVE_MISSING: (mark("It is begun with the first thing that is done in the window."),),
    ErrorCode.ARCHIVE_NEWER: (mark("Use the newer version, or another folder (FETALCLIP_STUDIO_HOME)."),),
    ErrorCode.ARCHIVE_NOTES_UNKNOWN: (
        mark("Nothing can be noted for it here. Use the version of this program that wrote it."),
    ),
    ErrorCode.ARCHIVE_READ_ONLY: (mark("Ask for the right to write there, and start the program again."),),
    ErrorCode.ARCHIVE_UNREACHABLE: (mark("Look at its folder, and start the program again."),),
    ErrorCode.STUDY_FILE_DAMAGED: (mark("Have it exported and sent again."),),
    ErrorCode.STUDY_FILE_NEWER: (mark("Import it with that version."),),
    ErrorCode.STUDY_NOT_KEPT: (mark("Find a study lists those of which something is kept."),),
}


def view_set_undo() -> str:
    """Return what undo calls the choice of a set of views."""
    return translate("View set")


def view_set_again(names: Sequence[str]) -> str:
    """Return that a study's sets of views are chosen again."""
    return translate("This study was read with {names}: chosen again.").format(names=", ".join(names))


def other_view_set(names: Sequence[str]) -> tuple[str, str]:
    """Return that a study was read with other sets than those of now, and what helps."""
    sentence = translate("This study was read with {names}, and is read with another view set now.")
    return sentence.format(names=", ".join(names)), translate("Choose it under 'View sets' in the model menu.")


def archive_saved(at: datetime) -> str:
    """Return that everything done so far is on disk."""
    return translate("archive saved {time}").format(time=f"{at:%H:%M:%S}")


def archive_not_saved(error: FetalClipError | None) -> str:
    """Return that something done is not on disk; or that it is, in a new archive."""
    if error is not None and error.code is ErrorCode.ARCHIVE_DAMAGED:
        return translate("archive: begun anew")
    return translate("archive: not saved")

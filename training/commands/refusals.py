"""Wrong input ends in one sentence: which errors are about what the user named, and how they are said."""

from __future__ import annotations

from types import TracebackType

from fetalclip_app.errors import FetalClipError

_OWN = ("training.", "fetalclip_app.")


def sentence_of(error: Exception) -> str | None:
    """Return what a user may read of an error, or None for a mistake of the program, which keeps its traceback.

    A `ValueError` or `FloatingPointError` is a sentence where this program's own code raised it; one that NumPy or
    torch raised tells of a mistake. An `OSError` is about a file, wherever it was raised.
    """
    if isinstance(error, FetalClipError):
        from fetalclip_app import wording  # noqa: PLC0415 - only an error needs it

        return f"{wording.sentence(error)} {wording.hint(error)}"
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
    if isinstance(error, ValueError | FloatingPointError) and _module_of(error.__traceback__).startswith(_OWN):
        return str(error)
    return None


def _module_of(traceback: TracebackType | None) -> str:
    """Return the name of the module that raised."""
    name = ""
    while traceback is not None:
        name, traceback = traceback.tb_frame.f_globals.get("__name__", ""), traceback.tb_next
    return name

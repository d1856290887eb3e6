"""Wrong input ends in one sentence: which errors are about what the user named, and how they are said."""

from __future__ import annotations

import dis
from types import TracebackType

from fetalclip_app.errors import FetalClipError

_OWN = ("training.", "fetalclip_app.")


def sentence_of(error: Exception) -> str | None:
    """Return what a user may read of an error, or None for a mistake of the program, which keeps its traceback.

    A `ValueError` or `FloatingPointError` is a sentence where a ``raise`` of this program's own modules raised it; one
    that Python, NumPy or torch raised tells of a mistake. An `OSError` is about a file, wherever it was raised.
    """
    if isinstance(error, FetalClipError):
        from fetalclip_app import wording  # noqa: PLC0415 - only an error needs it

        return f"{wording.sentence(error)} {wording.hint(error)}"
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
    if isinstance(error, ValueError | FloatingPointError) and _is_raised_here(error.__traceback__):
        return str(error)
    return None


def _is_raised_here(traceback: TracebackType | None) -> bool:
    """Whether a ``raise`` of this program's own modules raised.

    The module alone does not tell: compiled code has no frame, so the last one of its errors is its caller's, and only
    the instruction there, a call or an addition, says that it was not raised by hand. `co_code` is what was compiled,
    whatever the interpreter has specialised or traced since.
    """
    if traceback is None:
        return False
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    frame, place = traceback.tb_frame, traceback.tb_lasti
    code = frame.f_code.co_code
    is_own = frame.f_globals.get("__name__", "").startswith(_OWN)
    return is_own and 0 <= place < len(code) and dis.opname[code[place]] == "RAISE_VARARGS"

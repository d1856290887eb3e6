"""The border to foreign bytes: whatever other people's decoders raise or warn of becomes one kind of error.

Warnings. Files from scanners break value rules, and the libraries say so by `warnings`. A user must never read
those lines, and the suite runs with warnings as errors. `warnings.catch_warnings` swaps the filter list of the
whole process and is not safe where several threads decode. So filters are *added*, once, and only for modules that
read: pydicom's value checks are switched off for reading (they live in `pydicom.valuerep`, which writing uses too
and which therefore keeps its warnings), and the log lines of pydicom and Pillow, which can quote values of a patient,
are dropped.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydicom import config as pydicom_config

from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.progress import Cancelled

MAX_PIXELS = 64_000_000
"""Pixels of one frame. Ultrasound stays below 9 million; a frame of this size takes 192 MB as RGB."""

MAX_SIDE = 16_384
"""Longest side of a frame: the network's input is padded to a square of it."""

MAX_FRAMES = 100_000
"""Frames of one clip: close to an hour at 30 a second."""

_LONGEST_WORDS = 160
"""Letters of a file's own words that an error repeats: the longest name of a transfer syntax with its UID fits in."""

_LIMIT = f"{MAX_PIXELS // 1_000_000} megapixels, {MAX_SIDE} pixels a side, {MAX_FRAMES} frames"

_SPEAKERS = (
    r"pydicom\.(filereader|fileutil|charset|values|encaps|multival|sequence|dataset|dataelem|uid|misc|pixels|util|hooks)",
    r"PIL\.",
)
_FILTERS = tuple(("ignore", None, Warning, speaker, 0) for speaker in _SPEAKERS)


def hush() -> None:
    """Keep the reading libraries' warnings to themselves; costs microseconds when it is done already."""
    present = {(f[0], f[2], getattr(f[3], "pattern", f[3])) for f in warnings.filters if f[3] is not None}
    for action, _, category, speaker, _ in _FILTERS:
        if (action, category, speaker) not in present:
            warnings.filterwarnings("ignore", category=category, module=speaker)
    pydicom_config.settings.reading_validation_mode = pydicom_config.IGNORE
    for speaker in ("pydicom", "PIL"):
        logger = logging.getLogger(speaker)
        if logger.level != logging.CRITICAL:  # setting it empties the level caches of all loggers, at every frame
            logger.setLevel(logging.CRITICAL)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn everything that reading ``path`` can raise into `UnreadableFile`, with the cause attached.

    The one broad ``except`` of this room: the bytes are foreign and pass through pydicom, Pillow, FFmpeg and the C
    libraries below them, and what those raise on damaged input is not a closed list.
    """
    hush()
    try:
        yield
    except (UnreadableFile, Cancelled):
        raise
    except FileNotFoundError as error:
        # FFmpeg raises it, too, for things that a damaged container only mentions.
        code = ErrorCode.FILE_DAMAGED if path.exists() else ErrorCode.FILE_MISSING
        raise UnreadableFile(code, name=path.name) from error
    except PermissionError as error:
        raise UnreadableFile(ErrorCode.FILE_MISSING, name=path.name, reason="permission") from error
    except MemoryError as error:
        if hasattr(error, "errno"):  # FFmpeg's: a damaged container made up a size that it does not even try
            raise UnreadableFile(ErrorCode.FILE_DAMAGED, name=path.name) from error
        raise UnreadableFile(ErrorCode.FILE_TOO_LARGE, name=path.name, limit=_LIMIT) from error
    except EOFError as error:
        raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name=path.name) from error
    except Exception as error:
        raise UnreadableFile(_code_of(error), name=path.name) from error


def _code_of(error: Exception) -> ErrorCode:
    """Tell a file that ends too early from one that is wrong; Pillow says it in words only."""
    words = str(error).lower()
    return ErrorCode.FILE_TRUNCATED if "truncated" in words else ErrorCode.FILE_DAMAGED


def readable(text: str) -> str:
    """Return what a file says as words for an error: a damaged length can make a code of a thousand odd letters."""
    kept = "".join(letter if letter.isprintable() else "?" for letter in text[:_LONGEST_WORDS])
    return kept if len(text) <= _LONGEST_WORDS else f"{kept}…"


def check_size(path: Path, *, height: int, width: int, frames: int = 1) -> None:
    """Refuse an absurd picture before anything is allocated for it.

    Raises:
        UnreadableFile: FILE_DAMAGED for no pixels at all, FILE_TOO_LARGE above the limits.
    """
    if height <= 0 or width <= 0 or frames <= 0:
        raise UnreadableFile(ErrorCode.FILE_DAMAGED, name=path.name)
    if height * width > MAX_PIXELS or max(height, width) > MAX_SIDE or frames > MAX_FRAMES:
        raise UnreadableFile(ErrorCode.FILE_TOO_LARGE, name=path.name, limit=_LIMIT)

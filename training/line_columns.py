"""Columns of a manifest that tell where measured lines end: ``line:bpd`` holds ``x1 y1 x2 y2``."""

from __future__ import annotations

import math
from collections.abc import Iterable

from fetalclip_app.domain.landmarks import LINES
from fetalclip_app.tasks.lines import VIEW_OF
from training.manifest import LineOfSample

LINE = "line:"
"""Columns that begin so are lines."""

COLUMNS = tuple(f"{LINE}{name}" for lines in LINES.values() for name in lines)


def parsed(column: str, text: str) -> LineOfSample:
    """Return a line's name and its ends as (x1, y1, x2, y2), in pixels of the file as it is.

    Raises:
        ValueError: These are not four numbers, or both ends are the same.
    """
    try:
        x1, y1, x2, y2 = (float(part) for part in text.split())
    except ValueError as error:
        raise ValueError(f"{text!r} are not four numbers x1 y1 x2 y2 with spaces between") from error
    if not all(math.isfinite(value) for value in (x1, y1, x2, y2)):
        raise ValueError(f"{text!r} are not four numbers")
    if (x1, y1) == (x2, y2):
        raise ValueError(f"{text!r} is no line: both ends are the same")
    return column.removeprefix(LINE), (x1, y1, x2, y2)


def as_text(line: LineOfSample) -> tuple[str, str]:
    """Return the column and the text that `parsed` reads."""
    name, ends = line
    return f"{LINE}{name}", " ".join(f"{value:.17g}" for value in ends)


def structure_of(names: Iterable[str], plane: str | None) -> str | None:
    """Return the structure that lines are of; None without any.

    Raises:
        ValueError: They are of several, or of another than the plane shows; a picture has one section.
    """
    found = sorted({structure for structure, lines in LINES.items() if set(lines) & set(names)})
    if len(found) > 1:
        raise ValueError(f"lines of {' and '.join(found)} on one picture")
    if not found:
        return None
    if plane is not None and plane != VIEW_OF[found[0]]:
        raise ValueError(f"a line of the {found[0]}, but the plane is {plane}")
    return found[0]

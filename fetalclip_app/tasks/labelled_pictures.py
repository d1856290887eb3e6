"""Labelled pictures of the user's own: a folder for each label, or a table."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from fetalclip_app.errors import ErrorCode, InvalidInput

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".dcm"})

FILE, LABEL, PATIENT = "file", "label", "patient"
"""Columns of a table; the last may be missing."""


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """A picture and what it shows.

    Attributes:
        patient: Whose it is; empty where nobody said.
    """

    path: Path
    label: str
    patient: str = ""


def labelled_pictures(place: Path) -> tuple[LabelledPicture, ...]:
    """Return the pictures of a folder, whose subfolders are the labels, or of a CSV file.

    Raises:
        InvalidInput: There are none, or the table lacks a column.
    """
    found = _in_folder(place) if place.is_dir() else _in_table(place)
    if not found:
        raise InvalidInput(ErrorCode.MANIFEST_INVALID, name=place.name, problem="there are no labelled pictures in it")
    return found


def _in_folder(folder: Path) -> tuple[LabelledPicture, ...]:
    return tuple(
        LabelledPicture(path, label.name)
        for label in sorted(folder.iterdir())
        if label.is_dir()
        for path in sorted(label.iterdir())
        if path.suffix.casefold() in ENDINGS
    )


def _in_table(table: Path) -> tuple[LabelledPicture, ...]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(ErrorCode.MANIFEST_INVALID, name=table.name, problem="it is no table of text") from error
    if rows and not {FILE, LABEL} <= set(rows[0]):
        raise InvalidInput(ErrorCode.MANIFEST_INVALID, name=table.name, problem=f"it needs columns {FILE} and {LABEL}")
    return tuple(
        LabelledPicture(table.parent / row[FILE], row[LABEL].strip(), (row.get(PATIENT) or "").strip())
        for row in rows
        if row[FILE] and (row[LABEL] or "").strip()
    )

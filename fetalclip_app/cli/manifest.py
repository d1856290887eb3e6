"""What is to be read: paths, folders and the rows of a manifest, each with its stated scale."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fetalclip_app.cli.speak import say
from fetalclip_app.domain.notes import FETUSES
from fetalclip_app.errors import ErrorCode, FetalClipError, InvalidInput
from fetalclip_app.imaging.readers import find
from fetalclip_app.wording import notice_sentence

FILE, PIXEL_MM, FETUS = "file", "pixel_mm", "fetus"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file to read.

    Attributes:
        file: As the user wrote it; the name of its entry in every output.
        pixel_mm: The scale that the user states for it, if any.
        error: Why there is nothing to read here, found before reading.
        fetus: Whose scan it is, as the user states it: one of `FETUSES`, or empty.
    """

    file: str
    path: Path
    pixel_mm: float | None = None
    error: FetalClipError | None = None
    fetus: str = ""


def from_paths(paths: Sequence[Path], pixel_mm: float | None) -> Iterator[Wanted]:
    """Yield the files among ``paths`` and inside their folders and archives, in the order given; tell of the rest."""
    for path in paths:
        try:
            found = find([path])
        except FetalClipError as error:
            yield Wanted(str(path), path, error=error)
            continue
        for notice in found.notices:
            say(notice_sentence(notice))
        for file in found.files:
            yield Wanted(str(file), file, pixel_mm)


def from_manifest(path: Path) -> tuple[Wanted, ...]:
    """Return the rows of a CSV with the columns ``file,pixel_mm`` and perhaps ``fetus``; files are relative to the CSV.

    Raises:
        InvalidInput: Not such a table; the parameters name the line and the problem.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream, skipinitialspace=True)
            if missing := {FILE, PIXEL_MM} - {name.strip() for name in rows.fieldnames or ()}:
                raise _invalid(path, 1, f"the column {' and '.join(sorted(missing))} is missing")
            rows.fieldnames = [name.strip() for name in rows.fieldnames or ()]
            wanted = tuple(_row(path, rows.line_num, row) for row in rows if any(_cells(row)))
    except FileNotFoundError as error:
        raise InvalidInput(ErrorCode.MANIFEST_INVALID, name=path.name, problem="it is not there") from error
    except (OSError, UnicodeError, csv.Error) as error:
        raise InvalidInput(ErrorCode.MANIFEST_INVALID, name=path.name, problem="it is no UTF-8 text table") from error
    if not wanted:
        raise InvalidInput(ErrorCode.MANIFEST_INVALID, name=path.name, problem="it has no rows")
    return wanted


def _cells(row: dict[str, str | None]) -> list[str]:
    return [value.strip() for value in row.values() if isinstance(value, str)]


def _row(manifest: Path, line: int, row: dict[str, str | None]) -> Wanted:
    file, scale = (row.get(FILE) or "").strip(), (row.get(PIXEL_MM) or "").strip()
    if not file:
        raise _invalid(manifest, line, "the file is not named")
    if None in row:
        raise _invalid(manifest, line, "there are more cells than columns; a decimal comma needs to be a point")
    fetus = (row.get(FETUS) or "").strip().upper()
    if fetus and fetus not in FETUSES:
        raise _invalid(manifest, line, f"fetus {fetus!r} is none of {', '.join(FETUSES)}")
    stated = _stated(manifest, line, scale) if scale else None
    return Wanted(file, manifest.parent / file, stated, fetus=fetus)


def _stated(manifest: Path, line: int, scale: str) -> float:
    try:
        value = float(scale)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise _invalid(manifest, line, f"pixel_mm {scale!r} is no positive number of millimetres")
    return value


def _invalid(manifest: Path, line: int, problem: str) -> InvalidInput:
    return InvalidInput(ErrorCode.MANIFEST_INVALID, name=manifest.name, line=line, problem=problem)

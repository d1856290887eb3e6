"""A manifest that a researcher brings: CSV or JSON lines, refused by line and column."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path, PurePosixPath
from typing import Any

from fetalclip_app.domain.age import GestationalAge
from fetalclip_app.domain.views import BRAIN_PLANES, PLANES
from training import line_columns
from training.manifest import SIDES, UNUSED, LineOfSample, Sample, refuse_overlap

LABEL = "label:"
"""Columns that begin so are further labels: ``label:chd``."""

COLUMNS = tuple(field.name for field in fields(Sample) if field.name not in ("labels", "lines"))
KNOWN = (*COLUMNS, *line_columns.COLUMNS)
REQUIRED = ("picture", "group")

UNSTATED = "not stated"
"""The licence of samples whose manifest names none."""

Line = tuple[int, dict[str, str]]
"""Number of a line, from 1, and its values by column; what is empty is left out."""


class ManifestError(ValueError):
    """A manifest that contradicts itself; the sentence names file, line and column."""


def read_manifest(path: Path, split_of: Mapping[str, str] | None = None) -> list[Sample]:
    """Return the samples of a CSV table (``.csv``) or of JSON lines (``.jsonl``).

    Columns are the attributes of `Sample`, ``label:NAME`` for further labels and ``line:NAME`` for the ends of lines
    (`training.line_columns`); picture and group are required.

    Args:
        path: The manifest; paths inside are relative to the data folder, wherever the manifest lies.
        split_of: Group -> split, for manifests without the column split.

    Raises:
        ManifestError: A column is unknown or missing, a value cannot be, a picture stands twice, or a group is on two
            sides of the split.
    """
    samples: list[Sample] = []
    seen: dict[str, int] = {}
    for number, values in _lines(path):
        sample = _sample(path, number, values, split_of)
        if sample.key in seen:
            raise _refusal(path, number, "picture", f"{sample.key!r} stands in line {seen[sample.key]} already")
        seen[sample.key] = number
        samples.append(sample)
    if not samples:
        raise ManifestError(f"{path.name}: it has no rows")
    try:
        refuse_overlap(samples)
    except ValueError as error:
        raise ManifestError(f"{path.name}, column split: {error}") from error
    return samples


def read_groups(path: Path) -> list[str]:
    """Return the groups of a manifest whose split is not drawn yet, each once, in order.

    Raises:
        ManifestError: A line names no group.
    """
    groups: dict[str, None] = {}
    for number, values in _lines(path):
        if "group" not in values:
            raise _refusal(path, number, "group", "it is empty")
        groups[values["group"]] = None
    return list(groups)


def write_manifest(path: Path, samples: Iterable[Sample]) -> None:
    """Write what `read_manifest` reads: the same samples, the same bytes.

    Raises:
        ValueError: The name ends neither in ``.csv`` nor in ``.jsonl``.
    """
    rows = [sample_row(sample) for sample in samples]
    names = sorted({name for row in rows for name in row if name.startswith((LABEL, line_columns.LINE))})
    if path.suffix == ".jsonl":
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        path.write_text(text, encoding="utf-8")
    elif path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as table:
            writer = csv.DictWriter(table, [*COLUMNS, *names], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    else:
        raise ValueError(f"{path.name}: a manifest is .csv or .jsonl")


def sample_row(sample: Sample) -> dict[str, Any]:
    """Return what is known of a sample, by column; what is unknown is left out."""
    known = {name: getattr(sample, name) for name in COLUMNS}
    row = {name: value for name, value in known.items() if value not in (None, "") and value is not False}
    labels = {f"{LABEL}{name}": value for name, value in sample.labels}
    return row | labels | dict(map(line_columns.as_text, sample.lines))


def sample_of(row: Mapping[str, Any], name: str) -> Sample:
    """Return the sample that `sample_row` wrote.

    Args:
        row: Values by column.
        name: Of the file, for refusals.

    Raises:
        ManifestError: A value cannot be.
    """
    path = Path(name)
    return _sample(path, 1, _known(path, 1, row), None)


def _lines(path: Path) -> Iterator[Line]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path.name}: it is no UTF-8 text") from error
    if path.suffix == ".jsonl":
        yield from _json_lines(path, text)
    elif path.suffix == ".csv":
        yield from _table_lines(path, text)
    else:
        raise ManifestError(f"{path.name}: a manifest is .csv or .jsonl")


def _table_lines(path: Path, text: str) -> Iterator[Line]:
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        header = next(reader, [])
        _check_columns(path, 1, header)
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(header):
                raise ManifestError(f"{path.name}, line {reader.line_num}: {len(cells)} cells, not {len(header)}")
            told = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
            yield reader.line_num, {name: cell for name, cell in told.items() if cell}
    except csv.Error as error:
        raise ManifestError(f"{path.name}, line {reader.line_num}: {error}") from error


def _json_lines(path: Path, text: str) -> Iterator[Line]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ManifestError(f"{path.name}, line {number}: no JSON: {error}") from error
        if not isinstance(row, dict):
            raise ManifestError(f"{path.name}, line {number}: no object with columns")
        yield number, _known(path, number, row)


def _known(path: Path, number: int, row: Mapping[str, Any]) -> dict[str, str]:
    _check_columns(path, number, list(row))
    for name, value in row.items():
        if not isinstance(value, str | int | float | None):
            raise _refusal(path, number, name, f"{value!r} is neither text nor number")
    return {name: str(value).strip() for name, value in row.items() if value is not None and str(value).strip()}


def _check_columns(path: Path, number: int, names: list[str]) -> None:
    for name in names:
        if name not in KNOWN and not (name.startswith(LABEL) and len(name) > len(LABEL)):
            raise _refusal(path, number, name, f"no such column; there are {', '.join(KNOWN)} and {LABEL}NAME")
        if names.count(name) > 1:
            raise _refusal(path, number, name, "it stands twice")
    for name in REQUIRED:
        if name not in names:
            raise _refusal(path, number, name, "it is missing")


def _sample(path: Path, number: int, values: dict[str, str], split_of: Mapping[str, str] | None) -> Sample:
    known: dict[str, Any] = {"source": path.stem, "licence": UNSTATED}
    labels = tuple(sorted((name[len(LABEL) :], text) for name, text in values.items() if name.startswith(LABEL)))
    lines: list[LineOfSample] = []
    for name in [name for name in values if not name.startswith(LABEL)]:
        try:
            if name in line_columns.COLUMNS:
                lines.append(line_columns.parsed(name, values[name]))
                line_columns.structure_of([line for line, _ in lines], values.get("plane"))
            else:
                known[name] = _PARSERS.get(name, str)(values[name])
        except ValueError as error:
            raise _refusal(path, number, name, str(error)) from error
    for name in REQUIRED:
        if name not in known:
            raise _refusal(path, number, name, "it is empty")
    if split_of is not None and "split" not in known:
        known["split"] = split_of.get(known["group"])
    if not known.get("split"):
        problem = f"{known['group']!r} has no split; draw one by `python -m training split --manifest`"
        raise _refusal(path, number, "split", problem)
    if "brain_plane" in known and known.get("plane") != "brain":
        raise _refusal(path, number, "brain_plane", f"a sub-plane of the brain, but the plane is {known.get('plane')}")
    if "age_days" in known and "age_source" not in known:
        raise _refusal(path, number, "age_source", "an age without it: write 'stated' or 'formula: ...'")
    return Sample(**known, labels=labels, lines=tuple(sorted(lines)))


def _refusal(path: Path, number: int, column: str, problem: str) -> ManifestError:
    return ManifestError(f"{path.name}, line {number}, column {column}: {problem}")


def _inner_path(text: str) -> str:
    if PurePosixPath(text).is_absolute() or ".." in PurePosixPath(text).parts or "\\" in text or ":" in text[:2]:
        raise ValueError(f"{text!r} is no path inside the data folder (relative, with slashes)")
    return text


def _one_of(names: tuple[str, ...]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in names:
            raise ValueError(f"{text!r} is none of {', '.join(names)}")
        return text

    return parse


def _positive(text: str) -> float:
    value = _number(text)
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{text!r} is no number above 0")
    return value


def _age(text: str) -> float:
    value = _positive(text)
    GestationalAge(round(value))  # refuses what is no gestational age
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no number (with a point, no unit)") from error


def _index(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"{text!r} is no frame, counted from 0")
    return int(text)


def _truth(text: str) -> bool:
    said = {"0": False, "false": False, "no": False, "1": True, "true": True, "yes": True}.get(text.lower())
    if said is None:
        raise ValueError(f"{text!r} is neither 0 nor 1")
    return said


_PARSERS: dict[str, Callable[[str], Any]] = {
    "picture": _inner_path,
    "outline": _inner_path,
    "split": _one_of((*SIDES, UNUSED)),
    "plane": _one_of(PLANES),
    "brain_plane": _one_of(BRAIN_PLANES),
    "augmented": _truth,
    "pixel_mm": _positive,
    "hc_mm": _positive,
    "age_days": _age,
    "frame": _index,
}

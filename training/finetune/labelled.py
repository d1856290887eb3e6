"""Tables of a researcher's own that fine-tunings learn from, and which clips they say what of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.files import sha256_of
from training.manifest import Sample, manifest_hash, read_split, refuse_overlap, table_rows
from training.manifest_file import LABEL, ManifestError, read_manifest
from training.recipe import OwnFiles

TRAIN = "train"
TRUTHS = {"0": 0, "1": 1}


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """A clip below the data folder with its patient and label, 0 or 1."""

    file: str
    group: str
    label: int


@dataclass(frozen=True, slots=True)
class ClipList:
    """Clips that a head may learn from.

    Attributes:
        name: Of the file that lists them.
        facts: What the run's record keeps of it: a hash by name.
        licences: Of the clips, where the list states them.
    """

    name: str
    clips: tuple[LabelledFile, ...]
    facts: dict[str, str]
    licences: tuple[str, ...] = ()


def checked_rows(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Return the rows of a CSV table.

    Raises:
        ManifestError: It is not there or no UTF-8 text, lacks a column or rows, or a row has another number of cells.
    """
    if not path.is_file():
        raise ManifestError(f"{path}: there is no such file")
    try:
        rows = list(table_rows(path, *columns, encoding="utf-8-sig"))
    except ValueError as error:
        raise ManifestError(str(error)) from error
    if not rows:
        raise ManifestError(f"{path.name}: it has no rows")
    for number, row in enumerate(rows, start=1):
        if None in row or None in row.values():
            raise ManifestError(f"{path.name}, row {number}: it has not {len(row.keys() - {None})} cells")
    return rows


def refuse_torn(path: Path, rows: Sequence[dict[str, str]], picture: str) -> None:
    """Pass when every patient is on one side.

    Raises:
        ManifestError: One is on two; the sentence names patient and sides.
    """
    try:
        refuse_overlap(Sample(row[picture], path.stem, row["group"], row["split"]) for row in rows)
    except ValueError as error:
        raise ManifestError(f"{path.name}, column split: {error}") from error


def clips_of_table(data: Path, table: str) -> ClipList:
    """Return the clips of a CSV table with the columns file, group and label; with a column split its ``train``.

    Raises:
        ManifestError: The table contradicts itself, or nothing is for training.
    """
    path = data / table
    rows = checked_rows(path, ("file", "group", "label"))
    if "split" in rows[0]:
        refuse_torn(path, rows, "file")
    for row in rows:
        if row["label"] not in TRUTHS:
            raise ManifestError(f"{path.name}: the label of {row['file']} is neither 0 nor 1")
    clips = [
        LabelledFile(row["file"], row["group"], TRUTHS[row["label"]])
        for row in rows
        if row.get("split", TRAIN) == TRAIN
    ]
    return ClipList(table, _some(path, clips), {"clips_sha256": sha256_of(path)})


def clips_of_manifest(own: OwnFiles, label: str) -> ClipList:
    """Return the training clips of a manifest that its column ``label:NAME`` says something of.

    Raises:
        ManifestError: The manifest contradicts itself, nothing for training has the label, a value is neither 0 nor
            1, or it is told of a frame.
    """
    assert own.manifest is not None
    path = own.manifest
    samples = read_manifest(path, None if own.split_table is None else read_split(own.split_table))
    known = [sample for sample in samples if sample.label(label) is not None]
    if not known:
        names = sorted({name for sample in samples for name, _ in sample.labels})
        raise ManifestError(
            f"{path.name}: there is no {LABEL}{label}; there are the labels {', '.join(names) or 'none'}"
        )
    for sample in known:
        if sample.label(label) not in TRUTHS:
            raise ManifestError(f"{path.name}: {LABEL}{label} of {sample.key} is neither 0 nor 1")
        if sample.frame is not None:
            raise ManifestError(f"{path.name}: {LABEL}{label} of {sample.key} is told of a frame, not of the clip")
    taught = [sample for sample in known if sample.split == TRAIN]
    clips = [LabelledFile(sample.picture, sample.group, TRUTHS[sample.label(label) or ""]) for sample in taught]
    licences = tuple(sorted({sample.licence for sample in taught}))
    return ClipList(path.name, _some(path, clips), {"manifest": manifest_hash(samples)}, licences)


def _some(path: Path, clips: Sequence[LabelledFile]) -> tuple[LabelledFile, ...]:
    if not clips:
        raise ManifestError(f"{path.name}: no clip is for training (column split)")
    return tuple(clips)

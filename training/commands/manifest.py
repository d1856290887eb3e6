"""``manifest``: write a data set in the one form of the trainings, or check a manifest of one's own."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from training.commands.catalog import add_data, needs_data, whole_number
from training.manifest import Sample, read_split, table_rows

SETS = ("hc18", "fetal_planes", "head_structures")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    kinds = parser.add_subparsers(dest="kind", required=True)
    for name in SETS:
        kind = kinds.add_parser(name, help="a published set, with its committed split")
        kind.add_argument("--out", type=Path, required=True, help="a .csv or .jsonl file")
        add_data(kind)
    dicom = kinds.add_parser("dicom", help="a folder of DICOM: spacing from the files, patients by a salted hash")
    dicom.add_argument("folder", type=Path, help="inside the data folder")
    dicom.add_argument("--out", type=Path, required=True, help="a .csv or .jsonl file")
    dicom.add_argument("--salt-file", type=Path, required=True, help="holds the hospital's secret; never publish it")
    dicom.add_argument("--licence", required=True, help="of the pictures")
    dicom.add_argument("--site", default="", help="the hospital")
    dicom.add_argument("--labels", type=Path, help="CSV with the column file and columns of a manifest")
    dicom.add_argument("--names", type=Path, help="JSON: text of a tag -> plane or sub-plane")
    dicom.add_argument("--frames", type=whole_number(0), default=1, help="frames of each clip; 0: the clip as a whole")
    dicom.add_argument("--split-table", type=Path, help="group -> split, as `split` writes it; else all are unused")
    add_data(dicom)
    check = kinds.add_parser("check", help="read a manifest and say what it holds")
    check.add_argument("manifest", type=Path)
    check.add_argument("--split-table", type=Path, help="group -> split, for a manifest without the column split")
    add_data(check)


def run(options: argparse.Namespace) -> None:
    """Write or check.

    Raises:
        SystemExit: A checked manifest names files that are not there.
        ValueError: A manifest, a split or a table contradicts itself.
    """
    if options.kind == "check":
        _check(options)
        return
    from training.manifest_file import write_manifest  # noqa: PLC0415 - help costs no import

    samples = _dicom(options) if options.kind == "dicom" else _published(options.kind, needs_data(options))
    write_manifest(options.out, samples)
    print(_told(samples))


def _published(name: str, data: Path) -> list[Sample]:
    from training.importers.fetal_planes import read_fetal_planes  # noqa: PLC0415
    from training.importers.hc18 import read_hc18  # noqa: PLC0415
    from training.importers.head_structures import read_head_structures  # noqa: PLC0415
    from training.split import SPLITS  # noqa: PLC0415

    if name == "hc18":
        return list(read_hc18(data, read_split(SPLITS / "hc18.csv")))
    split_of = read_split(SPLITS / "fetal_planes.csv")
    if name == "fetal_planes":
        return list(read_fetal_planes(data, split_of, with_spacing=True))
    return list(read_head_structures(data, split_of))


def _dicom(options: argparse.Namespace) -> list[Sample]:
    from training.importers.dicom import DicomFolder, read_dicom_folder  # noqa: PLC0415

    said = DicomFolder(
        data=needs_data(options),
        folder=options.folder,
        salt=options.salt_file.read_text(encoding="utf-8").strip(),
        licence=options.licence,
        site=options.site,
        frames=options.frames,
        names=_names(options.names) if options.names else {},
    )
    rows = list(table_rows(options.labels, "file")) if options.labels else []
    labels = {row["file"]: {name: text for name, text in row.items() if name != "file" and text} for row in rows}
    found = read_dicom_folder(said, labels, read_split(options.split_table) if options.split_table else None)
    for name, reason in found.refused:
        print(f"left out {name}: {reason}")
    return list(found.samples)


def _names(path: Path) -> dict[str, str]:
    try:
        names = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name}: no JSON: {error}") from error
    if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
        raise ValueError(f"{path.name}: no object of texts and the plane or sub-plane that each means")
    return names


def _check(options: argparse.Namespace) -> None:
    from training.manifest_file import read_manifest  # noqa: PLC0415

    data = needs_data(options)
    split_of = read_split(options.split_table) if options.split_table else None
    samples = read_manifest(options.manifest, split_of)
    paths = [path for sample in samples for path in (sample.picture, sample.outline) if path is not None]
    missing = sorted({path for path in paths if not (data / path).is_file()})
    for path in missing:
        print(f"missing: {path}")
    print(_told(samples))
    raise SystemExit(1 if missing else 0)


def _told(samples: Iterable[Sample]) -> str:
    """Return how many pictures and patients each side has."""
    pictures = Counter(sample.split for sample in samples)
    groups = {split: len({sample.group for sample in samples if sample.split == split}) for split in pictures}
    return "; ".join(f"{split}: {count} pictures of {groups[split]} patients" for split, count in pictures.items())

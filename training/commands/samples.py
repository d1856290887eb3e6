"""Which samples a command works on: those of a manifest, or all of the data folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.commands.catalog import needs_data
from training.manifest import Sample, read_split, refuse_overlap


def add_manifest(parser: argparse.ArgumentParser) -> None:
    """Add ``--manifest`` and ``--split-table``."""
    parser.add_argument("--manifest", type=Path, help="instead of HC18 and FETAL_PLANES_DB of the data folder")
    parser.add_argument("--split-table", type=Path, help="group -> split, for a manifest without the column split")


def told_samples(options: argparse.Namespace) -> list[Sample]:
    """Return the samples of the manifest that is named, or of the data folder.

    Raises:
        SystemExit: A file is not there.
        ValueError: A patient is on two sides of the split, or the manifest contradicts itself; the sentence says where.
    """
    refuse_missing(options)
    if options.manifest is not None:
        from training.manifest_file import read_manifest  # noqa: PLC0415 - help costs no import

        return read_manifest(options.manifest, read_split(options.split_table) if options.split_table else None)
    from training.run import all_samples  # noqa: PLC0415 - torch takes seconds

    samples = all_samples(needs_data(options))
    refuse_overlap(samples)
    return samples


def refuse_missing(options: argparse.Namespace, *more: Path | None) -> None:
    """Pass when the files that are named are there.

    Args:
        more: Other files; None where one is not named.

    Raises:
        SystemExit: One is not, or a split is named without its manifest.
    """
    if options.split_table is not None and options.manifest is None:
        raise SystemExit("--split-table is for a --manifest, and none is named")
    for path in (options.manifest, options.split_table, *more):
        if path is not None and not path.exists():
            raise SystemExit(f"{path}: there is no such file")

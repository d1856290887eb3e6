"""``split``: draw the committed splits again, or one for a manifest of one's own."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.commands.catalog import add_data, needs_data


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--manifest", type=Path, help="of one's own, without the column split")
    parser.add_argument("--out", type=Path, help="table of its groups, a .csv file")
    add_data(parser)


def run(options: argparse.Namespace) -> None:
    """Write the tables of `training.split`.

    Raises:
        SystemExit: A manifest is named and no table to write.
    """
    from training import split  # noqa: PLC0415
    from training.manifest_file import read_groups  # noqa: PLC0415

    if options.manifest is None:
        split.draw_all(needs_data(options))
        return
    if options.out is None:
        raise SystemExit("name the table to write by --out")
    split.write(options.out, split.draw(read_groups(options.manifest)))

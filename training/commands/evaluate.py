"""``evaluate``: measure the app's engine on held-out patients."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.commands.catalog import add_data, needs_data


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--split", choices=("validation", "test"), default="validation")
    parser.add_argument("--out", type=Path, required=True, help="a .md file; a .json file is written beside it")
    add_data(parser)


def run(options: argparse.Namespace) -> None:
    """Measure and write the table."""
    from training.bundle import evaluate_bundled  # noqa: PLC0415 - torch takes seconds

    evaluate_bundled(needs_data(options), options.split, options.out)

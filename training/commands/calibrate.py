"""``calibrate``: fit percentages and limits on validation patients."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.commands.catalog import add_data, needs_data
from training.commands.samples import add_manifest, told_samples


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--bundle", type=Path, help="an exported folder; the bundled model if not given")
    add_manifest(parser)
    add_data(parser)


def run(options: argparse.Namespace) -> None:
    """Fit and write into the model's manifest.

    Raises:
        ValueError: The pictures cannot be used, or there are heads among them and the model has no head outline.
    """
    samples = told_samples(options)
    from training.bundle import calibrate_bundled  # noqa: PLC0415 - torch takes seconds

    calibrate_bundled(needs_data(options), samples, options.bundle)

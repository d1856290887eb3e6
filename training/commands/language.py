"""``language``: write which words a model learned, and the pictures that a search compares with."""

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
    """Write both files beside the weights and name them in the manifest.

    Raises:
        ValueError: Too few pictures, or a manifest that contradicts itself.
    """
    samples = told_samples(options)
    from training.language import write_language  # noqa: PLC0415 - torch takes seconds

    write_language(needs_data(options), samples, options.bundle)

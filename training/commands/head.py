"""``head [WHICH]``: train a head on the bundled weights, or an exported folder's, and put it where the app finds it."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.commands.catalog import add_data, needs_data, whole_number
from training.commands.samples import add_manifest, refuse_missing

WHICH = ("outline", "measurements")
"""The outline of the fetal head; end points of BPD, OFD, abdomen diameters and femur."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("which", nargs="?", choices=WHICH, default=WHICH[0])
    parser.add_argument("--steps", type=whole_number(1), help="another number of steps")
    parser.add_argument("--bundle", type=Path, help="an exported folder; the bundled model if not given")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="where checkpoint and log go")
    add_manifest(parser)
    add_data(parser)


def run(options: argparse.Namespace) -> None:
    """Train by the recipe, and copy the head into ``resources/heads`` or the folder's own.

    Raises:
        ValueError: A manifest contradicts itself, or there is nothing to learn from or on.
    """
    from training.head_outline import train_bundled_outline  # noqa: PLC0415 - torch takes seconds
    from training.measurement import train_bundled_measurements  # noqa: PLC0415
    from training.recipe import OwnFiles, RunContext  # noqa: PLC0415

    refuse_missing(options)
    own = OwnFiles(manifest=options.manifest, split_table=options.split_table)
    context = RunContext(needs_data(options), options.out, resume=options.resume, own=own)
    train = train_bundled_measurements if options.which == "measurements" else train_bundled_outline
    train(context, options.steps, options.bundle)

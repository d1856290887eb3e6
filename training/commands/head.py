"""``head [WHICH]``: train a head on the bundled weights and put it where the app finds it."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.commands.catalog import add_data, needs_data

WHICH = ("outline", "measurements")
"""The outline of the fetal head; end points of BPD, OFD, abdomen diameters and femur."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("which", nargs="?", choices=WHICH, default=WHICH[0])
    parser.add_argument("--steps", type=int, help="another number of steps")
    parser.add_argument("--bundle", type=Path, help="outline: an exported folder; the bundled model if not given")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="where checkpoint and log go")
    add_data(parser)


def run(options: argparse.Namespace) -> None:
    """Train by the recipe, and copy the head into ``resources/heads`` or the folder's own."""
    if options.which == "measurements":
        from training.measurement import train_bundled_measurements  # noqa: PLC0415 - torch takes seconds

        train_bundled_measurements(needs_data(options), options.out, options.steps, resume=options.resume)
        return
    from training.head_outline import train_bundled_outline  # noqa: PLC0415

    train_bundled_outline(needs_data(options), options.out, options.steps, options.bundle, resume=options.resume)

"""``head``: train the head outline on the bundled weights."""

from __future__ import annotations

import argparse

from training.commands.catalog import add_data, needs_data


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--steps", type=int, help="another number of steps")
    add_data(parser)


def run(options: argparse.Namespace) -> None:
    """Train and write into ``resources/heads``."""
    from training.bundle import train_bundled_head  # noqa: PLC0415 - torch takes seconds

    train_bundled_head(needs_data(options), options.steps)

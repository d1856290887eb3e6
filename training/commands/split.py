"""``split``: draw the committed splits again."""

from __future__ import annotations

import argparse

from training.commands.catalog import add_data, needs_data


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_data(parser)


def run(options: argparse.Namespace) -> None:
    """Write the tables of `training.split`."""
    from training.split import draw_all  # noqa: PLC0415

    draw_all(needs_data(options))

"""``ablate``: which parts of the compact model's recipe earn their place, at a small budget."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.commands.catalog import add_data, needs_data, whole_number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--page", type=Path, help="a .md file whose table between its marks is replaced")
    parser.add_argument("--seeds", type=whole_number(0), nargs="+", default=[7, 8, 9])
    parser.add_argument("--smoke", action="store_true", help="two steps of everything: it proves the road")
    parser.add_argument("--out", type=Path, default=Path("runs/ablation"), help="for logs and results; it is resumable")
    add_data(parser)


def run(options: argparse.Namespace) -> None:
    """Train every variant with every seed and print the table.

    Raises:
        ValueError: The folder holds an ablation of another configuration.
    """
    from training import ablation  # noqa: PLC0415 - torch takes seconds: only the command that needs it pays
    from training.card import with_table  # noqa: PLC0415
    from training.recipe import RunContext  # noqa: PLC0415

    config = ablation.smoke() if options.smoke else ablation.base()
    context = RunContext(needs_data(options), options.out, smoke=options.smoke)
    scores = ablation.run_all(context, options.seeds, config)
    table = ablation.table(scores)
    print(table)
    if options.page is not None:
        page = options.page.read_text(encoding="utf-8")
        options.page.write_text(with_table(page, table), encoding="utf-8")

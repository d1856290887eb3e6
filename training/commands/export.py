"""``export RUN``: write a run's weights into the app's resources."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.commands.catalog import add_data, needs_data


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("run_folder", metavar="RUN", type=Path, help="folder of the run")
    parser.add_argument("--out", type=Path, help="a new folder that the window loads; the app's resources if not given")
    add_data(parser)


def run(options: argparse.Namespace) -> None:
    """Write weights and a manifest that awaits its calibration.

    Raises:
        SystemExit: The folder is not empty, or the run's network is not the bundled one's.
    """
    from training.bundle import export_run  # noqa: PLC0415 - torch takes seconds

    try:
        export_run(options.run_folder, needs_data(options), options.out)
    except (FileExistsError, ValueError) as error:
        raise SystemExit(str(error)) from error

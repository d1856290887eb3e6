"""``export RUN``: write a run's weights, and the heads that were trained on them, into a model that the app loads."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.commands.catalog import add_data
from training.commands.samples import add_manifest, told_samples
from training.manifest import Sample


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("run_folder", metavar="RUN", type=Path, help="folder of the run")
    parser.add_argument("--out", type=Path, help="a new folder that the window loads; the app's resources if not given")
    parser.add_argument(
        "--head",
        dest="heads",
        metavar="FOLDER",
        type=Path,
        action="append",
        default=[],
        help="a run's finished heads or probes, taken along where they are of these weights; may be repeated",
    )
    parser.add_argument(
        "--mean-with", metavar="WEIGHTS", type=Path, help="weights that the run began with: the mean of both is written"
    )
    add_manifest(parser)
    add_data(parser)


def run(options: argparse.Namespace) -> None:
    """Write weights, heads and a manifest that awaits its calibration.

    Raises:
        FileExistsError: The folder is not empty.
        ValueError: The run's network is not the bundled one's, a head is of other weights, the run did not begin with
            the weights of a mean, or a manifest contradicts itself.
    """
    from training.export import export_run  # noqa: PLC0415 - torch takes seconds

    export_run(options.run_folder, lambda: _at_hand(options), options.out, options.heads, options.mean_with)


def _at_hand(options: argparse.Namespace) -> list[Sample]:
    """Return the manifest's samples, or those of the published sets; none where neither is there."""
    if options.manifest is None and (options.data is None or not (options.data / "hc18" / "labels.csv").is_file()):
        return []
    return told_samples(options)

"""``audit``: near-duplicates across a split, and labels that the other patients contradict."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.commands.catalog import add_data, needs_data
from training.commands.samples import add_manifest, told_samples
from training.manifest import Sample


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("kind", choices=("duplicates", "planes", "brain_planes"), help="what is looked for")
    parser.add_argument("--out", type=Path, required=True, help="a .csv file")
    parser.add_argument("--patients", action="store_true", help="duplicates of any two patients, on one side too")
    add_manifest(parser)
    add_data(parser)


def run(options: argparse.Namespace) -> None:
    """Write the table.

    Raises:
        ValueError: The pictures cannot be used.
    """
    samples, data = told_samples(options), needs_data(options)
    if options.kind == "duplicates":
        _duplicates(options, data, samples)
    else:
        _labels(options, data, samples)


def _duplicates(options: argparse.Namespace, data: Path, samples: list[Sample]) -> None:
    from training import near_duplicates as near  # noqa: PLC0415 - help costs no import
    from training.pictures import frame_of  # noqa: PLC0415

    prints = []
    for sample in samples:
        try:
            prints.append(near.print_of(sample, frame_of(data, sample)))
        except Exception as error:  # a damaged file raises whatever its decoder happens to trip over
            print(f"skipped {sample.key}: {type(error).__name__}")
    pairs = near.near_duplicates(prints, near.across_groups if options.patients else near.across_splits)
    near.write_pairs(options.out, pairs)
    print(f"{len(pairs)} pairs among {len(prints)} pictures")


def _labels(options: argparse.Namespace, data: Path, samples: list[Sample]) -> None:
    import numpy as np  # noqa: PLC0415

    from fetalclip_app.inference.load import load_engine  # noqa: PLC0415
    from fetalclip_app.inference.request import EngineRequest  # noqa: PLC0415
    from training.calibrate import see  # noqa: PLC0415
    from training.label_noise import find_suspects, write_suspects  # noqa: PLC0415

    shown = [sample for sample in samples if sample.split == "train" and not sample.augmented]
    if options.kind == "planes":
        shown = [sample for sample in shown if sample.source != "hc18"]
    else:
        shown = [sample for sample in shown if sample.brain_plane is not None]
    seen, lost = see(load_engine(EngineRequest()), data, shown)
    for one in lost:
        print(f"skipped {one.picture}: {one.reason}")
    shown = [item.sample for item in seen]
    labels = [(s.plane or "other") if options.kind == "planes" else (s.brain_plane or "") for s in shown]
    features = np.stack([item.embedding for item in seen])
    suspects = find_suspects(shown, labels, features)
    write_suspects(options.out, suspects)
    print(f"{len(suspects)} of {len(shown)} labels are doubtful")

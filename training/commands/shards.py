"""``shards``: write a large set as tar files, or check those that are there."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.commands.catalog import add_data, needs_data, whole_number
from training.commands.samples import add_manifest, told_samples


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("folder", type=Path, help="of the shards")
    parser.add_argument("--check", action="store_true", help="compare the shards with their hashes; write nothing")
    parser.add_argument("--split", choices=("train", "validation"), default="train", help="whose pictures")
    parser.add_argument("--samples", type=whole_number(1), default=1000, help="most samples in a shard")
    parser.add_argument("--megabytes", type=whole_number(1), default=256, help="largest shard")
    add_manifest(parser)
    add_data(parser)


def run(options: argparse.Namespace) -> None:
    """Write or check, and list what cannot be used.

    Raises:
        SystemExit: A shard is damaged.
    """
    from training.shards import ShardSize, damaged, read_index, write_shards  # noqa: PLC0415 - help costs no import

    if options.check:
        bad = damaged(options.folder)
        for one in bad:
            print(f"{one.name}: {one.reason}")
        print(f"{len(read_index(options.folder))} shards, {len(bad)} damaged")
        raise SystemExit(1 if bad else 0)
    samples = [sample for sample in told_samples(options) if sample.split == options.split]
    size = ShardSize(options.samples, options.megabytes)
    skipped = write_shards(needs_data(options), samples, options.folder, size)
    for one in skipped:
        print(f"skipped {one.name}: {one.reason}")
    print(f"{len(samples) - len(skipped)} samples in {len(read_index(options.folder))} shards, {len(skipped)} skipped")

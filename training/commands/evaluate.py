"""``evaluate``: measure the app's engine on held-out patients, or replay stored scores by its age rule."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.commands.catalog import add_data, needs_data
from training.commands.samples import add_manifest, told_samples


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("what", nargs="?", choices=("engine", "age"), default="engine", help="age: replay --scores")
    parser.add_argument("--split", choices=("validation", "test"), default="validation")
    parser.add_argument("--out", type=Path, help="a .md file; a .json file is written beside it")
    parser.add_argument("--plots", type=Path, help="a folder for subgroups, reliability, embeddings and their map")
    parser.add_argument("--bundle", type=Path, help="an exported folder; the bundled model if not given")
    parser.add_argument("--scores", type=Path, help="age: an .npz file with the table 'scores', (n, 175)")
    parser.add_argument("--labels", type=Path, help="age: a .csv file with the column head_circumference_mm")
    add_manifest(parser)
    add_data(parser)


def run(options: argparse.Namespace) -> None:
    """Measure and write the table.

    Raises:
        SystemExit: A file that is needed is not named.
        ValueError: One cannot be used.
    """
    if options.what == "age":
        _replay(options)
        return
    if options.out is None:
        raise SystemExit("name the page of results by --out")
    samples = [s for s in told_samples(options) if s.split == options.split and not s.augmented]
    if not samples:
        raise SystemExit(f"no picture is of the split '{options.split}'")
    from training.evaluation.measured import Held, evaluate_bundled  # noqa: PLC0415 - torch takes seconds
    from training.quick_look import STANDARD, Classes  # noqa: PLC0415

    classes = STANDARD if options.manifest is None else Classes.of_samples(samples)
    held = Held(needs_data(options), options.split, samples, classes)
    evaluate_bundled(held, options.out, options.plots, options.bundle)


def _replay(options: argparse.Namespace) -> None:
    from training.evaluate import as_json, as_markdown  # noqa: PLC0415
    from training.evaluation import age_replay  # noqa: PLC0415

    if options.scores is None or options.labels is None:
        raise SystemExit("name the scores by --scores and the labels by --labels")
    replayed = age_replay.replay(age_replay.read_scores(options.scores), age_replay.read_labels(options.labels))
    rows = age_replay.table(replayed)
    print(as_markdown(rows))
    if options.out is not None:
        options.out.write_text(as_markdown(rows), encoding="utf-8")
        facts = {"scores": options.scores.name, "labels": options.labels.name}
        options.out.with_suffix(".json").write_text(as_json(rows, facts), encoding="utf-8")

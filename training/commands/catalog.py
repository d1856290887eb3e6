"""Which commands and recipes there are: names and sentences, so that help costs no import of torch."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

COMMANDS = {
    "run": "train by a recipe",
    "split": "draw the committed splits again, or one for a manifest of one's own",
    "manifest": "write a data set in the one form of the trainings, or check a manifest of one's own",
    "audit": "list near-duplicates across a split, and labels that the other patients contradict",
    "shards": "write a large set as tar files, or check those that are there",
    "export": "write a run's weights into the app's resources",
    "ablate": "measure which parts of the compact model's recipe earn their place",
    "head": "train the head outline or the measurements on the bundled weights",
    "calibrate": "fit percentages and limits on validation patients",
    "evaluate": "measure the app's engine on held-out patients",
    "language": "write which words a model learned, and the pictures that a search compares with",
}
"""Command -> what it does; each is a module of this package with `add_arguments(parser)` and `run(options)`."""

RECIPES = {
    "compact": "training.recipes.compact:compact",
    "compact_settled": "training.recipes.compact:compact_settled",
    "compact_renewed": "training.recipes.compact:compact_renewed",
    "compact_renewed_settled": "training.recipes.compact:compact_renewed_settled",
    "compact_asked": "training.recipes.compact:compact_asked",
    "compact_asked_settled": "training.recipes.compact:compact_asked_settled",
    "compact_wide": "training.recipes.compact:compact_wide",
    "compact_wide_settled": "training.recipes.compact:compact_wide_settled",
    "compact_distilled": "training.recipes.distill:compact_distilled",
    "vit_large": "training.recipes.vit_large:vit_large",
    "vit_large_sharded": "training.recipes.vit_large:vit_large_sharded",
    "probe_planes": "training.recipes.finetune:probe_planes",
    "probe_brain": "training.recipes.finetune:probe_brain",
    "probe_few": "training.recipes.finetune:probe_few",
    "probe_few_brain": "training.recipes.finetune:probe_few_brain",
    "clip_label": "training.recipes.finetune:clip_label",
    "quality_lora": "training.recipes.finetune:quality_lora",
    "finetune_full": "training.recipes.finetune:finetune_full",
    "outline_head": "training.recipes.heads:outline_head",
    "measurement_head": "training.recipes.heads:measurement_head",
    "mask_head": "training.recipes.heads:mask_head",
    "mask_head_fetalclip": "training.recipes.heads:mask_head_fetalclip",
}
"""Recipe -> ``module:function`` that returns its configuration."""


def find_recipe(name: str) -> Any:
    """Return the configuration of a recipe.

    Raises:
        KeyError: There is no such recipe.
    """
    module, function = RECIPES[name].split(":")
    return getattr(import_module(module), function)()


def whole_number(least: int) -> Callable[[str], int]:
    """Return what reads an option's whole number of at least so much, for argparse."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from error
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is less than {least}")
        return value

    return read


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add ``--data``, the folder of real scans."""
    named = os.environ.get("FETALCLIP_DATA")
    parser.add_argument("--data", type=Path, default=Path(named) if named else None, help="folder of real scans")


def needs_data(options: argparse.Namespace) -> Path:
    """Return the folder of real scans.

    Raises:
        SystemExit: None is named.
    """
    if options.data is None:
        raise SystemExit("name the folder of real scans by --data or FETALCLIP_DATA")
    folder: Path = options.data
    return folder

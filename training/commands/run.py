"""``run RECIPE``: train by a recipe."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from training.commands.catalog import RECIPES, add_data, find_recipe, needs_data, whole_number
from training.commands.samples import add_manifest, refuse_missing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("recipe", choices=sorted(RECIPES))
    parser.add_argument("--smoke", action="store_true", help="a run of seconds that proves the road")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint of this run")
    parser.add_argument("--seed", type=whole_number(0), help="another seed")
    parser.add_argument("--steps", type=whole_number(1), help="another number of steps")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="another value for a field of the recipe, such as batch.told_age=0.2 or epochs=3; may be repeated",
    )
    parser.add_argument("--weights", default="", help="an open_clip checkpoint that a contrastive run begins with")
    parser.add_argument("--teacher", type=Path, help="FetalCLIP's weights, for a distilled run to learn from")
    parser.add_argument("--device", help="where a contrastive run computes: cpu, cuda, cuda:1 ...")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="where checkpoint and log go")
    add_manifest(parser)
    parser.add_argument(
        "--written", type=Path, help="captions for a contrastive run: half of those of the pictures that they are of"
    )
    parser.add_argument("--textbook", type=Path, help="figures with captions for a contrastive run")
    parser.add_argument("--shards", type=Path, help="folder of shards: a contrastive run's training pictures")
    add_data(parser)


def run(options: argparse.Namespace) -> None:
    """Train.

    Raises:
        SystemExit: The recipe does not take what was named.
        ValueError: A file of one's own, or the split, contradicts itself.
    """
    from training.limits import refuse_impossible  # noqa: PLC0415 - help costs no import: torch takes seconds
    from training.recipe import OwnFiles, RunContext  # noqa: PLC0415

    config = find_recipe(options.recipe)
    config = config.smoke() if options.smoke else config
    with _told_of(config):
        config = _set(config, options)
        config = _told_to_a_contrastive_run(config, options)
        config = config if options.teacher is None else _taught(config, options.teacher)
        refuse_impossible(config)
    own = OwnFiles(**{field.name: getattr(options, field.name) for field in fields(OwnFiles)})
    _refuse_own_files(config, own)
    refuse_missing(options, own.written, own.textbook, own.shards)
    _refuse_several_processes(config)
    folder = options.out / config.name
    context = RunContext(needs_data(options), folder, smoke=options.smoke, resume=options.resume, own=own)
    config.execute(context)


@contextmanager
def _told_of(config: Any) -> Iterator[None]:
    """End with a sentence that names the recipe where a setting is refused.

    Raises:
        SystemExit: One is.
    """
    from training.settings import SettingError  # noqa: PLC0415

    try:
        yield
    except SettingError as error:
        raise SystemExit(f"{config.name} does not take that: {error}") from error


def _set(config: Any, options: argparse.Namespace) -> Any:
    """Return the configuration with the values that were named.

    Raises:
        SettingError: The recipe has no such field, or it does not take the value.
    """
    from training.settings import with_settings  # noqa: PLC0415

    named = {"seed": options.seed, "steps": options.steps}
    settings = [f"{name}={value}" for name, value in named.items() if value is not None]
    return with_settings(config, [*settings, *options.set])


def _refuse_own_files(config: Any, own: Any) -> None:
    """Pass when no file is named, or those that the recipe takes.

    A contrastive run takes all, another recipe those that its ``own_files`` names.

    Raises:
        SystemExit: The recipe does not take one.
    """
    named = {name: path for name, path in asdict(own).items() if path is not None}
    foreign = (
        [] if hasattr(config, "tower") else [name for name in named if name not in getattr(config, "own_files", ())]
    )
    if foreign:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in foreign)
        raise SystemExit(f"{config.name} is no contrastive run: it does not take {options}")


def _refuse_several_processes(config: Any) -> None:
    """Pass for a contrastive run, which shares its work out, and for the only process of any other.

    Raises:
        ValueError: Several processes of a run that does not.
    """
    from training.recipe import refuse_several_processes  # noqa: PLC0415

    if not hasattr(config, "tower"):
        refuse_several_processes(config.name)


def _told_to_a_contrastive_run(config: Any, options: argparse.Namespace) -> Any:
    """Return the configuration with the weights and the device that were named.

    Raises:
        SystemExit: The recipe is no contrastive run.
    """
    if not options.weights and options.device is None:
        return config
    if not hasattr(config, "tower"):
        raise SystemExit(f"{config.name} is no contrastive run: it takes neither --weights nor --device")
    tower = replace(config.tower, weights=options.weights) if options.weights else config.tower
    step = config.step if options.device is None else replace(config.step, device=options.device)
    return replace(config, tower=tower, step=step)


def _taught(config: Any, teacher: Path) -> Any:
    """Return the configuration with its teacher.

    Raises:
        SystemExit: The recipe has none.
    """
    if not hasattr(config, "taught_by"):
        raise SystemExit(f"{config.name} has no teacher: it does not take --teacher")
    return config.taught_by(teacher)

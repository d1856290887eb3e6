"""The command line of the trainings: ``python -m training``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

RECIPES = ("compact",)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    if options.data is None:
        print("name the folder of real scans by --data or FETALCLIP_DATA", file=sys.stderr)
        return 2
    # torch takes seconds to import: only the command that needs it pays.
    if options.command == "split":
        from training.split import draw_all  # noqa: PLC0415

        draw_all(options.data)
    elif options.command == "run":
        from training.run import run_recipe  # noqa: PLC0415

        run_recipe(options)
    else:
        from training import bundle  # noqa: PLC0415

        {
            "export": bundle.export_command,
            "head": bundle.head_command,
            "calibrate": bundle.calibrate_command,
            "evaluate": bundle.evaluate_command,
        }[options.command](options)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="train by a recipe")
    run.add_argument("recipe", choices=RECIPES)
    run.add_argument("--smoke", action="store_true", help="a run of seconds that proves the road")
    run.add_argument("--steps", type=int, help="another number of steps")
    run.add_argument("--simulated", type=int, help="another number of simulated heads")
    run.add_argument("--out", type=Path, default=Path("runs"), help="where checkpoint and log go")
    split = commands.add_parser("split", help="draw the committed splits again")
    export = commands.add_parser("export", help="write a run's weights into the app's resources")
    export.add_argument("run", type=Path, help="folder of the run")
    head = commands.add_parser("head", help="train the head outline on the bundled weights")
    head.add_argument("--steps", type=int, help="another number of steps")
    calibrate = commands.add_parser("calibrate", help="fit percentages and limits on validation patients")
    evaluate = commands.add_parser("evaluate", help="measure the app's engine on held-out patients")
    evaluate.add_argument("--split", choices=("validation", "test"), default="validation")
    evaluate.add_argument("--out", type=Path, required=True, help="a .md file; a .json file is written beside it")
    for command in (run, split, export, head, calibrate, evaluate):
        command.add_argument("--data", type=Path, default=_folder_of_scans(), help="folder of real scans")
    return parser


def _folder_of_scans() -> Path | None:
    named = os.environ.get("FETALCLIP_DATA")
    return Path(named) if named else None


if __name__ == "__main__":
    sys.exit(main())

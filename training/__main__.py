"""The command line of the trainings: ``python -m training``."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

RECIPES = ("compact",)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="train by a recipe")
    run.add_argument("recipe", choices=RECIPES)
    run.add_argument("--smoke", action="store_true", help="a run of seconds that proves the road")
    run.add_argument("--steps", type=int, help="another number of steps")
    run.add_argument("--simulated", type=int, help="another number of simulated heads")
    run.add_argument("--out", type=Path, default=Path("runs"), help="where checkpoint and log go")
    split = commands.add_parser("split", help="draw the committed splits again")
    for command in (run, split):
        command.add_argument("--data", type=Path, default=os.environ.get("FETALCLIP_DATA"), help="folder of real scans")
    options = parser.parse_args(arguments)
    if options.data is None:
        parser.error("name the folder of real scans by --data or FETALCLIP_DATA")
    if options.command == "split":
        from training.split import draw_all  # noqa: PLC0415

        draw_all(options.data)
        return 0
    from training.run import run_recipe  # noqa: PLC0415 -- torch takes seconds to import

    run_recipe(options)
    return 0


def git_revision() -> str:
    """Return the revision of the code that runs, or 'unknown' outside a checkout."""
    answer = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return answer.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())

"""The command line of the trainings: ``python -m training``."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from training.commands.catalog import COMMANDS


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, sentence in COMMANDS.items():
        module = import_module(f"training.commands.{name}")
        command = commands.add_parser(name, help=sentence)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    options = parser.parse_args(arguments)
    options.run(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())

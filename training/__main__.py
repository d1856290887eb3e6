"""The command line of the trainings: ``python -m training``."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from training.commands.catalog import COMMANDS
from training.commands.refusals import sentence_of


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status.

    Raises:
        SystemExit: What was named cannot be done; one sentence says why (`sentence_of`).
    """
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, sentence in COMMANDS.items():
        module = import_module(f"training.commands.{name}")
        command = commands.add_parser(name, help=sentence)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except Exception as error:
        refusal = sentence_of(error)
        if refusal is None:
            raise
        raise SystemExit(refusal) from error
    return 0


if __name__ == "__main__":
    sys.exit(main())

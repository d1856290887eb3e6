"""The command line of the trainings."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from training.commands.catalog import COMMANDS
from training.commands.refusals import sentence_of

PROGRAM = "python -m training"
"""How the trainings are called in a checkout."""


def main(arguments: list[str] | None = None, *, program: str = PROGRAM) -> int:
    """Run one command and return its exit status.

    Args:
        program: How the trainings are called, as help shows it.

    Raises:
        SystemExit: What was named cannot be done; one sentence says why (`sentence_of`).
    """
    parser = argparse.ArgumentParser(prog=program, description=__doc__)
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

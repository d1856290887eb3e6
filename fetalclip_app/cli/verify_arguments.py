"""What may be typed after ``verify``. Light imports only, so that --help is quick."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from fetalclip_app.wording.translate import mark, translate

NAME = "verify"

HELP = mark("say of each number of a report whether its files still give it")

DESCRIPTION = mark(
    "Finds the files that a report was made from by their content, reads them again, and says of each number of the "
    "report and of its pages: agrees, differs, or cannot be checked, and why. "
    "Exit status: 0 all agree, 1 something differs, 2 something cannot be checked, or a wrong call."
)

AS_THE_REPORT_SAYS = {"views_by": None, "brain_views_by": None}
"""What is not typed and then taken from the report."""


def add_command(commands: argparse._SubParsersAction[Any]) -> argparse.ArgumentParser:
    """Add the command with the options that only it has, and return it."""
    command: argparse.ArgumentParser = commands.add_parser(
        NAME, help=translate(HELP), description=translate(DESCRIPTION)
    )
    command.add_argument(
        "report",
        type=Path,
        metavar="REPORT",
        help=translate("the JSON, the PDF or the DICOM report, as this program wrote it"),
    )
    command.add_argument(
        "--files",
        type=Path,
        nargs="+",
        required=True,
        metavar="FOLDER",
        help=translate("where the originals lie; their names may be others by now"),
    )
    command.add_argument(
        "--archive",
        type=Path,
        metavar="FILE",
        help=translate("an archive to compare with (default: your own, where it keeps something of these clips)"),
    )
    command.add_argument(
        "--json", type=Path, metavar="OUT.json", help=translate("what was found of each number, for other programs")
    )
    return command

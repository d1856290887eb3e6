"""What may be typed after ``archive``. Light imports only."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from fetalclip_app.wording.translate import mark, translate

NAME = "archive"

DESCRIPTION = mark(
    "What is kept on this computer of studies: finds them, checks that nothing was changed, and hands a study on as "
    "one file. Nothing is sent anywhere. Exit status: 0 done, 1 not done or not whole, 2 a wrong call."
)


def add_options(command: argparse.ArgumentParser) -> None:
    """Add what can be done with the archive."""
    deeds = command.add_subparsers(dest="deed", metavar="DEED", required=True)
    _add_find(deeds)
    check = deeds.add_parser("check", help=translate("compare every page, entry and content with its hash"))
    trail = deeds.add_parser("trail", help=translate("list what was done, entry by entry"))
    trail.add_argument("--json", action="store_true", help=translate("as JSON, for other programs"))
    _add_export(deeds)
    _add_import(deeds)
    _add_delete(deeds)
    for one in (check, *(deeds.choices[name] for name in ("find", "trail", "export", "import", "delete"))):
        one.add_argument(
            "--archive", type=Path, metavar="FILE", help=translate("another archive than that of the window")
        )


def _add_find(deeds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    find = deeds.add_parser("find", help=translate("list studies of which something is kept"))
    find.add_argument(
        "text",
        nargs="*",
        default=[],
        metavar="WORD",
        help=translate("all of them in names, descriptions, remarks, parts, files or the study's key"),
    )
    find.add_argument("--name", default="", help=translate("the patient's name or identifier"))
    find.add_argument(
        "--since",
        type=_day,
        metavar="DAY",
        help=translate("YYYY-MM-DD: the exam, or something that was done with it, was then or later"),
    )
    find.add_argument("--until", type=_day, metavar="DAY", help=translate("YYYY-MM-DD: the same, then or earlier"))
    find.add_argument("--view", default="", help=translate("a view that was seen or named, such as femur"))
    find.add_argument("--json", action="store_true", help=translate("as JSON, for other programs"))


def _add_export(deeds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    export = deeds.add_parser("export", help=translate("write all that is kept of a study into one file"))
    _add_key(export)
    export.add_argument("--out", type=Path, required=True, metavar="FILE.fcstudy", help=translate("what to write"))
    export.add_argument("--names", action="store_true", help=translate("the patient's name and identifier too"))
    export.add_argument("--pictures", action="store_true", help=translate("the scans too, as their files are"))
    _add_by(export)


def _add_import(deeds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    add = deeds.add_parser("import", help=translate("add such a file to the archive; nothing that is kept is lost"))
    add.add_argument("file", type=Path, metavar="FILE.fcstudy")
    add.add_argument("--pictures", type=Path, metavar="FOLDER", help=translate("where its scans go, if it has any"))
    _add_by(add)


def _add_delete(deeds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    delete = deeds.add_parser("delete", help=translate("delete all that is kept of a study; scans are never touched"))
    _add_key(delete)
    delete.add_argument("--yes", action="store_true", help=translate("you are sure: it cannot be undone"))
    _add_by(delete)


def _add_key(deed: argparse.ArgumentParser) -> None:
    deed.add_argument("key", metavar="KEY", help=translate("the study's key, as find prints it"))


def _add_by(deed: argparse.ArgumentParser) -> None:
    deed.add_argument(
        "--by", default="", metavar="NAME", help=translate("who does it; default: your name in the window")
    )


def problem(given: argparse.Namespace) -> str:
    """Return what is wrong with the combination of arguments, or an empty text."""
    if given.deed == "export" and not given.out.absolute().parent.is_dir():
        return translate("there is no folder {folder} for {name}", folder=given.out.parent, name=given.out.name)
    if given.deed == "delete" and not given.yes:
        return translate("what is deleted cannot be brought back: add --yes where you are sure")
    return ""


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(translate("{day} is no day such as 2026-03-14", day=repr(text))) from error

"""What may be typed after ``deidentify``, and which combinations make no sense. Light imports only."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from fetalclip_app.wording.translate import mark, translate

NAME = "deidentify"

DESCRIPTION = mark(
    "Writes de-identified copies of ultrasound DICOM files: PS3.15 Basic Profile with cleaned pixels; dates are moved "
    "back by whole days, one number for each patient, and times of day stay. The originals are never changed, and the "
    "copies have names of their own. Exit status: 0 all written, 1 some file was refused, 2 a wrong call."
)


def add_options(command: argparse.ArgumentParser) -> None:
    """Add paths and options to the command's parser."""
    command.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help=translate("files, or folders with their subfolders")
    )
    command.add_argument("--out", type=Path, required=True, metavar="FOLDER", help=translate("where the copies go"))
    who = command.add_argument_group("identifiers")
    who.add_argument(
        "--key",
        type=Path,
        metavar="FILE",
        help=translate(
            "secret that makes UIDs, pseudonyms and days; made on first use; the same key gives the same ones. "
            "Without it they are random for each run"
        ),
    )
    who.add_argument(
        "--pseudonyms", type=Path, metavar="FILE.csv", help=translate("your own: columns patient_id, pseudonym")
    )
    who.add_argument(
        "--crosswalk", type=Path, metavar="FILE.csv", help=translate("also write old -> new: keep it secret")
    )
    pixels = command.add_argument_group("pixels")
    pixels.add_argument(
        "--mask", type=Path, metavar="FILE.json", help=translate("mask instead of what is found or remembered")
    )
    text = pixels.add_mutually_exclusive_group()
    text.add_argument("--blank-text", action="store_true", help=translate("blank every text that is no measurement"))
    text.add_argument(
        "--confirm-text",
        action="store_true",
        help=translate("you looked at the text that is left (--report): it is harmless"),
    )
    out = command.add_argument_group(translate("what else to write"))
    out.add_argument("--log", type=Path, metavar="FILE.json", help=translate("default: deidentified.json in FOLDER"))
    out.add_argument("--report", type=Path, metavar="FILE.html", help=translate("proof sheet: what the copies show"))


def problem(given: argparse.Namespace) -> str:
    """Return what is wrong with the combination of arguments, or an empty text."""
    return next(_problems(given), "")


def _problems(given: argparse.Namespace) -> Iterator[str]:
    out = given.out.resolve()
    if out.exists() and not out.is_dir():
        yield translate("{path} is no folder", path=given.out)
    for path in given.paths:
        folder = path.resolve() if path.is_dir() else path.resolve().parent
        if out == folder or (path.is_dir() and out.is_relative_to(folder)):
            yield translate(
                "the copies would lie among the originals in {path}", path=path if path.is_dir() else path.parent
            )
        if path.is_dir() and folder.is_relative_to(out):
            yield translate("{path} lies in the folder of the copies", path=path)
    secrets = {"--key": given.key, "--crosswalk": given.crosswalk, "--pseudonyms": given.pseudonyms}
    secrets["--report"] = given.report  # it may show what was not blanked yet
    for option, path in secrets.items():
        if path is not None and path.resolve().is_relative_to(out):
            yield translate(
                "{option} would lie beside the copies in {folder}, where it gives the patients away",
                option=option,
                folder=given.out,
            )
    for path in (given.crosswalk, given.report, given.log):
        if path is not None and path.resolve() in {each.resolve() for each in given.paths}:
            yield translate("{path} would be overwritten: it is one of the inputs", path=path)

"""What may be typed: commands, options and their limits. Light imports only, so that --help is quick."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from fetalclip_app import RESEARCH_USE_ONLY, __version__
from fetalclip_app.cli import (
    archive_arguments,
    dating,
    deidentify_arguments,
    fetuses,
    output_arguments,
    verify_arguments,
)
from fetalclip_app.domain.precision import Precision
from fetalclip_app.wording.translate import translate

PROGRAM = Path(sys.executable).name if getattr(sys, "frozen", False) else "python -m fetalclip_app"
"""How this program is called, in a packaged program and otherwise."""

USAGE_ERROR = 2


class _OneLineParser(argparse.ArgumentParser):
    """A wrong call gets one clear line, not a page of usage."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(
            translate("{program}: {problem} (--help says more)", program=self.prog, problem=message) + "\n"
        )
        raise SystemExit(USAGE_ERROR)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = _OneLineParser(
        prog=PROGRAM,
        description=translate(
            "Reads fetal ultrasound: views, gestational age, head measurements, reports. {note} "
            "Without a command the window opens.",
            note=translate(RESEARCH_USE_ONLY),
        ),
    )
    top.add_argument("--version", action="version", version=f"FetalCLIP Studio {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_open(commands)
    _add_analyze(commands)
    verify = verify_arguments.add_command(commands)
    _add_model(verify)
    verify.set_defaults(**verify_arguments.AS_THE_REPORT_SAYS)
    _add_deidentify(commands)
    _add_archive(commands)
    _add_read_report(commands)
    _add_fetch(commands)
    _add_demo(commands)
    return top


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the checked arguments.

    Raises:
        SystemExit: Help was asked for (0), or the call is wrong (2, after one line on stderr).
    """
    top = parser()
    given = top.parse_args(arguments)
    given.prog = f"{PROGRAM} {given.command}"
    check = _CHECKS.get(given.command)
    if check is not None:
        problem = check(given)
        if problem:
            sys.stderr.write(
                translate("{program}: {problem} (--help says more)", program=given.prog, problem=problem) + "\n"
            )
            raise SystemExit(USAGE_ERROR)
    return given


def _add_open(commands: argparse._SubParsersAction[_OneLineParser]) -> None:
    command = commands.add_parser("open", help=translate("open the window on files or folders"))
    command.add_argument("paths", nargs="*", type=Path, metavar="PATH")


def _add_analyze(commands: argparse._SubParsersAction[_OneLineParser]) -> None:
    command = commands.add_parser(
        "analyze",
        help=translate("read scans and write JSON, and a PDF report if wanted"),
        description=translate(
            "Reads scans and writes what the model sees. {note} "
            "Exit status: 0 all read, 1 some file could not be read or written, 2 a wrong call.",
            note=translate(RESEARCH_USE_ONLY),
        ),
    )
    what = command.add_argument_group(translate("what to read (at least one of PATH and --manifest)"))
    what.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help=translate("scans, or folders, ZIPs, DICOMDIRs of scans")
    )
    what.add_argument("--manifest", type=Path, metavar="ROWS.csv", help=translate("columns file,pixel_mm[,fetus]"))
    scale = command.add_argument_group("scale")
    scale.add_argument(
        "--pixel-mm",
        type=_pixel_mm,
        metavar="X",
        help=translate("mm per pixel of each PATH that states no scale of its own"),
    )
    scale.add_argument(
        "--override-calibration",
        action="store_true",
        help=translate("the stated scale wins over the file's own; this is recorded"),
    )
    what.add_argument(
        "--fetus",
        type=_fetus,
        action="append",
        default=[],
        metavar="FILE=A",
        help=translate("whose scan a file, or all of a folder, is in a multiple pregnancy; may be given for several"),
    )
    _add_dating(command)
    _add_model(command)
    output_arguments.add_options(command)


def _add_dating(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group(translate("the pregnancy's dating, for centiles"))
    group.add_argument(
        "--dating",
        type=_dating,
        metavar="DATING",
        help=translate("{forms}: the age that centiles are read at", forms=dating.FORMS),
    )
    group.add_argument("--dated-by", default="", metavar="NAME", help=translate("who dated; needed with --dating"))
    group.add_argument(
        "--exam-day", type=_day, metavar="DAY", help=translate("when the exam was, where the files do not say")
    )


def _add_model(command: argparse.ArgumentParser) -> None:
    model = command.add_argument_group("model")
    model.add_argument("--model", choices=("compact", "fetalclip"), default="compact", help="default: compact")
    model.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help=translate("weight file, needed for fetalclip; or the folder of an exported bundle"),
    )
    model.add_argument(
        "--config", type=Path, metavar="FILE", help=translate("open_clip configuration of weights of your own")
    )
    model.add_argument(
        "--views",
        type=Path,
        metavar="FILE",
        help=translate(
            "JSON of views and sentences of your own, or the name of one in the prompts folder of your settings"
        ),
    )
    model.add_argument(
        "--brain-views", type=Path, metavar="FILE", help=translate("the same for the planes of the brain")
    )
    by = ("prompts", "probe")
    model.add_argument(
        "--views-by", choices=by, default="prompts", help=translate("what names views: sentences, or the model's probe")
    )
    model.add_argument(
        "--brain-views-by", choices=by, default="prompts", help=translate("the same for the planes of the brain")
    )
    model.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: auto")
    model.add_argument(
        "--precision",
        choices=[str(one) for one in Precision],
        default=str(Precision.AUTO),
        help=translate("of the image tower: fp32 is exact, int8 is faster and less exact (default: auto)"),
    )
    model.add_argument("--accept-licence", action="store_true", help=translate("accept the licence of these weights"))


def _add_deidentify(commands: argparse._SubParsersAction[_OneLineParser]) -> None:
    command = commands.add_parser(
        deidentify_arguments.NAME,
        help=translate("write de-identified copies of DICOM files and folders"),
        description=translate(deidentify_arguments.DESCRIPTION),
    )
    deidentify_arguments.add_options(command)


def _add_archive(commands: argparse._SubParsersAction[_OneLineParser]) -> None:
    command = commands.add_parser(
        archive_arguments.NAME,
        help=translate("find, check, export, import and delete what is kept of studies"),
        description=translate(archive_arguments.DESCRIPTION),
    )
    archive_arguments.add_options(command)


def _add_read_report(commands: argparse._SubParsersAction[_OneLineParser]) -> None:
    command = commands.add_parser(
        "read-report",
        help=translate("show what a DICOM structured report says"),
        description=translate("Shows DICOM structured reports row by row, this program's and others'."),
    )
    command.add_argument("paths", nargs="+", type=Path, metavar="FILE", help=translate("DICOM files of reports"))


def _add_fetch(commands: argparse._SubParsersAction[_OneLineParser]) -> None:
    command = commands.add_parser(
        "fetch-weights",
        help=translate("fetch the released FetalCLIP weights from their hub"),
        description=translate(
            "Fetches the released FetalCLIP weights (1.7 GB, licence CC-BY-NC-4.0: not for commercial use) and "
            "checks their SHA-256."
        ),
    )
    command.add_argument(
        "target", type=Path, metavar="TARGET", help=translate("a file, or a folder for FetalCLIP_weights.pt")
    )
    command.add_argument("--accept-licence", action="store_true", help="accept CC-BY-NC-4.0")


def _add_demo(commands: argparse._SubParsersAction[_OneLineParser]) -> None:
    command = commands.add_parser(
        "demo",
        help=translate("show the bundled simulated sample"),
        description=translate(
            "Opens the window on the bundled simulated sample; without a display it analyses the sample and "
            "says where the report lies."
        ),
    )
    command.add_argument("--out", type=Path, default=Path("out"), metavar="FOLDER", help="default: ./out")


def _pixel_mm(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number of millimetres")
    return value


def _dating(text: str) -> object:
    try:
        return dating.stated(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _day(text: str) -> object:
    try:
        return dating.written_day(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _fetus(text: str) -> fetuses.Stated:
    try:
        return fetuses.stated(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _problem(given: argparse.Namespace) -> str:
    """Return what is wrong with the combination of arguments, or an empty text."""
    outputs = [path for path in (given.json, given.report, given.csv) if path is not None]
    checks = (
        (not given.paths and given.manifest is None, translate("give at least one PATH or --manifest")),
        (
            given.override_calibration and given.pixel_mm is None and given.manifest is None,
            translate("--override-calibration needs --pixel-mm or --manifest"),
        ),
        (
            given.pixel_mm is not None and not given.paths,
            translate("--pixel-mm is for PATHs; a manifest has its own column"),
        ),
        (given.dating is not None and not given.dated_by.strip(), translate("--dating needs --dated-by NAME")),
        (
            given.dating is None and bool(given.dated_by or given.exam_day),
            translate("--dated-by and --exam-day need --dating"),
        ),
        (
            len({path.absolute() for path in outputs}) < len(outputs),
            translate("two outputs name the same file"),
        ),
        *(
            (
                not path.absolute().parent.is_dir(),
                translate("there is no folder {folder} for {name}", folder=path.parent, name=path.name),
            )
            for path in outputs
        ),
        *((path.is_dir(), translate("{path} is a folder", path=path)) for path in outputs),
        (
            given.dicom is not None and given.dicom.exists() and not _is_empty_folder(given.dicom),
            translate("{path} is no new or empty folder", path=given.dicom),
        ),
        *(
            (_is_input(path, given), translate("{path} would be overwritten: it is one of the inputs", path=path))
            for path in outputs
        ),
    )
    return next((message for is_wrong, message in checks if is_wrong), "")


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _is_input(path: Path, given: argparse.Namespace) -> bool:
    inputs = [*given.paths, *([given.manifest] if given.manifest is not None else [])]
    return path.exists() and any(other.exists() and path.samefile(other) for other in inputs)


_CHECKS = {
    "analyze": _problem,
    deidentify_arguments.NAME: deidentify_arguments.problem,
    archive_arguments.NAME: archive_arguments.problem,
}
"""What looks at the combination of a command's arguments."""

"""What may be said of the files that a reading writes."""

from __future__ import annotations

import argparse
from pathlib import Path

from fetalclip_app.wording.translate import translate


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options that say what is written, and how the report looks."""
    out = command.add_argument_group(translate("what to write"))
    out.add_argument("--json", type=Path, required=True, metavar="OUT.json", help=translate("one entry for each file"))
    out.add_argument("--report", type=Path, metavar="OUT.pdf", help=translate("one report about all of them"))
    out.add_argument(
        "--dicom",
        type=Path,
        metavar="FOLDER",
        help=translate("DICOM objects of each study, into a new folder: reports, masks, overlays, pictures, the PDF"),
    )
    out.add_argument("--csv", type=Path, metavar="OUT.csv", help=translate("every number as a row of a table"))
    out.add_argument(
        "--pictures", type=Path, metavar="FOLDER", help=translate("frames with what was read on them, as PNG")
    )
    out.add_argument("--movies", type=Path, metavar="FOLDER", help=translate("cines with the same, as MP4"))
    out.add_argument(
        "--page", choices=("a4", "letter"), help=translate("paper of the report (default: what its template says)")
    )
    out.add_argument(
        "--template",
        type=Path,
        metavar="FILE",
        help=translate(
            "sections, order, paper and language of the report (default: your own template, if there is one)"
        ),
    )
    out.add_argument(
        "--chart",
        choices=("who", "intergrowth_21st"),
        default="who",
        help=translate("whose growth charts the report draws (default: who)"),
    )
    out.add_argument(
        "--checklist",
        type=Path,
        metavar="LIST",
        help=translate("what of a protocol is seen, in JSON and report: mid_trimester, or a list of your own"),
    )
    out.add_argument("--operator", default="", metavar="NAME", help=translate("who reads, for the report's header"))

"""The bundled sample read without a window: what it shows, and where the report lies."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from fetalclip_app import RESEARCH_USE_ONLY, resources
from fetalclip_app.cli.analyze import load, print_findings, read_one, write_report
from fetalclip_app.cli.manifest import Wanted
from fetalclip_app.cli.speak import say, tell
from fetalclip_app.report.as_json import write_json
from fetalclip_app.report.build import ClipEntry, ReportOptions
from fetalclip_app.wording.translate import translate

SAMPLE = "samples/simulated_head.dcm"


def sample() -> Path:
    """Return the bundled cine of a simulated head."""
    return resources.path(SAMPLE)


def analyse_sample(given: argparse.Namespace) -> int:
    """Read the sample with the compact model, write JSON and PDF, and print the main findings.

    Raises:
        FetalClipError: The sample, the model or the folder is not what it should be.
    """
    folder = _writable(given.out)
    say(translate("Reading the bundled simulated sample; the first time takes some seconds."))
    path = sample()
    entry = read_one(load(), Wanted(path.name, path))
    if not isinstance(entry, ClipEntry):
        raise entry.error
    json_path, pdf_path = folder / f"{path.stem}.json", folder / f"{path.stem}.pdf"
    write_json(json_path, [entry])
    write_report(pdf_path, [entry], ReportOptions())
    tell(
        translate(
            "{name}: a simulated head, not a patient. {note}",
            name=path.name,
            note=translate(RESEARCH_USE_ONLY),
        )
    )
    print_findings(entry)
    tell(translate("Report: {path}", path=pdf_path.resolve()))
    tell(f"JSON:   {json_path.resolve()}")
    return 0


def _writable(folder: Path) -> Path:
    """Return ``folder``, or a new temporary one where it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    other = Path(tempfile.mkdtemp(prefix="fetalclip-"))
    say(translate("{folder} cannot be written; using {other} instead.", folder=folder, other=other))
    return other

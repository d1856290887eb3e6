"""Shows DICOM structured reports at a terminal."""

from __future__ import annotations

import argparse

from fetalclip_app import wording
from fetalclip_app.cli.speak import say, tell
from fetalclip_app.domain.structured import StructuredReport
from fetalclip_app.errors import UnreadableFile
from fetalclip_app.imaging.dicom.structured import read_structured_report
from fetalclip_app.wording.structured import cut_report, report_about, report_standing, report_title, row_line


def read_report(given: argparse.Namespace) -> int:
    """Print each report; return 1 where one cannot be read."""
    missed = False
    for path in given.paths:
        try:
            _print(read_structured_report(path))
        except UnreadableFile as error:
            missed = True
            say(f"{path}: {wording.sentence(error)} {wording.hint(error)}".strip())
    return 1 if missed else 0


def _print(report: StructuredReport) -> None:
    for line in (report_title(report), report_about(report), report_standing(report)):
        tell(line)
    section: tuple[str, ...] = ()
    for row in report.rows:
        if row.section != section:
            section = row.section
            tell(f"\n{' > '.join(section)}")
        tell(f"  {row_line(row)}")
    if not report.is_whole:
        tell(cut_report())

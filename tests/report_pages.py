"""Contents of a report, and its pages as text."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pypdf
from fakes import make_clip, make_heatmap, make_reading

from fetalclip_app.report.build import ClipEntry, ReportContent, ReportOptions
from fetalclip_app.report.pdf import write_pdf

MADE = datetime(2026, 3, 14, 9, 30)  # noqa: DTZ001 - printed as given


LONG = "a_very_long_file_name_without_any_space_" * 3


def entry(*, best: str = "brain", heat: bool = False, **changes: object) -> ClipEntry:
    clip = make_clip(**{"frames": 5, "height": 216, "width": 320, "pixel_mm": 0.5, **changes})  # type: ignore[arg-type]
    heatmaps = ((2, make_heatmap(clip)),) if heat else ()
    return ClipEntry(clip, make_reading(clip, best=best), heatmaps=heatmaps)


def pages_of(content: ReportContent, folder: Path) -> list[pypdf.PageObject]:
    write_pdf(folder / "report.pdf", content)
    return list(pypdf.PdfReader(folder / "report.pdf").pages)


def text_of(pages: list[pypdf.PageObject]) -> str:
    return re.sub(r"[\s\xa0\u2009]+", " ", " ".join(page.extract_text() for page in pages))


def options(**changes: object) -> ReportOptions:
    return ReportOptions(**{"operator": "M. Fischer", "made_at": MADE, **changes})  # type: ignore[arg-type]

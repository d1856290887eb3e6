"""Contents of a report, and its pages as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pypdf
from fakes import make_clip, make_heatmap, make_reading

from fetalclip_app.report.build import ClipEntry, ReportContent, ReportOptions
from fetalclip_app.report.fonts import text_width
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


def placed_texts(page: pypdf.PageObject) -> Iterator[tuple[str, float, float, float]]:
    """Yield each piece of level text with its left, right and baseline in points."""
    found: list[tuple[str, float, float, float]] = []

    def visit(text: str, cm: list[float], tm: list[float], font: dict[str, str] | None, size: float) -> None:
        line = text.strip("\n")
        is_level = abs(cm[1]) < 1e-6 and abs(tm[1]) < 1e-6
        if line.strip() and is_level and font:
            x, y = cm[0] * tm[4] + cm[4], cm[3] * tm[5] + cm[5]
            bold = "Bold" in str(font.get("/BaseFont", ""))
            found.extend((part, x, x + text_width(part.rstrip(), size, bold=bold), y) for part in line.split("\n")[:1])

    page.extract_text(visitor_text=visit)
    yield from found


def placed_pictures(page: pypdf.PageObject) -> Iterator[tuple[float, float, float, float]]:
    """Yield left, bottom, right and top of each picture in points."""
    found: list[tuple[float, float, float, float]] = []

    def visit(operator: bytes, _operands: object, cm: list[float], _tm: object) -> None:
        if operator == b"Do":
            found.append((cm[4], cm[5], cm[4] + cm[0], cm[5] + cm[3]))

    page.extract_text(visitor_operand_before=visit)
    yield from found

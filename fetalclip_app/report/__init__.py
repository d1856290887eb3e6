"""Readings -> files: PDF, JSON and annotated pictures."""

from __future__ import annotations

from fetalclip_app.report.as_json import as_table, write_json
from fetalclip_app.report.build import (
    ClipEntry,
    Entry,
    PageSize,
    ReportContent,
    ReportOptions,
    UnreadEntry,
    build,
)

__all__ = [
    "ClipEntry",
    "Entry",
    "PageSize",
    "ReportContent",
    "ReportOptions",
    "UnreadEntry",
    "as_table",
    "build",
    "write_json",
]

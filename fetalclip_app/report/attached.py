"""The JSON of a report as a file inside its PDF, with what the pages print of each number."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fetalclip_app.domain.trace import Kind
from fetalclip_app.report.archival import Attached
from fetalclip_app.report.build import ReportContent
from fetalclip_app.report.document import as_document
from fetalclip_app.report.entries import Entry
from fetalclip_app.report.page_marks import PageMarks, page_marks, printed_on
from fetalclip_app.wording.traces import printed_forms
from fetalclip_app.wording.translate import translate

NAME = "provenance.json"
FORMAT = "urn:fetalclip-studio:provenance:1"


def provenance(content: ReportContent, pages: bytes) -> Attached:
    """Return where every number of a report comes from, as a file to be attached to its pages."""
    clips: list[Entry] = [replace(entry, file=entry.name) for entry in content.clips]
    entries = [*clips, *(replace(entry, file=entry.name) for entry in content.unread)]
    document = as_document(entries, content.checklists, content.studies)
    return Attached(
        NAME,
        json.dumps(with_pages(document, page_marks(pages)), ensure_ascii=False, allow_nan=False).encode(
            "utf-8", errors="backslashreplace"
        ),
        "application/json",
        translate("Where every number of this report comes from"),
    )


def with_pages(document: list[dict[str, Any]], pages: Sequence[PageMarks]) -> dict[str, Any]:
    """Return the JSON of a report with what its pages say."""
    numbers = [one for row in document for one in row.get("numbers", ())]
    printed = {one["id"]: printed_on(pages, printed_forms(Kind(one["kind"]), one["value"])) for one in numbers}
    return {
        "format": FORMAT,
        "report": document,
        "pages": [{"sha256": page.sha256, "numbers": list(page.numbers)} for page in pages],
        "printed": {
            name: {"text": text, "pages": {str(page): count for page, count in found.items()}}
            for name, (text, found) in printed.items()
            if found
        },
    }

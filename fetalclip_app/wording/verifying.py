"""What is said of a report that was looked at again."""

from __future__ import annotations

from fetalclip_app.errors import ErrorCode
from fetalclip_app.wording.translate import mark

SENTENCES: dict[ErrorCode, tuple[str, ...]] = {
    ErrorCode.REPORT_INVALID: (
        mark("{name} is no report that this program wrote, or was changed beyond reading."),
        mark("This is no report that this program wrote."),
    ),
}

HINTS: dict[ErrorCode, tuple[str, ...]] = {
    ErrorCode.REPORT_INVALID: (mark("Give the JSON or the PDF as it was written."),),
}

SPECIAL: dict[tuple[ErrorCode, str], tuple[tuple[str, ...], str]] = {
    (ErrorCode.REPORT_INVALID, "missing"): (
        (mark("The report {name} cannot be opened."), mark("The report cannot be opened.")),
        mark("Check the path, and the right to read it."),
    ),
    (ErrorCode.REPORT_INVALID, "not_attached"): (
        (
            mark("{name} has no provenance.json attached: nothing says where its numbers come from."),
            mark("The PDF has no provenance.json attached."),
        ),
        mark("Take the PDF as this program wrote it: printing or converting it anew leaves attachments out."),
    ),
}
"""(code, the parameter ``reason``) -> sentences and hint."""

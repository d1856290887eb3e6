"""What is wrong with a report's template, and what to do."""

from __future__ import annotations

from fetalclip_app.errors import ErrorCode
from fetalclip_app.wording.translate import mark

SENTENCES: dict[ErrorCode, tuple[str, ...]] = {
    ErrorCode.TEMPLATE_INVALID: (
        mark("{name} is no template of a report: {problem}."),
        mark("{name} is no template of a report that this program can use."),
        mark("The report's template cannot be used."),
    ),
}

_MEND = mark("Mend the file, or take it away: then the bundled template is used. How one is written: docs/report.md.")

HINTS: dict[ErrorCode, tuple[str, ...]] = {ErrorCode.TEMPLATE_INVALID: (_MEND,)}

_UNKNOWN = mark("{name} asks for a section '{section}', which no report has.")
_TWICE = mark("{name} asks for the section '{section}' twice.")
_MISSING = mark("{name} leaves out the section '{section}', which every report has.")
_GONE = mark("The report's template {name} is not there.")
_SECTIONS = mark("The sections are: {known}.")

SPECIAL: dict[tuple[ErrorCode, str], tuple[tuple[str, ...], str]] = {
    (ErrorCode.TEMPLATE_INVALID, "unknown_section"): ((_UNKNOWN,), _SECTIONS),
    (ErrorCode.TEMPLATE_INVALID, "section_twice"): ((_TWICE,), mark("Name it once, where it is to stand.")),
    (ErrorCode.TEMPLATE_INVALID, "section_missing"): ((_MISSING,), mark("Name it where it is to stand.")),
    (ErrorCode.TEMPLATE_INVALID, "missing"): ((_GONE,), mark("Put the file back, or choose another.")),
}
"""As `wording.errors` has those of all errors."""

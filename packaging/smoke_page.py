"""What was measured of the packaged program, as a table in its page."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def as_page(measured: dict[str, Any]) -> str:
    """Return what was measured as a table of Markdown."""
    first, second = measured["window_first"], measured["window_second"]
    rows = (
        ("system", "", measured["system"]),
        ("network while it was tried", "", measured["network"]),
        ("size", "", f"{measured['size_gb']} GB in {measured['files']} files"),
        ("where the model ran, as the window says", "", second["device_on_screen"]),
        ("tried besides on a screen", "", measured["screen"]),
        ("says its version", f"{measured['version_first_s']} s", f"{measured['version_second_s']} s"),
        *(
            (title, f"{first[name]} s", f"{second[name]} s")
            for title, name in (
                ("window painted, from the start of the program", "window_s"),
                ("first picture of the sample", "picture_s"),
                ("model loaded in its own process", "model_s"),
                ("48 frames read", "read_s"),
                ("exported and closed", "whole_s"),
            )
        ),
        ("exported by the menu's commands", "", ", ".join(second["exported"])),
        ("DICOM objects, by `analyze --dicom`", "", measured["dicom"]),
        ("read besides", "", ", ".join(measured["packings"])),
        ("trained, by `train run RECIPE --smoke`", "", ", ".join(measured["trained"])),
    )
    lines = ["| what | first time | afterwards |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines)


def write_page(page: Path, measured: dict[str, Any]) -> None:
    """Write the table into a page, between its marks."""
    begins, ends = (f"<!-- measured {word} -->" for word in ("begins", "ends"))
    before, _, rest = page.read_text(encoding="utf-8").partition(begins)
    _, _, after = rest.partition(ends)
    page.write_text(f"{before}{begins}\n\n{as_page(measured)}\n\n{ends}{after}", encoding="utf-8")

"""Prints the table of `docs/pixels.md` from the codecs and the golden cases.

python tests/golden/print_pixels.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import pixel_cases
from pydicom import uid

from fetalclip_app.imaging.dicom.transfer_syntaxes import CODECS

PAGE = Path(__file__).parents[2] / "docs" / "pixels.md"
_BEGIN, _END = "<!-- table: python tests/golden/print_pixels.py -->\n", "<!-- end of table -->\n"


def table() -> str:
    """Return one row for each transfer syntax, in Markdown."""
    head = "| transfer syntax | UID | decoded by | golden pixels of | largest difference |\n|---|---|---|---|---|\n"
    return head + "".join(_rows())


def _rows() -> Iterator[str]:
    cases = pixel_cases.cases()
    for syntax, codec in CODECS.items():
        own = [case for case in cases if case.syntax == syntax]
        kinds = "; ".join(" ".join(filter(None, (case.photometric, case.variant))) for case in own)
        bounds = sorted({case.largest for case in own})
        shown = "exact" if bounds == [0] else f"{bounds[0] or 'exact'} to {bounds[-1]}"
        name = uid.UID(syntax).name
        yield f"| {name} | {syntax} | {codec.decoder} | {kinds or 'none: no encoder here'} | {shown} |\n"


def with_table(page: str) -> str:
    """Return the page with its table printed anew."""
    before, rest = page.split(_BEGIN)
    return before + _BEGIN + table() + _END + rest.split(_END)[1]


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

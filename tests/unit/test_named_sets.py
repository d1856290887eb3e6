"""A view set of the user's own is named, with its hash, in every output."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from fakes import make_clip, make_reading
from report_pages import options, pages_of, text_of

from fetalclip_app.report.as_json import as_table
from fetalclip_app.report.build import ClipEntry, build

SHA256 = "5e" * 32


def entry() -> ClipEntry:
    clip = make_clip(frames=2)
    reading = make_reading(clip)
    sets = {**reading.provenance.view_sets, "views": ("hands-v3", SHA256)}
    return ClipEntry(clip, replace(reading, provenance=replace(reading.provenance, view_sets=sets)), "a.dcm")


def test_in_the_json() -> None:
    row = json.loads(json.dumps(as_table([entry()])))[0]

    assert row["provenance"]["view_sets"]["views"] == {"name": "hands-v3", "sha256": SHA256}


def test_in_the_report(tmp_path: Path) -> None:
    text = "".join(text_of(pages_of(build([entry()], options()), tmp_path)).split())

    assert "hands-v3" in text
    assert SHA256 in text

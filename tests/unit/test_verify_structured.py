"""Verifying a DICOM structured report: its numbers name their traces, and the archive has what a person drew."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hand_tools import AT
from verify_tools import DRAWN, PixelEngine, entry, scan, verify

from fetalclip_app import settings
from fetalclip_app.archive.store import Archive
from fetalclip_app.cli import analyze as analyze_module
from fetalclip_app.domain.notes import study_key
from fetalclip_app.domain.study import groups_of
from fetalclip_app.report.build import ClipEntry, build
from fetalclip_app.report.dicom.export import study_of
from fetalclip_app.report.dicom.structured_report import obstetric_report


@dataclass
class Desk:
    folder: Path
    report: Path
    engine: PixelEngine
    one: ClipEntry

    def keep(self) -> None:
        """Keep in one's own archive what a person drew and stated."""
        settings.archive_file().parent.mkdir(parents=True, exist_ok=True)
        archive = Archive(settings.archive_file())
        study = study_key(groups_of([self.one.clip])[0])
        archive.save_clip(self.one.clip.key, self.one.notes, AT, study=study)
        archive.save_study(study, self.one.study_notes, AT)
        archive.close()

    def verify(self) -> tuple[int, dict[str, Any]]:
        out = self.folder / "verified.json"
        status = verify(self.report, "--files", self.folder / "originals", "--json", out)
        return status, {one["id"]: one for one in json.loads(out.read_text())["numbers"]}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv(settings.HOME_VARIABLE, str(tmp_path / "data"))
    (tmp_path / "originals").mkdir()
    engine = PixelEngine()
    monkeypatch.setattr(analyze_module, "load", lambda given=None: engine)
    one = entry(scan(tmp_path / "originals" / "one.dcm"), *DRAWN)
    report = tmp_path / "report.dcm"
    obstetric_report(study_of(build([one]))).save_as(report, enforce_file_format=True)
    return Desk(tmp_path, report, engine, one)


def test_an_untouched_report_agrees_where_the_archive_has_what_was_drawn(desk: Desk) -> None:
    desk.keep()
    status, found = desk.verify()

    assert status == 0 and len(found) > 10
    assert {"hc.person", "efw", "dating"} <= set(found)


def test_without_the_archive_nothing_is_claimed_of_what_rests_on_a_persons_lines(desk: Desk) -> None:
    status, found = desk.verify()

    assert status == 2 and found["efw"]["why"] == found["hc.person"]["why"] == "not_told"
    assert {one["outcome"] for one in found.values() if one["id"].startswith(desk.one.clip.key)} <= {
        "agrees",
        "not_checked",
    }


def test_an_edited_number_of_the_report_is_named(desk: Desk) -> None:
    desk.keep()
    data = pydicom.dcmread(desk.report)
    edited = _change(data, "efw", 400.0)
    data.save_as(desk.report)
    status, found = desk.verify()

    assert edited and status == 1
    assert [name for name, one in found.items() if one["outcome"] == "differs"] == ["efw"]


def _change(item: Any, tracking: str, value: float) -> bool:
    """Give the number of this trace another value; return whether there was one."""
    children = item.get("ContentSequence") or []
    if any(child.get("TextValue") == tracking for child in children) and "MeasuredValueSequence" in item:
        measured = item.MeasuredValueSequence[0]
        measured.NumericValue = value
        if "FloatingPointValue" in measured:
            measured.FloatingPointValue = value
        return True
    return any(_change(child, tracking, value) for child in children)

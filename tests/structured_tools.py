"""A DICOM structured report of a generated scan on disk, and what a hand may change in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hand_tools import AT
from study_tools import drawn
from verify_tools import DRAWN, PixelEngine, entry, scan, verify

from fetalclip_app import settings
from fetalclip_app.archive.store import Archive
from fetalclip_app.cli import analyze as analyze_module
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.notes import StudyNotes, study_key
from fetalclip_app.domain.study import groups_of
from fetalclip_app.report.build import ClipEntry, ReportOptions, build
from fetalclip_app.report.dicom.export import study_of
from fetalclip_app.report.dicom.structured_report import obstetric_report

Change = Callable[[Any], Any]


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

    def write(self, *entries: ClipEntry) -> None:
        content = build(list(entries), ReportOptions(operator="B. Reader"))
        obstetric_report(study_of(content)).save_as(self.report, enforce_file_format=True)

    def change(self, change: Change) -> None:
        data = pydicom.dcmread(self.report)
        change(data)
        data.save_as(self.report)

    def verify(self) -> tuple[int, dict[str, Any], list[dict[str, Any]]]:
        """Return the status, what was found by id with "clip" for the clip's key, and the other values."""
        out = self.folder / "verified.json"
        status = verify(self.report, "--files", self.folder / "originals", "--json", out)
        told = json.loads(out.read_text())
        found = {one["id"].replace(self.one.clip.key, "clip"): one for one in told["numbers"]}
        return status, found, told["other_values"]

    def differing(self) -> dict[str, tuple[str, str | None]]:
        """Return reason and part of the trace of each number that differs."""
        status, found, others = self.verify()
        differ = {name: (one["why"], one.get("part")) for name, one in found.items() if one["outcome"] == "differs"}
        assert (status == 1) is bool(differ or others)
        return differ


def desk_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv(settings.HOME_VARIABLE, str(folder / "data"))
    (folder / "originals").mkdir()
    engine = PixelEngine()
    monkeypatch.setattr(analyze_module, "load", lambda given=None: engine)
    one = entry(scan(folder / "originals" / "one.dcm"), *DRAWN, drawn(Measure.FL, 34.0, frame_index=1))
    made = Desk(folder, folder / "report.dcm", engine, one)
    made.write(one)
    return made


def items(here: Any) -> Iterator[Any]:
    for child in here.get("ContentSequence") or ():
        yield child
        yield from items(child)


def named(item: Any) -> str:
    names = item.get("ConceptNameCodeSequence")
    return names[0].CodeValue if names else ""


def below(item: Any, code: str) -> Any:
    return next(one for one in item.ContentSequence if named(one) == code)


def of(report: Any, name: str) -> Any:
    """Return the first item of a number; "clip" stands for any clip's key."""
    return next(
        item
        for item in items(report)
        for child in item.get("ContentSequence") or ()
        if named(child) == "112039" and re.fullmatch(name.replace("clip", "[0-9a-f]{16}"), child.TextValue)
    )


def of_kind(item: Any, kind: str) -> Any:
    return next(one for one in item.ContentSequence if one.get("ValueType") == kind)


def valued(name: str, value: float) -> Change:
    def change(report: Any) -> None:
        measured = of(report, name).MeasuredValueSequence[0]
        measured.NumericValue = value
        if "FloatingPointValue" in measured:
            measured.FloatingPointValue = value

    return change


IMAGE = "IMAGE", "ReferencedSOPSequence"
UNIT = "MeasuredValueSequence", "MeasurementUnitsCodeSequence", "CodeValue"
EQUATION = "121420", "ConceptCodeSequence", "CodeMeaning"
SQUARE = [10, 10, 20, 10, 15, 5, 15, 15]


def put(value: Any, name: str, *steps: str) -> Change:
    """Return the change of an attribute of a number's item: by codes, value types and sequences to its keyword."""

    def change(report: Any) -> None:
        item = of(report, name)
        for step in steps[:-1]:
            if step.isupper():
                item = of_kind(item, step)
            else:
                item = below(item, step) if step[0].isdigit() else getattr(item, step)[0]
        setattr(item, steps[-1], value)

    return change


def dated_otherwise(report: Any) -> None:
    for item in items(report):
        if named(item) == "11778-8":
            item.Date = "20260801"


def prompted_otherwise(report: Any) -> None:
    for one in of(report, "clip.hc.outline").ContentSequence:
        if one.get("TextValue", "").startswith("prompts "):
            one.TextValue = f"prompts planes SHA-256 {'2' * 64}"


def of_fetus(one: ClipEntry, fetus: str) -> ClipEntry:
    study = StudyNotes(dating=one.study_notes.dating, fetuses=("A", "B"))
    return replace(one, fetus=fetus, notes=one.notes.with_fetus(fetus), study_notes=study)

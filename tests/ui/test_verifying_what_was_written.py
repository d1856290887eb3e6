"""What a person drew, scaled and dated in the window, written and then verified beside the archive that kept it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from dicom_studies import cine
from fakes import FakeEngine
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from study_tools import dated, drawn
from verify_tools import edit, verify

from fetalclip_app import settings
from fetalclip_app.cli import analyze as analyze_module
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.notes import HandMeasurement
from fetalclip_app.ui.app import Studio


def measured(studio: Studio, qtbot: QtBot) -> None:
    """Measure a head and a femur, lay a ruler, measure the femur again, and date the study."""
    window, scale, book = studio.window, studio.window.area.scale, studio.window.notebook

    def was_read() -> bool:
        return bool(studio.session.entries) and all(one.reading is not None for one in studio.session.entries)

    def draw(one: HandMeasurement) -> None:
        book.change_clip("Line", book.clip.with_measured(one))

    qtbot.waitUntil(was_read, timeout=30_000)
    qtbot.waitUntil(lambda: window.viewer.on_screen is not None and book.clip is not None and book.study is not None)
    draw(drawn(Measure.HC, 175.0))
    draw(drawn(Measure.FL, 33.0))
    window.actions_by_name["ruler"].trigger()
    window.area.frame.ruler.press(60, 30, 5)
    window.area.frame.ruler.drag(60, 130)
    QTest.keyClicks(scale.length, "60")
    QTest.keyClick(scale.length, Qt.Key.Key_Return)
    qtbot.waitUntil(was_read, timeout=30_000)
    draw(drawn(Measure.FL, 32.0, frame_index=1))
    book.change_study("Dating", replace(book.study, dating=dated()))
    assert len(book.clip.measured) == 3 and len(book.clip.rulers) == 1


def written(studio: Studio, qtbot: QtBot, folder: Path) -> dict[str, Path]:
    exporting = studio.window.exporting
    exporting.ask = lambda parent, title, suggested, kinds: folder / Path(suggested).name
    exporting.ask_folder = lambda parent, title, suggested: folder
    found = {}
    for name in ("export_json", "export_pdf", "export_dicom"):
        with qtbot.waitSignal(exporting.written, timeout=60_000) as told:
            studio.window.actions_by_name[name].trigger()
        found[name] = told.args[0]
    return {**found, "export_dicom": found["export_dicom"] / "report.dcm"}


def test_all_that_the_window_wrote_agrees_and_an_edited_row_of_its_archive_is_named(
    program, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analyze_module, "load", lambda given=None: FakeEngine())
    (tmp_path / "originals").mkdir()
    clip = cine(tmp_path / "originals" / "Größe.dcm")
    studio = program(clip.path)
    measured(studio, qtbot)
    (tmp_path / "out").mkdir()
    reports = written(studio, qtbot, tmp_path / "out")
    studio.end()

    def differing(report: Path) -> dict[str, tuple[str, str | None]]:
        out = tmp_path / "verified.json"
        verify(report, "--files", tmp_path / "originals", "--json", out)
        told = json.loads(out.read_text())
        assert told["other_values"] == told["pages_changed"] == []
        return {
            one["id"].replace(clip.key, "clip"): (one["why"], one.get("part"))
            for one in told["numbers"]
            if one["outcome"] != "agrees"
        }

    numbers = [one for row in json.loads(reports["export_json"].read_text()) for one in row.get("numbers", ())]
    femur = next(one for one in numbers if one["id"] == f"{clip.key}.fl.person.1")
    assert [one["did"] for one in femur["edits"]] == ["drawn", "scaled"]
    for report in reports.values():
        assert differing(report) == {}, report.name

    edit(settings.archive_file(), "UPDATE notes SET json = replace(json, '60.0', '66.0')")
    for report in reports.values():
        assert "archive" in {why for why, _part in differing(report).values()}, report.name

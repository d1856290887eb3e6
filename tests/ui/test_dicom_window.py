"""DICOM objects from the window, and a structured report that is opened in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pydicom
from dicom_studies import cine, whole_report
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fetalclip_app.report.dicom.export import write_objects
from fetalclip_app.ui.app import Studio
from fetalclip_app.ui.structured_reports import ReportsWindow


def opened(program: Callable[..., Studio], qtbot: QtBot, *paths: Path) -> Studio:
    studio = program(*paths)
    session = studio.session
    qtbot.waitUntil(lambda: bool(session.entries) and all(one.reading is not None for one in session.entries))
    return studio


def test_the_objects_of_a_study_are_written_into_a_new_folder(program, qtbot: QtBot, tmp_path: Path) -> None:
    clip = cine(tmp_path / "cine.dcm")
    before = clip.path.read_bytes()
    exporting = opened(program, qtbot, clip.path).window.exporting
    exporting.ask_folder = lambda parent, title, suggested: tmp_path
    for folder in ("cine DICOM", "cine DICOM 2"):
        with qtbot.waitSignal(exporting.written, timeout=30_000) as written:
            exporting.parent().actions_by_name["export_dicom"].trigger()
        assert written.args[0] == tmp_path / folder
        names = {path.stem for path in (tmp_path / folder).iterdir()}
        assert {"report", "measurements_1", "segmentation_1", "overlays_1", "picture_1", "report_pdf"} <= names
        assert pydicom.dcmread(tmp_path / folder / "report.dcm").VerificationFlag == "UNVERIFIED"
    assert clip.path.read_bytes() == before


def test_nothing_is_asked_before_something_was_read(desk) -> None:
    asked: list[str] = []
    desk.window.exporting.ask_folder = lambda parent, title, suggested: asked.append(title)
    assert not desk.window.actions_by_name["export_dicom"].isEnabled()
    desk.window.exporting.dicom()
    assert asked == []


def test_an_export_without_its_original_is_told_and_leaves_nothing(program, qtbot: QtBot, tmp_path: Path) -> None:
    clip = cine(tmp_path / "cine.dcm")
    studio = opened(program, qtbot, clip.path)
    clip.path.unlink()
    exporting = studio.window.exporting
    exporting.ask_folder = lambda parent, title, suggested: tmp_path
    with qtbot.waitSignal(exporting.failed, timeout=30_000):
        studio.window.actions_by_name["export_dicom"].trigger()
    assert not studio.window.area.message.isHidden()
    assert not [path for path in tmp_path.iterdir() if "DICOM" in path.name]


def test_a_report_that_is_opened_is_shown_row_by_row_and_is_no_trouble(program, qtbot: QtBot, tmp_path: Path) -> None:
    content = whole_report(tmp_path)
    paths = {path.stem: path for path in write_objects(tmp_path / "out", content)}
    studio = opened(program, qtbot, content.clips[0].clip.path, paths["report"], paths["measurements_1"])

    def window() -> ReportsWindow | None:
        return studio.window.findChild(ReportsWindow)

    qtbot.waitUntil(lambda: (shown := window()) is not None and shown.which.count() == 2, timeout=10_000)
    shown = window()
    assert shown is not None
    assert shown.isVisible()
    assert studio.window.area.message.isHidden()
    shown.which.setFocus()
    while not shown.which.currentText().startswith("report"):
        before = shown.which.currentIndex()
        qtbot.keyClick(shown.which, Qt.Key.Key_Up if before else Qt.Key.Key_Down)
        assert shown.which.currentIndex() != before
    headings = [shown.rows.topLevelItem(at) for at in range(shown.rows.topLevelItemCount())]
    biometry = next(one for one in headings if one.text(0) == "Fetal Biometry › Biometry Group")
    rows = [[biometry.child(at).text(column) for column in range(5)] for at in range(biometry.childCount())]
    assert rows[0][:2] == ["Head Circumference", "175\u2009mm"]
    assert rows[0][3] == "A. Sonographer"
    assert shown.title.text() == "OB-GYN Ultrasound Procedure Report, TID 5000"
    assert shown.standing.text() == "Preliminary: nobody has verified it."
    assert "P1" in shown.about.text()

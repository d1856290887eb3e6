"""Exports from the window: written off its thread, and told when they fail."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import av
import pypdf
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QInputDialog, QLineEdit
from pytestqt.qtbot import QtBot


def test_json_and_picture_are_written(desk, qtbot: QtBot, tmp_path: Path) -> None:
    desk.open("one.dcm", "two.png")
    desk.wait_read()
    exporting = desk.window.exporting
    exporting.ask = lambda parent, title, suggested, kinds: tmp_path / Path(suggested).name
    with qtbot.waitSignal(exporting.written):
        desk.press("export_json")
    with qtbot.waitSignal(exporting.written):
        desk.press("export_png")
    table = json.loads((tmp_path / "one.json").read_text(encoding="utf-8"))
    picture = QImage(str(tmp_path / "one_frame1.png"))

    assert [entry["file"] for entry in table if "file" in entry] == ["one.dcm", "two.png"]
    assert picture.width() == 160
    assert picture.height() > 120
    assert desk.window.area.message.sentence.text().startswith("Written: ")
    assert {path.name for path in tmp_path.iterdir()} >= {"one.json", "one_frame1.png"}


def test_the_pdf_is_written_off_the_windows_thread(desk, qtbot: QtBot, tmp_path: Path) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    desk.window.exporting.ask = lambda parent, title, suggested, kinds: tmp_path / Path(suggested).name
    with qtbot.waitSignal(desk.window.exporting.written, timeout=30_000):
        desk.press("export_pdf")

    assert (tmp_path / "one.pdf").read_bytes().startswith(b"%PDF")


def test_an_export_that_fails_is_told_and_leaves_nothing(desk, qtbot: QtBot, tmp_path: Path) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    desk.window.exporting.ask = lambda parent, title, suggested, kinds: tmp_path / "no such folder" / "a.json"
    with qtbot.waitSignal(desk.window.exporting.failed):
        desk.press("export_json")

    assert not desk.window.area.message.isHidden()
    assert not (tmp_path / "no such folder").exists()


def test_an_export_says_whose_scan_each_clip_of_twins_is(desk, qtbot: QtBot, tmp_path: Path) -> None:
    desk.open("one.dcm", "two.png")
    desk.wait_read()
    book, exporting = desk.window.notebook, desk.window.exporting
    exporting.ask = lambda parent, title, suggested, kinds: tmp_path / f"{len(list(tmp_path.iterdir()))}.json"
    qtbot.waitUntil(lambda: book.clip is not None and book.study is not None)

    def exported() -> list[object]:
        with qtbot.waitSignal(exporting.written) as written:
            desk.press("export_json")
        rows = json.loads(written.args[0].read_text(encoding="utf-8"))
        return [row.get("fetus", "absent") for row in rows if "file" in row]

    assert exported() == ["absent", "absent"]
    book.change_study("Twins", replace(book.study, fetuses=("A", "B")))
    assert exported() == [None, None], "of twins, and nobody said"
    book.change_clip("Fetus", replace(book.clip, fetus="B"))
    assert exported() == ["B", None]


def test_the_name_that_was_given_stands_in_the_report_and_beside_what_is_noted(
    desk, qtbot: QtBot, tmp_path: Path
) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    window = desk.window
    desk.press("operator")
    dialog = window.findChild(QInputDialog)
    qtbot.waitUntil(dialog.isVisible)
    field = dialog.findChild(QLineEdit)
    qtbot.keyClicks(field, "  A.  Sonographer ")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    window.exporting.ask = lambda parent, title, suggested, kinds: tmp_path / Path(suggested).name
    with qtbot.waitSignal(window.exporting.written, timeout=30_000):
        desk.press("export_pdf")

    assert desk.saved[-1].operator == window.notebook.act().who == "A. Sonographer"
    assert "A. Sonographer" in pypdf.PdfReader(tmp_path / "one.pdf").pages[0].extract_text()


def test_table_and_film_are_written(desk, qtbot: QtBot, tmp_path: Path) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    exporting = desk.window.exporting
    exporting.ask = lambda parent, title, suggested, kinds: tmp_path / Path(suggested).name
    with qtbot.waitSignal(exporting.written, timeout=30_000):
        desk.press("export_csv")
    with qtbot.waitSignal(exporting.written, timeout=30_000):
        desk.press("export_mp4")

    assert "hc" in (tmp_path / "one.csv").read_text(encoding="utf-8-sig")
    with av.open(str(tmp_path / "one.mp4")) as film:
        assert film.streams.video[0].frames >= 12


def test_a_single_picture_is_no_film_and_that_is_said(desk, qtbot: QtBot) -> None:
    desk.open("two.png")
    desk.wait_read()
    with qtbot.waitSignal(desk.window.exporting.failed):
        desk.press("export_mp4")

    assert desk.window.area.message.sentence.text() == "two.png is a single picture and no cine."

"""The report's template from the window: a file of one's own, begun as the bundled one, and what it says counts."""

from __future__ import annotations

import json
from pathlib import Path

import pypdf
from PySide6.QtCore import QUrl
from pytestqt.qtbot import QtBot

from fetalclip_app import settings
from fetalclip_app.report.template import Template, read_template
from fetalclip_app.ui.report_template import ReportTemplate


def test_the_command_makes_a_template_and_opens_it_and_the_report_follows_it(
    desk, qtbot: QtBot, tmp_path: Path
) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    window = desk.window
    (door,) = (one for one in window.features if isinstance(one, ReportTemplate))
    opened: list[QUrl] = []
    door.open_url = lambda url: not opened.append(url)
    desk.press("report_template")
    path = settings.template_file()

    assert read_template(path) == Template() and [Path(url.toLocalFile()) for url in opened] == [path]
    assert str(path) in window.area.message.sentence.text()
    path.write_text(json.dumps({"title": "Anomaly scan", "page": "letter"}), encoding="utf-8")
    desk.press("report_template")
    assert read_template(path).title == "Anomaly scan", "it is not written over"

    window.exporting.ask = lambda parent, title, suggested, kinds: tmp_path / Path(suggested).name
    with qtbot.waitSignal(window.exporting.written, timeout=30_000):
        desk.press("export_pdf")
    page = pypdf.PdfReader(tmp_path / "one.pdf").pages[0]
    assert "Anomaly scan" in page.extract_text() and float(page.mediabox.width) == 612.0


def test_a_template_that_cannot_be_used_is_said_and_nothing_is_written(desk, qtbot: QtBot, tmp_path: Path) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    settings.template_file().parent.mkdir(parents=True, exist_ok=True)
    settings.template_file().write_text('{"page": "a3"}', encoding="utf-8")
    desk.window.exporting.ask = lambda parent, title, suggested, kinds: tmp_path / Path(suggested).name
    with qtbot.waitSignal(desk.window.exporting.failed, timeout=30_000):
        desk.press("export_pdf")

    assert "report_template.json is no template of a report" in desk.window.area.message.sentence.text()
    assert not (tmp_path / "one.pdf").exists()

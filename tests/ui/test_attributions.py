"""The licence page: every model, data set and library, with its licence, by the menu and by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fetalclip_app import resources
from fetalclip_app.ui.attributions import AttributionsPage
from fetalclip_app.wording import attributions
from fetalclip_app.wording.translate import speak


def test_the_command_opens_the_page_and_escape_closes_it(desk_of: Callable, qtbot: QtBot) -> None:
    desk = desk_of()
    desk.window.actions_by_name["licences"].trigger()
    page = QApplication.activeModalWidget()
    assert isinstance(page, AttributionsPage)
    text = page.page.toPlainText()

    assert "HC18 · CC-BY-4.0" in text
    assert "van den Heuvel et al. 2018" in text
    assert "Measurement head of the compact model · CC-BY-NC-SA-4.0" in text
    assert "PySide6_Essentials" in text
    assert "LGPL-3.0-only" in text

    qtbot.keyClick(page, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)


def test_the_page_names_everything_that_the_list_holds(qtbot: QtBot) -> None:
    page = AttributionsPage(None)
    qtbot.addWidget(page)
    text = page.page.toPlainText()

    for work in json.loads((resources.root() / attributions.FILE).read_text("utf-8")):
        assert work["name"] in text
        assert work.get("cite", "") in text


def test_it_speaks_german(qtbot: QtBot) -> None:
    speak("de")
    try:
        page = AttributionsPage(None)
        qtbot.addWidget(page)
    finally:
        speak("en")

    assert "Schrift des Berichts." in page.page.toPlainText()


def test_the_texts_folder_is_offered_where_there_is_one(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: not opened.append(url.toLocalFile()))
    with_texts, without = AttributionsPage(None, tmp_path), AttributionsPage(None, tmp_path / "none")
    for page in (with_texts, without):
        qtbot.addWidget(page)
        page.show()

    assert not without.folder.isVisible()
    qtbot.mouseClick(with_texts.folder, Qt.MouseButton.LeftButton)
    assert opened == [str(tmp_path)]
    assert not with_texts.told.isVisible()


def test_where_no_file_manager_answers_the_page_says_where_the_texts_lie(qtbot: QtBot, tmp_path: Path) -> None:
    page = AttributionsPage(None, tmp_path)
    qtbot.addWidget(page)
    page.open_url = lambda _url: False
    page.show()

    qtbot.mouseClick(page.folder, Qt.MouseButton.LeftButton)

    assert page.told.isVisible()
    assert str(tmp_path) in page.told.text()

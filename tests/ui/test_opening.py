"""From a drop to a clip on screen, and files that do not open."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from fakes import make_clip
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from fetalclip_app import RESEARCH_USE_ONLY
from fetalclip_app.domain.clip import Clip
from fetalclip_app.ui.empty_state import EmptyState


def _drop(window: QWidget, *names: str) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(f"/nowhere/{name}") for name in names])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPointF(300, 300).toPoint(), copy, data, left, none)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(300, 300), copy, data, left, none))


def test_a_dropped_scan_is_shown_and_read(desk, qtbot: QtBot) -> None:
    _drop(desk.window, "one.dcm")
    qtbot.waitUntil(lambda: len(desk.session.entries) == 1)
    desk.wait_read()
    findings = desk.window.findings

    assert findings.view.best.text() == "Brain 91%"
    assert findings.age.age.text() == "20w3d"
    assert findings.head.figures["hc"].text() == "104.8\N{THIN SPACE}mm"
    assert desk.window.viewer.on_screen == 0


def test_the_empty_window_says_what_can_be_dropped_and_offers_the_sample(desk_of: Callable, qtbot: QtBot) -> None:
    desk = desk_of(make_clip(3, name="sample.dcm"))
    empty = desk.window.findChild(EmptyState)
    words = " ".join(part.text() for part in empty.findChildren(QLabel))
    assert "DICOM" in words
    assert RESEARCH_USE_ONLY in words
    desk.start()
    empty.sample.click()

    qtbot.waitUntil(lambda: len(desk.session.entries) == 1)


def test_several_files_keep_their_order_and_the_first_is_shown(desk_of: Callable) -> None:
    names = [f"{number}.dcm" for number in range(6)]
    desk = desk_of(*(make_clip(2, name=name) for name in names))
    desk.start()
    desk.open(*names)

    assert [entry.clip.path.name for entry in desk.session.entries] == names
    assert desk.session.shown is desk.session.entries[0]


def test_a_file_that_cannot_be_read_is_told_and_the_others_open(desk) -> None:
    desk.open("one.dcm", "broken.dcm", "two.png")
    message = desk.window.area.message

    assert message.sentence.text() == "broken.dcm is damaged and cannot be read."
    assert message.hint.text()
    assert not message.isHidden()


def test_the_same_file_opened_twice_stands_once(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm", "two.png")
    desk.session.show(desk.session.entries[1])
    desk.window.open_menu.open_paths([Path("one.dcm")])
    qtbot.waitUntil(lambda: desk.session.shown is desk.session.entries[0])

    assert len(desk.session.entries) == 2


def test_several_files_that_cannot_be_opened_are_one_message(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm", *(f"broken{number}.dcm" for number in range(5)))
    message = desk.window.area.message
    qtbot.waitUntil(lambda: message.sentence.text() == "5 files could not be opened.")

    assert "broken0.dcm is damaged" in message.hint.text()
    assert message.hint.text().endswith("And 2 more.")
    message.hide()
    desk.open("broken9.dcm")
    qtbot.waitUntil(lambda: not message.isHidden())
    assert message.sentence.text() == "broken9.dcm is damaged and cannot be read."


def test_what_is_opened_after_cancel_waits_for_nothing_that_was_cancelled(desk_of: Callable, qtbot: QtBot) -> None:
    desk = desk_of(make_clip(2, name="slow.dcm"), make_clip(2, name="next.dcm"))
    entered, go = threading.Event(), threading.Event()
    read = desk.session._opening._doors.read_clip

    def slowly(path: Path) -> Clip:
        if path.name == "slow.dcm":
            entered.set()
            go.wait(10)
        return read(path)

    desk.session._opening._doors = replace(desk.session._opening._doors, read_clip=slowly)
    desk.window.open_menu.open_paths([Path("slow.dcm")])
    qtbot.waitUntil(entered.is_set)
    desk.press("cancel")
    desk.window.open_menu.open_paths([Path("next.dcm")])
    try:
        qtbot.waitUntil(lambda: [entry.clip.path.name for entry in desk.session.entries] == ["next.dcm"])
    finally:
        go.set()


def test_recent_files_can_be_opened_again(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    assert desk.saved[-1].recent[0].name == "one.dcm"
    desk.press("close_clip")
    desk.window.open_menu.recent.actions()[0].trigger()

    qtbot.waitUntil(lambda: len(desk.session.entries) == 1)

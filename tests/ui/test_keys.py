"""Keys: each means one thing, works wherever the focus is, and is named where it helps."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from bench import spoken
from fetalclip_app import wording
from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.errors import ErrorCode, FetalClipError
from fetalclip_app.ui import app
from fetalclip_app.ui.commands import COMMANDS
from fetalclip_app.wording import DETAILS


def test_no_key_means_two_things() -> None:
    keys = [key for command in COMMANDS for key in command.keys]

    assert len(keys) == len(set(keys))


def test_every_command_does_something(desk) -> None:
    for command in COMMANDS:
        action = desk.window.actions_by_name[command.name]

        assert action.receivers("2triggered(bool)") or action.isCheckable(), command.name


@pytest.mark.parametrize(
    ("key", "index"),
    [(Qt.Key.Key_Down, 1), (Qt.Key.Key_Up, 11), (Qt.Key.Key_End, 11), (Qt.Key.Key_2, 6), (Qt.Key.Key_Home, 0)],
)
def test_keys_move_through_the_cine(desk, qtbot: QtBot, key: Qt.Key, index: int) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    _press(desk, key)

    assert desk.window.viewer.index == index


def _press(desk, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    desk.window.activateWindow()
    desk.qtbot.waitUntil(desk.window.isActiveWindow)
    QTest.keyClick(desk.window.area.frame, key, modifier)


def test_shift_and_an_arrow_is_ten_frames(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    _press(desk, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)

    assert desk.window.viewer.index == 10


def test_space_plays_and_pauses_wherever_the_focus_is(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    player = desk.window.viewer.player
    desk.window.activateWindow()
    desk.qtbot.waitUntil(desk.window.isActiveWindow)
    desk.window.findings.age.age.setFocus()
    QTest.keyClick(desk.window.findings.age.age, Qt.Key.Key_Space)
    assert player.is_playing
    QTest.keyClick(desk.window.area.frame, Qt.Key.Key_Space)

    assert not player.is_playing


def test_arrows_change_the_clip(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm", "two.png")
    _press(desk, Qt.Key.Key_Right)
    assert desk.session.shown.clip.path.name == "two.png"
    _press(desk, Qt.Key.Key_Left)

    assert desk.session.shown.clip.path.name == "one.dcm"


def test_a_question_mark_shows_all_keys_and_escape_hides_them(desk, qtbot: QtBot) -> None:
    desk.window.activateWindow()
    desk.qtbot.waitUntil(desk.window.isActiveWindow)
    QTest.keyClick(desk.window, Qt.Key.Key_Question)
    sheet = desk.window.cheat_sheet
    assert sheet.isVisible()
    words = {label.text() for label in sheet.findChildren(QLabel)}
    assert {command.title.removesuffix(" …") for command in COMMANDS if command.group} <= words
    desk.press("dismiss")

    assert not sheet.isVisible()


def test_return_presses_the_button_that_has_the_focus(qtbot: QtBot) -> None:
    pressed: list[bool] = []
    keys, button = app.ReturnPresses(), QPushButton("Read")
    qtbot.addWidget(button)
    button.clicked.connect(lambda: pressed.append(True))
    button.installEventFilter(keys)
    for key in (Qt.Key.Key_A, Qt.Key.Key_Return):
        QApplication.sendEvent(button, QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier))

    assert pressed == [True]


def test_no_sentence_names_the_key_of_a_command_for_everybody_may_change_it() -> None:
    titles = {"Play from here (A)", "Play up to here (B)"}  # the marks' names
    of_a_dialog = {"Change (F2)", "Remove (Del)"}  # fixed, of the view-set editor alone
    texts = {place.text for path in spoken.sources() for place, _ in spoken.marked(path)} - titles - of_a_dialog
    letters = "".join(re.escape(key) for command in COMMANDS for key in command.keys if len(key) == 1)
    named = re.compile(rf"\(([{letters}]|F\d+|Del)\)|\b(Ctrl|Shift|Alt)\+\S|\\|\b(with|press) [A-Z?/]\W|: [A-Z]\b[,.]")

    assert named.search("Set it with the ruler (R).") and named.search("Ctrl+Z takes it back.")
    assert named.search("A line: C, an ellipse: E.") and named.search("Measure a line with C, an ellipse with E.")
    assert sorted(text for text in texts if named.search(text)) == []


def test_no_hint_names_the_command_line_alone() -> None:
    hints = [wording.abstention_hint(Abstention(reason, detail)) for reason, detail in DETAILS]
    hints += [wording.hint(FetalClipError(code)) for code in ErrorCode]

    assert any("--" in hint for hint in hints)
    assert [hint for hint in hints if "--" in hint and not re.search(r"ruler|model menu|window", hint)] == []

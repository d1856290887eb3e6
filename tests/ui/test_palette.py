"""One field finds every command, and hands on what no command has in its title."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from fetalclip_app.ui.commands import COMMANDS
from fetalclip_app.ui.palette import Entry


def test_ctrl_k_some_words_and_return_do_a_command(desk) -> None:
    desk.open("one.dcm")
    _open(desk)
    QTest.keyClicks(desk.window.palette_of_commands.field, "whole CINE")
    assert _titles(desk)[0] == "Play the whole cine"
    QTest.keyClicks(desk.window.palette_of_commands.field, "")
    desk.window.palette_of_commands.field.clear()
    QTest.keyClicks(desk.window.palette_of_commands.field, "last fr")
    QTest.keyClick(desk.window.palette_of_commands.field, Qt.Key.Key_Return)

    assert desk.window.viewer.index == 11
    assert not desk.window.palette_of_commands.isVisible()


def _open(desk) -> None:
    desk.window.activateWindow()
    desk.qtbot.waitUntil(desk.window.isActiveWindow)
    desk.window.area.frame.setFocus()
    QTest.keyClick(desk.window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert desk.window.palette_of_commands.isVisible()


def _titles(desk) -> list[str]:
    rows = desk.window.palette_of_commands.list.model()
    return [rows.index(row).data() for row in range(rows.rowCount())]


def test_an_empty_field_shows_every_command_with_its_key(desk) -> None:
    _open(desk)
    rows = desk.window.palette_of_commands.list.model()
    spoken = [rows.index(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(rows.rowCount())]

    assert len(spoken) == len(COMMANDS) - 1
    assert "Open files, O" in spoken


def test_what_cannot_be_done_now_says_why_and_is_not_done(desk) -> None:
    _open(desk)
    field = desk.window.palette_of_commands.field
    QTest.keyClicks(field, "close the clip")
    item = desk.window.palette_of_commands.list.model().index(0)
    QTest.keyClick(field, Qt.Key.Key_Return)

    assert "No clip is open" in item.data(Qt.ItemDataRole.AccessibleTextRole)
    assert desk.window.palette_of_commands.isVisible()


def test_arrows_choose_below_the_field_and_do_not_move_the_cine(desk) -> None:
    desk.open("one.dcm")
    _open(desk)
    field = desk.window.palette_of_commands.field
    QTest.keyClicks(field, "frame")
    QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Up)

    assert desk.window.palette_of_commands.list.currentIndex().row() == 1
    assert desk.window.viewer.index == 0


def test_escape_gives_the_keys_back_to_where_they_were(desk) -> None:
    desk.open("one.dcm")
    _open(desk)
    QTest.keyClick(desk.window.palette_of_commands.field, Qt.Key.Key_Escape)

    assert not desk.window.palette_of_commands.isVisible()
    assert desk.window.area.frame.hasFocus()


class _Asks:
    """Takes any text."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def entries(self, text: str) -> Sequence[Entry]:
        return [Entry(f"Hand on: {text}", lambda: self.asked.append(text))] if text else []


def test_a_text_that_is_no_command_reaches_the_next_provider(desk) -> None:
    asks = _Asks()
    desk.window.palette_of_commands.add(asks)
    _open(desk)
    QTest.keyClicks(desk.window.palette_of_commands.field, "a beating heart ")
    assert not set(_titles(desk)) & {command.plain for command in COMMANDS}
    for _ in range(_titles(desk).index("Hand on: a beating heart")):
        QTest.keyClick(desk.window.palette_of_commands.field, Qt.Key.Key_Down)
    QTest.keyClick(desk.window.palette_of_commands.field, Qt.Key.Key_Return)

    assert asks.asked == ["a beating heart"]

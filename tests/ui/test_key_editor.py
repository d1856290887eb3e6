"""The keys can be changed: who gets a key takes it from who had it, and every place that names keys follows."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from fetalclip_app.settings import Settings
from fetalclip_app.ui.commands import BY_NAME
from fetalclip_app.ui.key_editor import KeyEditor


@pytest.fixture
def editor(desk) -> KeyEditor:
    desk.press("edit_keys")
    return desk.window.findChild(KeyEditor)


def _type_key(editor: KeyEditor, key: Qt.Key) -> None:
    editor.field.setFocus()
    QTest.keyClick(editor.field, key)


def test_a_new_key_counts_at_once_and_is_kept(desk, editor: KeyEditor) -> None:
    desk.open("one.dcm")
    editor.choose("last")
    _type_key(editor, Qt.Key.Key_Z)
    QTest.mouseClick(editor.use, Qt.MouseButton.LeftButton)
    editor.accept()
    desk.window.activateWindow()
    desk.qtbot.waitUntil(desk.window.isActiveWindow)
    QTest.keyClick(desk.window.area.frame, Qt.Key.Key_Z)

    assert desk.window.viewer.index == 11
    assert desk.saved[-1].keys == {"last": ("Z",)}
    assert desk.window.actions_by_name["last"].toolTip() == "Last frame (Z)"
    desk.press("keys")
    assert "Z" in {label.text() for label in desk.window.cheat_sheet.findChildren(QLabel)}


@pytest.mark.parametrize("is_part", [False, True])
def test_the_cine_s_buttons_name_the_keys_that_they_have_now(desk, editor: KeyEditor, is_part: bool) -> None:
    desk.open("one.dcm")
    loop, part = (desk.window.actions_by_name[name] for name in ("loop", "mark_next"))
    if is_part:
        desk.press("mark_a")
    desk.window.keys.give(BY_NAME["loop"], "Z")

    assert loop.toolTip() == "Loop (Z)"
    assert not {"[", "]", "\\"} & set(part.toolTip())
    assert ("frames 1 to 12 of 12" in part.toolTip()) is is_part
    desk.window.keys.take(BY_NAME["loop"])
    assert loop.toolTip() == "Loop"


def test_who_has_the_key_is_said_and_loses_it(desk, editor: KeyEditor) -> None:
    editor.choose("last")
    _type_key(editor, Qt.Key.Key_M)
    assert "“Outline and calipers”" in editor.said.text()
    QTest.mouseClick(editor.use, Qt.MouseButton.LeftButton)

    assert desk.saved[-1].keys == {"last": ("M",), "outline": ()}
    assert desk.window.actions_by_name["outline"].shortcuts() == []
    assert desk.window.actions_by_name["outline"].toolTip() == "Outline and calipers"


def test_as_it_was_takes_the_key_back(desk, editor: KeyEditor) -> None:
    editor.choose("last")
    _type_key(editor, Qt.Key.Key_M)
    QTest.mouseClick(editor.use, Qt.MouseButton.LeftButton)
    editor.choose("outline")
    QTest.mouseClick(editor.reset, Qt.MouseButton.LeftButton)

    assert desk.saved[-1].keys == {"last": ()}
    assert desk.window.keys.of(BY_NAME["outline"]) == ("M",)


def test_all_as_they_were_forgets_every_change(desk, editor: KeyEditor) -> None:
    editor.choose("play")
    QTest.mouseClick(editor.remove, Qt.MouseButton.LeftButton)
    assert desk.saved[-1].keys == {"play": ()}
    QTest.mouseClick(editor.reset_all, Qt.MouseButton.LeftButton)

    assert desk.saved[-1].keys == {}
    assert [key.toString() for key in desk.window.actions_by_name["play"].shortcuts()] == ["Space"]


def test_saved_keys_are_there_at_the_next_start(desk_of) -> None:
    desk = desk_of(settings=Settings(keys={"play": ("Ctrl+P",), "gone_since": ("X",)}))

    assert [key.toString() for key in desk.window.actions_by_name["play"].shortcuts()] == ["Ctrl+P"]

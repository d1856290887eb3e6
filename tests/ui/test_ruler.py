"""The ruler: a scale by hand, on record and undone."""

from __future__ import annotations

import pytest
from fakes import make_clip
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from shelf import ShelfInMemory

from fetalclip_app.domain.calibration import CalibrationSource, Ruler


def test_the_ruler_sets_a_scale_that_is_read_again_and_can_be_undone(desk, qtbot: QtBot) -> None:
    desk.open("two.png")
    desk.wait_read()
    entry, area = desk.session.entries[0], desk.window.area
    desk.press("ruler")
    assert not area.scale.button.isEnabled()
    area.frame.ruler.press(20, 30, 5)
    area.frame.ruler.drag(20, 90)
    QTest.keyClicks(area.scale.length, "30")
    QTest.keyClick(area.scale.length, Qt.Key.Key_Return)
    desk.qtbot.waitUntil(lambda: desk.window.findings.age.age.text() == "20w3d")
    assert entry.clip.calibration.source is CalibrationSource.USER
    assert entry.clip.calibration.regions[0].spacing.row_mm == pytest.approx(0.5)
    assert [badge.text() for badge in area.badges.labels] == ["⚠ Scale set by hand"]
    assert not desk.window.actions_by_name["ruler"].isChecked()
    desk.press("undo")
    desk.wait_read()

    assert entry.clip.calibration is None
    assert desk.window.findings.age.age.text() == "No scale"


def _ruled(desk, qtbot: QtBot, mm: str) -> None:
    """Draw a line of 60 pixels and state its length."""
    area = desk.window.area
    qtbot.waitUntil(lambda: desk.window.viewer.on_screen is not None and desk.window.notebook.clip is not None)
    desk.press("ruler")
    area.frame.ruler.press(20, 30, 5)
    area.frame.ruler.drag(20, 90)
    QTest.keyClicks(area.scale.length, mm)
    QTest.keyClick(area.scale.length, Qt.Key.Key_Return)


def test_a_scale_by_hand_is_one_act_and_there_again_when_the_clip_is_opened_again(desk_of, qtbot: QtBot) -> None:
    shelf, clip = ShelfInMemory(), make_clip(1, name="two.png", pixel_mm=None)
    first = desk_of(clip, notes=shelf)
    first.open("two.png")
    _ruled(first, qtbot, "30")
    assert first.window.undo.count() == 1
    assert first.session.entries[0].clip.calibration.regions[0].spacing.row_mm == pytest.approx(0.5)
    qtbot.waitUntil(lambda: bool(shelf.clips))

    again = desk_of(clip, notes=shelf)
    again.open("two.png")
    qtbot.waitUntil(lambda: again.session.entries[0].clip.is_calibrated)
    assert again.session.entries[0].clip.calibration == first.session.entries[0].clip.calibration
    assert again.window.undo.count() == 0
    assert [badge.text() for badge in again.window.area.badges.labels] == ["⚠ Scale set by hand"]


def test_a_second_ruler_is_undone_to_the_first(desk_of, qtbot: QtBot) -> None:
    desk = desk_of(make_clip(1, name="two.png", pixel_mm=0.4))
    desk.open("two.png")
    entry = desk.session.entries[0]
    own = entry.clip.calibration
    _ruled(desk, qtbot, "30")
    _ruled(desk, qtbot, "24")
    assert entry.clip.calibration.regions[0].spacing.row_mm == pytest.approx(0.4)
    desk.press("undo")
    assert entry.clip.calibration.regions[0].spacing.row_mm == pytest.approx(0.5)
    assert entry.clip.calibration.source is CalibrationSource.USER_OVERRIDE
    desk.press("undo")
    assert entry.clip.calibration == own
    desk.press("redo")
    assert entry.clip.calibration.regions[0].spacing.row_mm == pytest.approx(0.5)


def test_overriding_the_files_scale_keeps_it_on_record(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    clip = desk.session.entries[0].clip
    qtbot.waitUntil(lambda: desk.window.viewer.on_screen is not None and desk.window.notebook.clip is not None)
    desk.press("ruler")
    assert desk.window.area.scale.button.text() == "Override scale"
    assert "20" in desk.window.area.scale.told.text()
    area = desk.window.area
    area.frame.ruler.press(20, 30, 5)
    area.frame.ruler.drag(20, 90)
    area.scale.stated.emit(18.0)
    calibration = desk.session.entries[0].clip.calibration

    assert calibration.source is CalibrationSource.USER_OVERRIDE
    assert calibration.overridden is clip.calibration
    assert calibration.regions[0].ruler == Ruler((20.0, 30.0), (20.0, 90.0), 18.0)
    assert calibration.regions[0].spacing.row_mm == pytest.approx(0.3)


def test_the_ruler_moves_by_keys_alone(desk, qtbot: QtBot) -> None:
    desk.open("two.png")
    frame = desk.window.area.frame
    qtbot.waitUntil(lambda: desk.window.viewer.on_screen is not None and desk.window.notebook.clip is not None)
    desk.press("ruler")
    start, end = frame.ruler.line
    QTest.keyClick(frame, Qt.Key.Key_Down)
    QTest.keyClick(frame, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert frame.ruler.line == (start, (end[0] + 10, end[1] + 1))
    QTest.keyClick(frame, Qt.Key.Key_Tab)
    QTest.keyClick(frame, Qt.Key.Key_Up)

    assert frame.ruler.line[0] == (start[0], start[1] - 1)
    desk.press("dismiss")
    assert frame.ruler.line is None

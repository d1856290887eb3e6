"""The window keeps its manners: panels fold and are remembered, a narrow window covers nothing that counts."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import make_clip
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QToolButton
from pytestqt.qtbot import QtBot

from fetalclip_app.settings import Settings
from fetalclip_app.ui import first_run
from fetalclip_app.ui.app import Studio, keep_on_screen
from fetalclip_app.ui.frame_out import FrameOut
from fetalclip_app.wording.translate import LANGUAGES, speak


def _press(desk, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.ControlModifier) -> None:
    desk.window.activateWindow()
    desk.qtbot.waitUntil(desk.window.isActiveWindow)
    QTest.keyClick(desk.window.area.frame, key, modifier)


def test_keys_fold_the_panels_and_the_next_window_has_them_folded(desk, desk_of) -> None:
    _press(desk, Qt.Key.Key_1)
    _press(desk, Qt.Key.Key_2)
    assert not desk.window.clips.isVisible()
    assert not desk.window.findings.isVisible()
    again = desk_of(make_clip(3, name="one.dcm"), settings=desk.saved[-1])

    assert not again.window.clips.isVisible()
    assert not again.window.findings.isVisible()
    _press(again, Qt.Key.Key_1)
    assert again.window.clips.isVisible()


def test_the_widths_of_the_panels_are_remembered(desk_of) -> None:
    desk = desk_of(make_clip(3, name="one.dcm"), settings=Settings(clips_px=260, findings_px=420))
    desk.qtbot.wait(20)

    assert desk.window.clips.width() == 260
    assert desk.window.findings.width() == 420


def test_in_a_narrow_window_the_findings_lie_over_the_picture_when_asked_for(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    desk.window.resize(1000, 700)
    qtbot.waitUntil(lambda: not desk.window.findings.isVisible())
    whole = desk.window.area.width()
    _press(desk, Qt.Key.Key_2)
    findings = desk.window.findings
    assert findings.isVisible()
    assert desk.window.area.width() == whole, "the picture does not jump"
    lowest = findings.mapTo(desk.window, QPoint(0, findings.height())).y()
    assert lowest < desk.window.area.mapTo(desk.window, QPoint(0, desk.window.area.height())).y() - 30
    desk.press("dismiss")
    assert not findings.isVisible()
    desk.window.resize(1440, 900)
    edge = desk.window.width() - 340
    qtbot.waitUntil(lambda: findings.isVisible() and findings.mapTo(desk.window, QPoint(0, 0)).x() == edge)

    assert abs(desk.window.area.width() - (1440 - 340 - 220)) <= 2


@pytest.mark.parametrize(("width", "height"), [(1100, 700), (960, 600), (720, 450)])
def test_at_two_and_three_hundred_per_cent_nothing_is_cut(desk, qtbot: QtBot, width: int, height: int) -> None:
    """What 1440x900 leaves at 200 %, and 2200x1400; 2880x1800 at 300 %."""
    desk.open("one.dcm", "two.png")
    desk.wait_read()
    desk.window.resize(width, height)
    qtbot.wait(50)
    buttons = [one for one in desk.window.top.findChildren(QToolButton) if one.isVisible()]
    inside = desk.window.rect()
    words = [one for one in desk.window.findChildren(QLabel) if one.isVisibleTo(desk.window) and one.text()]

    assert desk.window.width() == width
    assert len(buttons) >= 6
    assert all(inside.contains(one.mapTo(desk.window, one.rect().bottomRight())) for one in buttons)
    assert all(one.width() >= one.minimumSizeHint().width() for one in buttons)
    assert all(one.height() >= one.fontMetrics().height() for one in words)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_in_no_language_the_findings_are_cut(desk_of, qtbot: QtBot, language: str) -> None:
    speak(language)
    try:
        desk = desk_of(make_clip(12, name="one.dcm"))
        desk.start()
        desk.open("one.dcm")
        desk.wait_read()
        desk.window.resize(1440, 900)
        qtbot.wait(50)
    finally:
        speak("en")

    assert desk.window.findings.widget().width() <= desk.window.findings.viewport().width()


def test_the_first_window_is_no_larger_than_its_screen(desk) -> None:
    room = desk.window.screen().availableGeometry()
    desk.window.resize(room.width() + 200, room.height() + 100)
    keep_on_screen(desk.window)

    assert room.contains(desk.window.frameGeometry())


def test_the_frame_is_copied_as_it_is_drawn(desk) -> None:
    desk.open("one.dcm")
    desk.qtbot.waitUntil(lambda: desk.window.area.frame.pixels is not None)
    _press(desk, Qt.Key.Key_C)

    copied, drawn = QGuiApplication.clipboard().image(), desk.window.area.frame.grab().toImage()

    assert copied.size() == desk.window.area.frame.size()
    assert copied.convertToFormat(drawn.format()) == drawn


def test_a_frame_is_printed_with_its_name_and_the_research_line(desk, tmp_path: Path) -> None:
    from pypdf import PdfReader  # noqa: PLC0415

    desk.open("one.dcm")
    desk.qtbot.waitUntil(lambda: desk.window.area.frame.pixels is not None)
    printer = QPrinter()
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "frame.pdf"))
    door = next(one for one in desk.window.features if isinstance(one, FrameOut))
    door.ask_printer = lambda parent: printer
    _press(desk, Qt.Key.Key_P)
    page = PdfReader(tmp_path / "frame.pdf").pages[0]
    text = page.extract_text().replace("\t", " ")

    assert "one.dcm, frame 1 of 12" in text
    assert "Research use only. Not for diagnosis." in text
    assert len(page.images) == 1


def test_undo_says_what_it_takes_back(desk) -> None:
    undo = desk.window.actions_by_name["undo"]
    assert not undo.isEnabled()
    desk.open("two.png")
    desk.qtbot.waitUntil(lambda: desk.window.notebook.clip is not None)
    desk.qtbot.waitUntil(lambda: desk.window.viewer.on_screen is not None)
    desk.press("ruler")
    desk.window.area.frame.ruler.press(20, 30, 5)
    desk.window.area.frame.ruler.drag(20, 90)
    QTest.keyClicks(desk.window.area.scale.length, "30")
    QTest.keyClick(desk.window.area.scale.length, Qt.Key.Key_Return)

    assert undo.text() == "Undo: Scale"
    assert undo.toolTip() == "Undo: Scale (Ctrl+Z)"
    undo.trigger()
    assert desk.window.actions_by_name["redo"].text() == "Redo: Scale"


def test_what_has_to_be_known_is_said_once(qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_run, "_UNSEEN_PLATFORMS", set())
    assert first_run.is_due(Settings())
    assert not first_run.is_due(Settings(notice_seen=first_run.VERSION))
    monkeypatch.setenv(first_run.SEEN_VARIABLE, str(first_run.VERSION))
    assert not first_run.is_due(Settings())


def test_understood_is_kept_and_closing_is_not(
    qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_run, "_UNSEEN_PLATFORMS", set())
    studio = Studio(Settings())
    kept: list[Settings] = []
    studio.window.settings_changed.connect(kept.append)
    studio.window.show()
    for press in ("reject", "click"):
        studio.tell_once()
        dialog = studio.window.findChild(first_run.FirstRun)
        words = " ".join(one.text() for one in dialog.findChildren(QLabel))
        assert "research only" in words
        assert "stays on this computer" in words
        if press == "reject":
            dialog.reject()
            assert kept == []
            qtbot.waitUntil(lambda: studio.window.findChild(first_run.FirstRun) is None)
        else:
            QTest.mouseClick(dialog.understood, Qt.MouseButton.LeftButton)
    studio.end()

    assert kept[-1].notice_seen == first_run.VERSION

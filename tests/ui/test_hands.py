"""Keys, names for screen readers, exports, the model menu, and a window that never waits."""

from __future__ import annotations

import gc
import json
import re
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import make_clip, spell_factory
from holding import held_up
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QLineEdit, QPushButton, QSlider
from pytestqt.qtbot import QtBot

from fetalclip_app import settings, wording
from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.errors import ErrorCode, FetalClipError
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.inference.worker import ModelProcess
from fetalclip_app.settings import Settings
from fetalclip_app.ui import app, theme
from fetalclip_app.ui.commands import BEST_FRAME_KEYS, COMMANDS
from fetalclip_app.ui.licence import LICENCE_SHA256, LicenceDialog
from fetalclip_app.ui.model_menu import engine_request
from fetalclip_app.ui.theme import DARK
from fetalclip_app.wording import DETAILS


def test_no_key_means_two_things() -> None:
    keys = [key for command in COMMANDS for key in command.keys] + list(BEST_FRAME_KEYS)

    assert len(keys) == len(set(keys))


def test_every_command_does_something(desk) -> None:
    for command in COMMANDS:
        action = desk.window.actions_by_name[command.name]

        assert action.receivers("2triggered(bool)") or action.isCheckable(), command.name


@pytest.mark.parametrize(
    ("key", "index"),
    [(Qt.Key.Key_Down, 1), (Qt.Key.Key_Up, 11), (Qt.Key.Key_End, 11), (Qt.Key.Key_2, 11), (Qt.Key.Key_Home, 0)],
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


def test_every_control_has_a_name_for_screen_readers(desk) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    kinds = (QAbstractButton, QSlider, QComboBox, QLineEdit)
    controls = [control for kind in kinds for control in desk.window.findChildren(kind)]
    nameless = [
        control
        for control in controls
        if not control.accessibleName() and not getattr(control, "text", str)() and not control.objectName()
    ]

    assert len(controls) > 30
    assert nameless == []


def test_at_the_smallest_size_nothing_is_cut(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm", "two.png")
    desk.wait_read()
    desk.window.resize(1100, 700)
    qtbot.wait(50)
    findings = desk.window.findings
    assert findings.widget().width() <= findings.viewport().width()
    figures = [findings.view.best, findings.age.age, *findings.head.figures.values()]

    assert desk.window.minimumSizeHint().width() <= 1100
    assert all(figure.width() >= figure.minimumSizeHint().width() for figure in figures)


def test_the_picture_has_three_fifths_of_the_window(desk, qtbot: QtBot) -> None:
    desk.window.resize(1440, 900)
    qtbot.wait(50)

    assert desk.window.area.width() >= 0.6 * 1440


@pytest.mark.parametrize("surface", [DARK.base, DARK.panel, DARK.raised])
@pytest.mark.parametrize("ink", [DARK.text, DARK.muted, DARK.doubt, DARK.error])
def test_words_can_be_read_on_every_surface(ink: str, surface: str) -> None:
    lighter, darker = _luminance(ink), _luminance(surface)

    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def _luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2."""
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


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

    assert [entry["file"] for entry in table] == ["one.dcm", "two.png"]
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


def test_no_hint_names_a_key_that_does_nothing_or_the_command_line_alone() -> None:
    keys = {key for command in COMMANDS for key in command.keys}
    hints = [wording.abstention_hint(Abstention(reason, detail)) for reason, detail in DETAILS]
    hints += [wording.hint(FetalClipError(code)) for code in ErrorCode]
    named = {key for hint in hints for key in re.findall(r"\(([A-Z]|Ctrl\+\S+)\)", hint)}

    assert "R" in named
    assert named <= keys
    assert [hint for hint in hints if "--" in hint and not re.search(r"ruler|model menu", hint)] == []


def test_the_licence_comes_before_the_first_use_of_the_released_weights(desk, tmp_path: Path) -> None:
    menu, asked = desk.window.model_menu, []
    menu.ask_licence = lambda parent: asked.append("licence") or False
    menu.ask_file = lambda parent, title, kinds: asked.append("file") or tmp_path / "w.pt"
    menu.choose_fetalclip()
    assert asked == ["licence"]
    assert desk.model.started[-1] == EngineRequest()
    menu.ask_licence = lambda parent: asked.append("licence") or True
    menu.choose_fetalclip()
    menu.choose_fetalclip()

    assert asked == ["licence", "licence", "file", "file"]
    assert desk.saved[-1].licence_accepted == LICENCE_SHA256
    request = engine_request(desk.saved[-1])
    assert (request.model, request.weights, request.licence_accepted) == ("fetalclip", tmp_path / "w.pt", True)


def test_another_licence_text_asks_again() -> None:
    assert not engine_request(Settings(licence_accepted="of another text")).licence_accepted


def test_accepting_the_licence_needs_a_tick(qtbot: QtBot) -> None:
    dialog = LicenceDialog(None)
    qtbot.addWidget(dialog)
    assert not dialog.accept_button.isEnabled()
    dialog.tick.setChecked(True)

    assert dialog.accept_button.isEnabled()


def test_the_window_stays_awake_while_model_and_files_are_slow(desk_of: Callable, qtbot: QtBot) -> None:
    clips = [make_clip(30, name=f"{number}.dcm") for number in range(4)]
    desk = desk_of(*clips)
    desk.model.engine.pause_s = 0.004
    ticks: list[None] = []
    timer = QTimer(interval=5)
    timer.timeout.connect(lambda: ticks.append(None))
    desk.start()
    timer.start()
    with held_up() as holds:
        desk.open(*(clip.path.name for clip in clips))
        desk.press("play")
        desk.wait_read()

    assert len(ticks) > 20
    assert [hold for hold in holds if hold.is_too_long] == []


@pytest.mark.parametrize("how", ["by work", "by waiting"])
def test_what_holds_the_window_up_is_found(desk, qtbot: QtBot, how: str) -> None:
    hold = {"by work": lambda: _work_for(0.08), "by waiting": lambda: threading.Event().wait(0.08)}[how]
    with held_up() as holds:
        desk.session.reading_changed.connect(hold)
        desk.open("one.dcm")
        desk.wait_read()

    assert any(hold.is_too_long for hold in holds)


def test_what_other_tests_left_in_memory_does_not_hold_the_window_up(desk, qtbot: QtBot) -> None:
    left: list[list[int]] = [[number] for number in range(400_000)]
    spent: list[float] = []

    def look_through_all() -> None:
        started = time.thread_time()
        gc.collect()
        spent.append(time.thread_time() - started)

    desk.open("one.dcm")
    desk.wait_read()
    look_through_all()
    with held_up() as holds:
        desk.session.reading_changed.connect(look_through_all)
        desk.press("read_again")
        desk.wait_read()

    assert len(left) == 400_000 and len(spent) > 1
    assert spent[0] > max(spent[1:])
    assert not any(hold.is_too_long for hold in holds), spent


def _work_for(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_what_nobody_caught_is_one_calm_sentence(desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    app._tell_what_nobody_caught(desk.window)
    sys.excepthook(ValueError, ValueError("made up"), None)

    assert not desk.window.area.message.isHidden()
    assert "made up" not in desk.window.area.message.sentence.text()


def test_the_whole_program_reads_by_a_process_of_its_own_and_ends_without_a_trace(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    theme.apply(qapp)
    picture = QImage(64, 48, QImage.Format.Format_RGB888)
    picture.fill(0x808080)
    picture.save(str(tmp_path / "one.png"))
    studio = app.Studio(Settings(), ModelProcess(spell_factory))
    qtbot.addWidget(studio.window)
    studio.window.show()
    studio.start([tmp_path / "one.png"], None)
    session = studio.session
    try:
        qtbot.waitUntil(lambda: bool(session.entries) and session.entries[0].reading is not None, timeout=90_000)
        shown = studio.window.top.model.text()
    finally:
        studio.end()

    assert shown == "Compact 1.0 · 7f3a0000"
    assert studio.model.pid is None
    assert settings.load().recent == (tmp_path / "one.png",)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("model", "file"))]

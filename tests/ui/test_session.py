"""Which clip is read when and by which model, and what happens when a reading or a model fails."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest
from fakes import make_clip
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from fetalclip_app.errors import ComputeFailed, ErrorCode, ModelUnavailable
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.ui.open_clip import ReadState


def test_the_shown_clip_is_read_before_the_others(desk_of: Callable, qtbot: QtBot) -> None:
    clips = [make_clip(2, name=f"{number}.dcm") for number in range(4)]
    desk = desk_of(*clips)
    desk.model.gate.clear()
    desk.start()
    desk.open(*(clip.path.name for clip in clips))
    qtbot.waitUntil(lambda: desk.model.read_keys == [clips[0].key])
    desk.session.show(desk.session.entries[3])
    qtbot.waitUntil(lambda: len(desk.model.read_keys) == 2)
    desk.model.gate.set()
    desk.wait_read()

    assert desk.model.read_keys == [clips[number].key for number in (0, 3, 0, 1, 2)]


def test_a_clip_is_read_from_the_frame_that_is_looked_at(desk_of: Callable, qtbot: QtBot) -> None:
    one, two = make_clip(12, name="one.dcm"), make_clip(12, name="two.dcm")
    desk = desk_of(one, two)
    desk.model.gate.clear()
    desk.start()
    desk.open("one.dcm", "two.dcm")
    qtbot.waitUntil(lambda: desk.model.read_keys == [one.key])
    of_one, player = desk.model.looked_at, desk.window.viewer.player
    assert of_one() == 0

    for _press in range(5):
        QTest.keyClick(desk.window.area.frame, Qt.Key.Key_Down)
    assert (player.index, of_one()) == (5, 5)
    QTest.keyClick(desk.window.area.frame, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: player.index != 5)
    assert of_one() == player.index
    QTest.keyClick(desk.window.area.frame, Qt.Key.Key_Space)
    desk.session.show(desk.session.entries[1])
    qtbot.waitUntil(lambda: desk.model.read_keys == [one.key, two.key])
    QTest.keyClick(desk.window.area.frame, Qt.Key.Key_Down)

    assert (desk.model.looked_at(), of_one()) == (1, 0)
    desk.model.gate.set()
    desk.wait_read()


def test_a_reading_of_another_scale_is_dropped(desk, qtbot: QtBot) -> None:
    desk.model.gate.clear()
    desk.open("two.png")
    entry = desk.session.entries[0]
    stale = entry.clip
    qtbot.waitUntil(lambda: desk.model.read_keys == [stale.key])
    desk.session.set_clip(entry, stale.with_pixel_mm(0.25))
    desk.model.gate.set()
    desk.wait_read()

    assert entry.reading.calibration is entry.clip.calibration
    assert desk.model.read_keys == [stale.key, stale.key]
    assert desk.window.findings.age.age.text() == "20w3d"


def test_a_reading_that_arrives_late_for_a_closed_clip_is_dropped(desk, qtbot: QtBot) -> None:
    desk.model.gate.clear()
    desk.open("one.dcm")
    entry = desk.session.entries[0]
    qtbot.waitUntil(lambda: desk.model.read_keys == [entry.clip.key])
    desk.session.close(entry)
    desk.model.gate.set()
    desk.open("two.png")
    desk.wait_read()

    assert entry.reading is None
    assert desk.window.findings.head.figures["bpd"].text().endswith("px")


def test_cancel_stops_the_reading_and_ctrl_r_takes_it_up_again(desk, qtbot: QtBot) -> None:
    desk.model.gate.clear()
    desk.open("one.dcm", "two.png")
    qtbot.waitUntil(desk.window.status.cancel.isVisible)
    desk.window.status.cancel.click()
    qtbot.waitUntil(lambda: desk.window.status.text.text() == "Ready")
    assert {entry.state for entry in desk.session.entries} == {ReadState.STOPPED}
    desk.model.gate.set()
    desk.press("read_again")
    desk.wait_read()

    assert desk.window.findings.age.age.text() == "20w3d"


def test_progress_says_what_is_done_and_how_far(desk, qtbot: QtBot) -> None:
    heard: list[str] = []
    desk.session.activity_changed.connect(lambda _: heard.append(desk.window.status.text.text()))
    desk.open("one.dcm")
    desk.wait_read()

    assert "Reading clip 1 of 1, 12 of 12" in heard
    assert desk.window.status.bar.share == 1.0


def test_a_lost_worker_is_one_calm_sentence_and_a_button_that_reads_again(desk, qtbot: QtBot) -> None:
    desk.model.errors.append(ComputeFailed(ErrorCode.WORKER_LOST))
    desk.open("one.dcm")
    message = desk.window.area.message
    qtbot.waitUntil(lambda: not message.isHidden())
    assert message.sentence.text() == "The model stopped unexpectedly during this reading."
    assert desk.session.entries[0].state is ReadState.FAILED
    message.button.click()
    desk.wait_read()

    assert message.isHidden()
    assert desk.window.findings.age.age.text() == "20w3d"


def test_a_fault_of_the_program_is_logged_whole_and_told_calmly(
    desk, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    desk.model.errors.append(RuntimeError("made up"))
    with caplog.at_level(logging.ERROR):
        desk.open("one.dcm")
        qtbot.waitUntil(lambda: not desk.window.area.message.isHidden())

    assert "made up" in caplog.text
    assert "made up" not in desk.window.area.message.sentence.text()


def test_a_model_that_does_not_start_is_told_and_another_can_be_chosen(desk_of: Callable, qtbot: QtBot) -> None:
    desk = desk_of(make_clip(2, name="one.dcm"))
    desk.model.start_errors.append(ModelUnavailable(ErrorCode.MODEL_MISSING, name="w.pt"))
    desk.session.start_model(EngineRequest(model="fetalclip"))
    desk.open("one.dcm")
    qtbot.waitUntil(lambda: desk.session.model_error is not None)
    assert "w.pt" in desk.window.area.message.sentence.text()
    desk.window.model_menu.choose_compact()
    desk.wait_read()

    assert desk.model.started[-1].model == "compact"


def test_another_model_reads_everything_again(desk) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    first = desk.session.entries[0].reading
    desk.model.engine.identity = replace(desk.model.engine.identity, title="Other 2.0", sha256="beef" * 16)
    desk.window.model_menu.choose_device("cpu")
    desk.qtbot.waitUntil(lambda: desk.session.entries[0].reading not in {None, first})

    assert desk.window.top.model.text() == "Other 2.0 · beefbeef"
    assert desk.saved[-1].device == "cpu"

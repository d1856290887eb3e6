"""From a drop to findings, and what goes wrong on the way."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import make_clip
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from fetalclip_app import RESEARCH_USE_ONLY
from fetalclip_app.domain.clip import Origin, RateSource
from fetalclip_app.errors import ComputeFailed, ErrorCode, ModelUnavailable
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.ui.empty_state import EmptyState
from fetalclip_app.ui.open_clip import ReadState
from fetalclip_app.wording import definition, learned_age


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


def test_a_reading_of_another_scale_is_dropped(desk, qtbot: QtBot) -> None:
    desk.model.gate.clear()
    desk.open("two.png")
    entry = desk.session.entries[0]
    qtbot.waitUntil(lambda: entry.state is ReadState.READING)
    stale = entry.clip
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
    qtbot.waitUntil(lambda: entry.state is ReadState.READING)
    desk.session.close(entry)
    desk.model.gate.set()
    desk.open("two.png")
    desk.wait_read()

    assert entry.reading is None
    assert desk.window.findings.head.figures["bpd"].text().endswith("px")


def test_findings_follow_the_clip_that_is_shown(desk) -> None:
    desk.open("one.dcm", "two.png")
    desk.wait_read()
    desk.press("next_clip")
    assert desk.window.findings.age.age.text() == "No scale"
    assert desk.window.findings.age.age.is_doubt
    desk.press("previous_clip")

    assert desk.window.findings.age.age.text() == "20w3d"


def test_an_abstention_stands_in_the_numbers_place_with_its_reason_and_what_helps(desk) -> None:
    desk.open("two.png")
    desk.wait_read()
    findings = desk.window.findings

    assert "no scale" in findings.age.why
    assert "ruler (R)" in findings.head.note.text()
    assert findings.head.figures["hc"].text() == "No scale"


def test_cards_keep_their_places_whatever_is_found(desk_of: Callable, qtbot: QtBot) -> None:
    desk = desk_of(make_clip(3, name="a.dcm"), make_clip(1, name="b.png", pixel_mm=None))
    findings = desk.window.findings
    cards = (findings.view, findings.age, findings.head)
    before = [card.geometry() for card in cards]
    desk.start()
    desk.open("a.dcm", "b.png")
    desk.wait_read()
    qtbot.wait(20)
    assert [card.geometry() for card in cards] == before
    desk.press("next_clip")
    qtbot.wait(20)

    assert [card.geometry() for card in cards] == before
    assert findings.widget().width() <= findings.viewport().width()


def test_the_compact_models_age_says_that_it_is_no_second_opinion(desk) -> None:
    desk.open("one.dcm")
    desk.wait_read()

    assert desk.window.findings.age.note.text() == learned_age()
    assert "the spread of the 15 best days" in desk.window.findings.age.spread.text()


def test_classes_that_were_not_trained_are_marked(desk) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    marked = {row.bar.key for row in desk.window.findings.view.planes.rows if not row.bar.is_trained}

    assert marked == {"kidney", "lips_nose", "profile", "spine"}
    assert "not trained" in desk.window.findings.view.planes.rows[4].accessibleName()


def test_a_number_tells_where_it_comes_from(desk, qtbot: QtBot) -> None:
    from fetalclip_app.ui.popover import Popover  # noqa: PLC0415

    desk.open("one.dcm")
    desk.wait_read()
    desk.window.findings.head.figures["bpd"].click()
    popover = desk.window.findings.findChild(Popover)
    told = "\n".join(text.text() for text in popover.texts)
    popover.close()

    assert definition("bpd") in told
    assert "Frame 7 of 12" in told
    assert "0.500" in told
    assert "Compact 1.0 · 7f3a00000000" in told
    assert "0123456789ab" in told


def test_the_popover_of_a_view_names_the_prompts(desk) -> None:
    from fetalclip_app.ui.popover import Popover  # noqa: PLC0415

    desk.open("one.dcm")
    desk.wait_read()
    desk.window.findings.view.planes.rows[1].click()
    popover = desk.window.findings.findChild(Popover)
    told = "\n".join(text.text() for text in popover.texts)
    popover.close()

    assert "planes · abababababab" in told


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


def test_model_hash_and_device_stand_on_screen(desk) -> None:
    assert desk.window.top.model.text() == "Compact 1.0 · 7f3a0000"
    assert desk.window.status.device.text() == "cpu fp32"


def test_patient_and_study_are_always_in_sight(desk) -> None:
    desk.open("one.dcm")

    assert desk.window.top.patient.accessibleName() == "P-001"
    assert desk.window.top.study.accessibleName() == "Second trimester · 2026-03-14"


def test_clips_of_two_patients_bring_a_warning_that_goes_with_them(desk_of: Callable) -> None:
    desk = desk_of(make_clip(2, name="a.dcm", patient="P-1"), make_clip(2, name="b.dcm", patient="P-2"))
    desk.open("a.dcm")
    assert desk.window.top.warning.isHidden()
    desk.open("b.dcm")
    assert not desk.window.top.warning.isHidden()
    assert "2 patients" in desk.window.top.warning.text()
    desk.press("close_clip")

    assert desk.window.top.warning.isHidden()


def test_badges_say_what_must_be_known_of_a_clip(desk_of: Callable) -> None:
    origin = Origin(is_simulated=True, is_lossy=True)
    desk = desk_of(make_clip(3, name="a.dcm", pixel_mm=None, hz=30.0, rate_source=RateSource.ASSUMED, origin=origin))
    desk.open("a.dcm")
    badges = [badge.text().removeprefix("⚠ ") for badge in desk.window.area.badges.labels]

    assert badges == ["Simulated picture, not a patient", "No scale", "30.0/s assumed", "Compressed with loss"]
    assert all(badge.isVisible() and badge.toolTip() for badge in desk.window.area.badges.labels)


def test_the_research_line_is_drawn_on_the_picture_too(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    frame = desk.window.area.frame
    qtbot.waitUntil(lambda: desk.window.viewer.on_screen is not None)
    corner = frame.grab().toImage().copy(frame.width() - 240, frame.height() - 24, 232, 18)
    lit = sum(corner.pixelColor(x, y).lightness() > 150 for x in range(corner.width()) for y in range(18))

    assert lit > 200


def test_recent_files_can_be_opened_again(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    assert desk.saved[-1].recent[0].name == "one.dcm"
    desk.press("close_clip")
    desk.window.open_menu.recent.actions()[0].trigger()

    qtbot.waitUntil(lambda: len(desk.session.entries) == 1)

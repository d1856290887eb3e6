"""What is always in sight: the research line, patient, model, device, and what must be known of a clip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fakes import make_clip
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from fetalclip_app import RESEARCH_USE_ONLY
from fetalclip_app.domain.clip import Origin
from fetalclip_app.domain.timing import RateSource
from fetalclip_app.errors import ComputeFailed, ErrorCode
from fetalclip_app.ui.open_clip import ReadState
from fetalclip_app.wording import missing_frames, notice


def test_model_hash_and_device_stand_on_screen(desk) -> None:
    assert desk.window.top.model.text() == "Compact 1.0 · 7f3a0000"
    assert desk.window.status.device.text() == "cpu fp32"


def test_a_device_that_failed_is_told_once_and_stays_in_sight(desk_of: Callable) -> None:
    desk = desk_of(make_clip(2, name="one.dcm"), make_clip(2, name="b.dcm"))
    desk.model.engine.notices = ("gpu_unusable",)
    desk.start()
    message, device = desk.window.area.message, desk.window.status.device
    assert message.sentence.text() == notice("gpu_unusable")
    assert not message.isHidden()
    message.hide()
    desk.open("one.dcm")
    desk.wait_read()

    assert message.isHidden()
    assert device.accessibleName() == f"⚠ cpu fp32 · {notice('gpu_unusable')}"
    assert device.property("tone") == "doubt"


def test_a_graphics_card_that_gives_up_during_a_reading_is_told(desk, qtbot: QtBot) -> None:
    engine = desk.model.engine
    engine.device = "Card 9 (cuda fp16)"
    desk.window.model_menu.choose_device("auto")
    qtbot.waitUntil(lambda: desk.window.status.device.accessibleName() == "Card 9 (cuda fp16)")
    desk.model.gate.clear()
    desk.open("one.dcm")
    engine.device, engine.notices = "cpu fp32", ("gpu_out_of_memory",)
    desk.model.gate.set()
    desk.wait_read()
    qtbot.waitUntil(lambda: not desk.window.area.message.isHidden())

    assert desk.window.area.message.sentence.text() == notice("gpu_out_of_memory")
    assert "cpu fp32" in desk.window.status.device.accessibleName()


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


def test_a_cine_that_ends_too_early_says_how_much_is_missing(desk_of: Callable) -> None:
    desk = desk_of(replace(make_clip(3, name="cut.dcm"), missing_frames=5))
    desk.open("cut.dcm")
    (badge,) = desk.window.area.badges.labels

    assert badge.text() == "⚠ 5 frames missing"
    assert badge.toolTip() == missing_frames(5)


def test_the_research_line_is_in_sight_whatever_happens(desk_of: Callable, qtbot: QtBot) -> None:
    desk = desk_of(make_clip(3, name="a.dcm"))
    assert _line_in_sight(desk.window)
    desk.model.gate.clear()
    desk.start()
    desk.open("a.dcm", "broken.dcm")
    assert _line_in_sight(desk.window)
    desk.model.errors.append(ComputeFailed(ErrorCode.WORKER_LOST))
    desk.model.gate.set()
    qtbot.waitUntil(lambda: desk.session.entries[0].state is ReadState.FAILED)
    assert _line_in_sight(desk.window)
    desk.press("picture_only")
    assert _line_in_sight(desk.window)


def _line_in_sight(window: QWidget) -> bool:
    """Whether the line stands on the empty page, or is drawn on the picture with nothing over it."""
    area = window.area
    QApplication.processEvents()
    if area.empty.isVisible():
        labels = [part for part in area.empty.findChildren(QLabel) if part.text() == RESEARCH_USE_ONLY]
        return all(part.isVisible() for part in labels) and len(labels) == 1
    corner = QRect(area.width() - 200, area.height() - 26, 196, 22)
    covers = [area.light, area.heat, area.scale, area.message]
    free = not any(part.isVisible() and part.geometry().intersects(corner) for part in covers)
    picture = area.frame.grab(corner.translated(-area.frame.pos())).toImage()
    lit = sum(
        picture.pixelColor(x, y).lightness() > 150 for x in range(picture.width()) for y in range(picture.height())
    )
    return free and lit > 150


def test_the_research_line_is_drawn_on_the_picture_too(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    frame = desk.window.area.frame
    qtbot.waitUntil(lambda: desk.window.viewer.on_screen is not None)
    corner = frame.grab().toImage().copy(frame.width() - 240, frame.height() - 24, 232, 18)
    lit = sum(corner.pixelColor(x, y).lightness() > 150 for x in range(corner.width()) for y in range(18))

    assert lit > 200

"""From a drop to findings, and what goes wrong on the way."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import make_clip, make_reading
from PySide6.QtCore import QMimeData, QPointF, QRect, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from fetalclip_app import RESEARCH_USE_ONLY
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.age import AgeInterval, GestationalAge
from fetalclip_app.domain.clip import Clip, Origin, RateSource
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.errors import ComputeFailed, ErrorCode, ModelUnavailable
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.ui.empty_state import EmptyState
from fetalclip_app.ui.findings_panel import FindingsPanel
from fetalclip_app.ui.open_clip import ReadState
from fetalclip_app.ui.opening import Doors
from fetalclip_app.ui.popover import Popover
from fetalclip_app.ui.timeline import runs
from fetalclip_app.wording import DETAILS, abstention, abstention_hint, definition, learned_age, missing_frames, notice


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

    desk.session._opening._doors = Doors(tuple, slowly)
    desk.window.open_menu.open_paths([Path("slow.dcm")])
    qtbot.waitUntil(entered.is_set)
    desk.press("cancel")
    desk.window.open_menu.open_paths([Path("next.dcm")])
    try:
        qtbot.waitUntil(lambda: [entry.clip.path.name for entry in desk.session.entries] == ["next.dcm"])
    finally:
        go.set()


def test_frames_unlike_the_training_are_no_views_of_the_ribbon() -> None:
    clip = make_clip(6)
    views = make_reading(clip).answer("views", ViewPrediction)
    foreign = replace(views, unfamiliar=frozenset({2, 3}))
    nothing = replace(views, unfamiliar=frozenset(range(6)))

    assert [(run.key, run.start, run.end) for run in runs(foreign)] == [("brain", 0, 2), ("", 2, 4), ("brain", 4, 6)]
    assert [run.key for run in runs(nothing)] == [""]


def test_a_clip_of_which_every_frame_is_unlike_the_training_is_shown(desk_of: Callable, qtbot: QtBot) -> None:
    desk = desk_of(make_clip(3, name="a.dcm"))
    _answer_otherwise(desk, views=lambda seen: replace(seen, unfamiliar=frozenset(range(3))))
    desk.start()
    desk.open("a.dcm")
    desk.wait_read()

    assert desk.window.transport.timeline.best_frame("brain") is None
    assert "unlike" in desk.window.transport.timeline._told(1)
    assert desk.window.area.message.isHidden()


def _answer_otherwise(desk, **changes: Callable) -> None:
    """Let the model answer these questions otherwise."""
    plain = desk.model.engine.read

    def read(clip: Clip, cancel: CancelToken, report: Report) -> ClipReading:
        reading = plain(clip, cancel, report)
        findings = tuple(
            replace(finding, answer=changes[finding.task_key](finding.answer))
            if finding.task_key in changes
            else finding
            for finding in reading.findings
        )
        return replace(reading, findings=findings)

    desk.model.engine.read = read


@pytest.mark.parametrize(("reason", "detail"), DETAILS)
def test_every_reason_and_remedy_is_in_amber_and_uncut(
    desk_of: Callable, qtbot: QtBot, reason: Reason, detail: str
) -> None:
    known = {"hc_mm": 345.6, "spread_days": 100, "limit_days": 28, "first": "lips_nose", "second": "abdomen"}
    why = Abstention(reason, detail, {**known, "fit": 0.63, "view": "lips_nose"})
    findings = FindingsPanel()
    qtbot.addWidget(findings)
    findings.show()
    findings.view.show_answers(why, why)
    findings.age.show_answer(why)
    findings.head.show_answer(why)
    notes = [findings.view.note, findings.head.note, findings.age._why, findings.age._helps]

    assert abstention(why) in findings.view.note.text() and abstention_hint(why) in findings.head.note.text()
    assert {note.property("tone") for note in notes} == {"doubt"}
    if detail not in {"edge_of_range", "head_size", "spread"}:  # which only an age has
        assert all(note.heightForWidth(282) <= note.height() for note in notes[:2]), abstention(why)
    assert sum(note.heightForWidth(282) for note in notes[2:]) <= findings.age._pages.height()


def test_every_number_of_the_panel_opens_where_it_comes_from(desk_of: Callable, qtbot: QtBot) -> None:
    fitted = AgeInterval(GestationalAge(133), GestationalAge(153), 0.9, "who_hc")
    desk = desk_of(make_clip(3, name="a.dcm"))
    _answer_otherwise(
        desk,
        views=lambda seen: replace(seen, calibration_error=0.031),
        gestational_age=lambda age: replace(age, interval=fitted),
    )
    desk.start()
    desk.open("a.dcm")
    desk.wait_read()
    findings = desk.window.findings
    assert "off by 3.1%" in findings.view.note.text()
    numbers = [button for button in findings.findChildren(QAbstractButton) if any(map(str.isdigit, button.text()))]
    numbers += [*findings.view.planes.rows, *findings.view.brain_planes.rows]
    told = []
    for number in numbers:
        number.click()
        (popover,) = findings.findChildren(Popover)
        told.append("\n".join(text.text() for text in popover.texts))
        assert any(text.text() == RESEARCH_USE_ONLY for text in popover.findChildren(QLabel))
        popover.close()
        qtbot.waitUntil(lambda: not findings.findChildren(Popover))

    assert len(numbers) == 7 + 12
    assert all("7f3a00000000" in text for text in told)
    assert sum("19w0d–21w6d" in text for text in told) == 3


def test_labels_of_the_panel_hold_no_number_that_cannot_be_asked(desk) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    findings = desk.window.findings
    said = {label.text() for label in findings.findChildren(QLabel) if any(map(str.isdigit, label.text()))}

    assert {text for text in said if "Compact 1.0" not in text} == set()


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
    picture = area.frame.grab(corner).toImage()
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


def test_recent_files_can_be_opened_again(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    assert desk.saved[-1].recent[0].name == "one.dcm"
    desk.press("close_clip")
    desk.window.open_menu.recent.actions()[0].trigger()

    qtbot.waitUntil(lambda: len(desk.session.entries) == 1)

"""The findings panel: answers, doubts with their reasons, and where each number comes from."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from fakes import make_clip, make_reading
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton, QLabel
from pytestqt.qtbot import QtBot

from fetalclip_app import RESEARCH_USE_ONLY
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.age import AgeInterval, GestationalAge
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.reading import Answer, ClipReading
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.inference.listening import Listener
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.ui.findings_panel import FindingsPanel
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.ui.popover import Popover
from fetalclip_app.ui.timeline_bands import runs
from fetalclip_app.wording import DETAILS, abstention, abstention_hint, definition, learned_age
from fetalclip_app.wording.translate import LANGUAGES, speaking


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
    assert "ruler" in findings.head.note.text()
    assert findings.head.figures["hc"].text() == "No scale"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("pixel_mm", [None, 0.5])
def test_no_sentence_of_a_card_is_cut_off(qtbot: QtBot, language: str, pixel_mm: float | None) -> None:
    clip = make_clip(30, pixel_mm=pixel_mm)
    with speaking(language):
        panel = FindingsPanel()
        qtbot.addWidget(panel)
        panel.resize(panel.minimumWidth(), 900)
        panel.show_clip(OpenClip(clip, QImage(), reading=make_reading(clip)))
        panel.show()
        qtbot.waitExposed(panel)
        told = [one for one in panel.findChildren(QLabel) if one.wordWrap() and one.isVisible() and one.text()]

    assert told and [one.text() for one in told if one.heightForWidth(one.width()) > one.height()] == []


def test_cards_keep_their_places_whatever_is_found(desk_of: Callable, qtbot: QtBot) -> None:
    desk = desk_of(make_clip(3, name="a.dcm"), make_clip(1, name="b.png", pixel_mm=None))
    findings = desk.window.findings
    cards = (findings.view, findings.age, findings.head)
    before = [card.geometry() for card in cards]
    desk.start()
    desk.open("a.dcm", "b.png")
    desk.wait_read()
    qtbot.wait(20)
    qtbot.waitUntil(lambda: [card.geometry() for card in cards] == before)  # once everything is laid out
    desk.press("next_clip")
    qtbot.wait(20)

    qtbot.waitUntil(lambda: [card.geometry() for card in cards] == before)
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
    desk.open("one.dcm")
    desk.wait_read()
    desk.window.findings.view.planes.rows[1].click()
    popover = desk.window.findings.findChild(Popover)
    told = "\n".join(text.text() for text in popover.texts)
    popover.close()

    assert "planes · abababababab" in told


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


def test_frames_that_were_left_out_are_told_on_the_card(desk_of: Callable, qtbot: QtBot) -> None:
    desk = desk_of(make_clip(5, name="a.dcm"))
    _answer_otherwise(desk, views=lambda seen: replace(seen, unfamiliar=frozenset({0, 1})))
    desk.start()
    desk.open("a.dcm")
    desk.wait_read()
    note = desk.window.findings.view.note

    assert note.text() == "2 of 5 frames are unlike the training pictures and were left out."
    assert note.property("tone") == "doubt"
    assert note.heightForWidth(note.width()) <= note.height()


def _answering(**answers: Answer) -> ClipReading:
    """Return a reading with these answers in place of its own."""
    reading = make_reading(make_clip(1))
    findings = tuple(replace(one, answer=answers.get(one.task_key, one.answer)) for one in reading.findings)
    return replace(reading, findings=findings)


def _answer_otherwise(desk, **changes: Callable) -> None:
    """Let the model answer these questions otherwise."""
    plain = desk.model.engine.read

    def read(clip: Clip, cancel: CancelToken, report: Report, listener: Listener) -> ClipReading:
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
    findings.head.show_values(None, _answering(head=why), None)
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
    own = (findings.view, findings.age, findings.head)
    buttons = [button for card in own for button in card.findChildren(QAbstractButton)]
    numbers = [button for button in buttons if any(map(str.isdigit, button.text()))]
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
    answers = set(findings.scale.findChildren(QLabel))  # the scale card is where a number comes from
    labels = set(findings.findChildren(QLabel)) - answers
    said = {label.text() for label in labels if any(map(str.isdigit, label.text()))}

    names = re.compile(r"1\.0 · [0-9a-f]{8}$")  # of the model and of the checklist: what was asked, not an answer
    assert {text for text in said if not names.search(text)} == set()

"""The card of measurements: whose value is large, whose small, which enters the report, and where each comes from."""

from __future__ import annotations

import pytest
from fakes import make_clip
from hand_tools import AT, by_hand, line, ready
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.notes import ClipNotes, Enters
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.ui.app import ReturnPresses
from fetalclip_app.ui.popover import Popover

OUTER, INNER = BpdDefinition.OUTER_OUTER, BpdDefinition.OUTER_INNER
HEAD = by_hand(Measure.HC, Ellipse(80.0, 60.0, 40.0, 30.0, 0.0), frame_index=4)


def _noted(desk, *drawn) -> None:
    book = desk.window.notebook
    book.change_clip("made up", ClipNotes(measured=drawn))


def _popover(desk) -> Popover:
    return desk.window.findings.findChild(Popover)


def test_the_persons_value_is_large_and_the_models_stays_beside_it(desk) -> None:
    ready(desk, "one.dcm")
    card = desk.window.findings.head
    models = card.figures["hc"].text()
    assert card.source(Measure.HC) == "by the model's outline"
    _noted(desk, HEAD)

    assert card.figures["hc"].text() != models and not card.figures["hc"].is_doubt
    assert card.source(Measure.HC) == "yours"
    assert [one.text() for one in card.others(Measure.HC)] == [f"outline {models}"]
    desk.press("undo")
    assert card.figures["hc"].text() == models and not card.others(Measure.HC)


def test_repeats_show_their_mean_and_spread_and_each_in_the_popover(desk) -> None:
    ready(desk, "one.dcm")
    card = desk.window.findings.head
    _noted(desk, *(by_hand(Measure.FL, line(px), frame_index=px // 10) for px in (60, 62, 64)))

    assert card.figures["fl"].text() == "31.0\N{THIN SPACE}mm"
    assert card.source(Measure.FL) == "yours, mean of 3 ± 1.0\N{THIN SPACE}mm"
    card.figures["fl"].click()
    told = "\n".join(text.text() for text in _popover(desk).texts)
    for said in ("30.0\N{THIN SPACE}mm, frame 7 of 12", "31.0", "32.0", AT.who, "standard deviation 1.00", "0.500"):
        assert said in told
    _popover(desk).close()


def test_each_bpd_carries_its_edges_and_other_edges_are_another_value(desk) -> None:
    ready(desk, "one.dcm")
    card = desk.window.findings.head
    _noted(
        desk,
        by_hand(Measure.BPD, line(100), bpd_definition=OUTER),
        by_hand(Measure.BPD, line(92), bpd_definition=INNER),
    )

    assert card.figures["bpd"].text().startswith("46.0")
    small = [one.text() for one in card.others(Measure.BPD)]
    assert small[0].startswith("yours o–o 50.0") and small[1].startswith("outline ")


def test_which_value_enters_is_chosen_at_its_number_by_keys_and_undone(desk, qapp: QApplication) -> None:
    keys = ReturnPresses()
    qapp.installEventFilter(keys)
    ready(desk, "one.dcm")
    window = desk.window
    card = window.findings.head
    models = card.figures["hc"].text()
    _noted(desk, HEAD)
    (small,) = card.others(Measure.HC)
    small.setFocus()
    QTest.keyClick(small, Qt.Key.Key_Return)
    offers = {button.text(): button for button in _popover(desk).findChildren(QPushButton)}
    QTest.keyClick(offers["Let the model's value enter"], Qt.Key.Key_Return)

    assert window.notebook.clip.enters == {Measure.HC: Enters.MODEL}
    assert card.figures["hc"].text() == models
    assert card.others(Measure.HC)[0].text().startswith("yours ")
    desk.press("undo")
    assert card.source(Measure.HC) == "yours"
    qapp.removeEventFilter(keys)


def test_a_takes_the_value_of_the_row_that_the_keys_are_in(desk) -> None:
    ready(desk, "one.dcm")
    card = desk.window.findings.head
    _noted(desk, HEAD, by_hand(Measure.BPD, line(92), bpd_definition=INNER))
    card.figures["bpd"].setFocus()
    desk.qtbot.waitUntil(card.figures["bpd"].hasFocus)
    QTest.keyClick(card.figures["bpd"], Qt.Key.Key_A)

    assert desk.window.notebook.clip.enters == {Measure.BPD: Enters.MODEL}


def test_a_number_goes_to_the_frame_that_it_was_drawn_on(desk) -> None:
    ready(desk, "one.dcm")
    _noted(desk, HEAD)
    desk.window.findings.head.figures["hc"].click()
    offers = {button.text(): button for button in _popover(desk).findChildren(QPushButton)}
    offers["Go to frame 5"].click()

    assert desk.window.viewer.index == 4


def test_without_a_scale_a_persons_value_is_in_pixels_and_amber_with_the_reason(desk) -> None:
    ready(desk, "two.png")
    card = desk.window.findings.head
    _noted(desk, by_hand(Measure.FL, line(60)))

    assert card.figures["fl"].text() == "60\N{THIN SPACE}px" and card.figures["fl"].is_doubt
    assert "no scale here" in card.note.text() and "ruler" in card.note.text()
    assert card.note.property("tone") == "doubt"


@pytest.mark.parametrize("many", [0, 1, 3])
def test_places_stay_where_they_are_whatever_is_measured(desk_of, qtbot: QtBot, many: int) -> None:
    desk = desk_of(make_clip(3, name="a.dcm"))
    card = desk.window.findings.head
    before = [card.geometry(), *(figure.geometry() for figure in card.figures.values())]
    desk.start()
    ready(desk, "a.dcm")
    drawn = [by_hand(Measure.BPD, line(90 + n), bpd_definition=(OUTER, INNER)[n % 2]) for n in range(many)]
    _noted(desk, HEAD, *drawn)
    qtbot.wait(20)

    assert [card.geometry().height(), *(f.geometry().top() for f in card.figures.values())] == [
        before[0].height(),
        *(place.top() for place in before[1:]),
    ]
    assert card.width() == before[0].width()


def test_a_clip_shows_no_measurement_of_another(desk) -> None:
    ready(desk, "one.dcm", "two.png")
    card = desk.window.findings.head
    _noted(desk, by_hand(Measure.FL, line(60)))
    desk.press("next_clip")
    assert card.figures["fl"].text() == "–"
    desk.press("previous_clip")

    assert card.figures["fl"].text().startswith("30.0")

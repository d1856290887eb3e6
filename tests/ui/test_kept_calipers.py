"""What becomes of a kept line or ellipse: nothing that a person did with it is lost, and no number is another's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import make_clip, make_reading
from hand_tools import AT, by_hand, drag, line, point, ready
from line_tools import LICENCE, with_lines
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton
from shelf import ShelfInMemory

from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.notes import ClipNotes, Enters, StudyNotes
from fetalclip_app.domain.reading import LineMeasurements, Measurement
from fetalclip_app.settings import Settings
from fetalclip_app.ui.calipers.strip import CaliperStrip
from fetalclip_app.ui.popover import Popover

OUTER, INNER = BpdDefinition.OUTER_OUTER, BpdDefinition.OUTER_INNER


@pytest.fixture
def desk(desk_of):
    """A window of a person who was asked between which edges she measures."""
    made = desk_of(make_clip(12, name="one.dcm"), make_clip(3, name="two.dcm"), settings=Settings(bpd_definition=INNER))
    made.start()
    return made


def _drawn(desk):
    """Draw a BPD on the first clip, and return its frame and the line."""
    frame = ready(desk, "one.dcm", "two.dcm")
    QTest.keyClick(desk.window, Qt.Key.Key_C)
    drag(frame, (60, 40), (60, 90))
    return frame, desk.window.notebook.clip.measured[0].shape


def _ellipse(desk, frame) -> None:
    QTest.keyClick(desk.window, Qt.Key.Key_E)
    drag(frame, (40, 60), (120, 60))
    drag(frame, (80, 80), (80, 90))


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_PageDown, Qt.Key.Key_Period, Qt.Key.Key_C])
def test_a_step_by_key_is_kept_whatever_key_follows_at_once(desk, key: Qt.Key) -> None:
    frame, before = _drawn(desk)
    book, clip = desk.window.notebook, desk.window.notebook.clip_key
    QTest.keyClick(frame, Qt.Key.Key_Down)
    QTest.keyClick(frame, Qt.Key.Key_Down)
    QTest.keyClick(frame, key)
    (one,) = book.of_clip(clip).measured

    assert one.shape.last[1] == pytest.approx(before.last[1] + 2)
    desk.press("undo")
    assert book.of_clip(clip).measured[0].shape == before


@pytest.mark.parametrize("is_closed", [False, True], ids=["another is clicked", "closed"])
def test_a_step_by_key_is_kept_whichever_way_its_clip_is_left_at_once(desk, is_closed: bool) -> None:
    frame, before = _drawn(desk)
    book, clip = desk.window.notebook, desk.window.notebook.clip_key
    QTest.keyClick(frame, Qt.Key.Key_Down)
    if is_closed:
        desk.session.close(desk.session.shown)
    else:
        view = desk.window.clips.view
        place = view.visualRect(view.model().index(view.model().rowCount() - 1, 0)).center()
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert desk.session.shown.clip.path.name == "two.dcm"
    (one,) = book.of_clip(clip).measured

    assert one.shape.last[1] == pytest.approx(before.last[1] + 1)


def _click_a_line(desk, frame, _click) -> None:
    QTest.mouseClick(frame, Qt.MouseButton.LeftButton, pos=point(frame, 120, 65))


def _click_measure(desk, _frame, click) -> None:
    click("Measure a line")


def _have_notes_come(desk, _frame, _click) -> None:
    desk.window.notebook.changed.emit()


@pytest.mark.parametrize("do", [_click_a_line, _click_measure, _have_notes_come])
def test_a_step_by_key_is_kept_whatever_else_is_done_or_comes_at_once(desk, do) -> None:
    frame, before = _drawn(desk)
    QTest.keyClick(frame, Qt.Key.Key_C)
    drag(frame, (120, 40), (120, 90))
    first, second = desk.window.notebook.clip.measured
    QTest.mouseClick(frame, Qt.MouseButton.LeftButton, pos=point(frame, 60, 65))
    QTest.keyClick(frame, Qt.Key.Key_Down)
    buttons = {one.accessibleName(): one for one in desk.window.transport.findChildren(QToolButton)}
    do(desk, frame, lambda name: QTest.mouseClick(buttons[name], Qt.MouseButton.LeftButton))
    moved = lambda: desk.window.notebook.clip.measured[0].shape.last[1]  # noqa: E731
    desk.qtbot.waitUntil(lambda: moved() == pytest.approx(before.last[1] + 1))

    assert desk.window.notebook.clip.measured[1] == second and first.shape == before


def test_undo_right_after_a_step_by_key_takes_back_the_step_and_not_the_line(desk) -> None:
    frame, before = _drawn(desk)
    QTest.keyClick(frame, Qt.Key.Key_Down)
    QTest.keyClick(frame, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)

    assert [one.shape for one in desk.window.notebook.clip.measured] == [before]


def test_what_is_drawn_while_outline_and_calipers_are_hidden_stays_in_sight_and_in_hand(desk) -> None:
    frame = ready(desk, "one.dcm")
    QTest.keyClick(desk.window, Qt.Key.Key_M)
    QTest.keyClick(desk.window, Qt.Key.Key_C)
    drag(frame, (60, 40), (60, 90))
    (one,) = desk.window.notebook.clip.measured

    assert frame.hand.result == one.shape and desk.window.area.findChild(CaliperStrip).isVisible()
    assert not frame.hand.drawn and frame.head is None
    QTest.keyClick(frame, Qt.Key.Key_Escape)
    assert frame.hand.shape is None


def test_hiding_the_calipers_hides_the_one_in_hand_too(desk) -> None:
    frame, _line = _drawn(desk)
    QTest.keyClick(desk.window, Qt.Key.Key_M)

    assert frame.hand.shape is None and not desk.window.area.findChild(CaliperStrip).isVisible()


def test_a_measure_whose_only_ellipse_became_another_measures_has_the_models_value_again(desk) -> None:
    frame = ready(desk, "one.dcm")
    card = desk.window.findings.head
    models = card.figures["hc"].text()
    _ellipse(desk, frame)
    QTest.keyClick(desk.window, Qt.Key.Key_A, Qt.KeyboardModifier.ShiftModifier)
    desk.window.area.findChild(CaliperStrip).measures[Measure.AC].click()

    assert card.figures["hc"].text() == models and card.source(Measure.HC) == "by the model's outline"
    assert card.figures["ac"].text() != "–"


def test_who_moves_a_line_is_its_author_from_then_on(desk_of) -> None:
    clip, shelf = make_clip(3, name="one.dcm"), ShelfInMemory()
    shelf.clips = {clip.key: ClipNotes(measured=(by_hand(Measure.FL, line(50)),))}
    desk = desk_of(clip, notes=shelf, settings=Settings(operator="B. Sonographer"))
    desk.start()
    frame = ready(desk, "one.dcm")
    QTest.mouseClick(frame, Qt.MouseButton.LeftButton, pos=point(frame, 45, 30))
    drag(frame, (70, 30), (75, 30))
    (one,) = desk.window.notebook.clip.measured

    assert one.shape.last[0] == pytest.approx(75, abs=1)
    assert one.act.who == "B. Sonographer" and one.act.when > AT.when


@pytest.mark.parametrize(("fetuses", "whose"), [((), ""), (("A", "B"), "B")])
def test_the_card_has_one_value_of_what_was_drawn_before_and_after_the_clip_was_given(desk_of, fetuses, whose) -> None:
    clip, shelf = make_clip(3, name="one.dcm"), ShelfInMemory()
    drawn = by_hand(Measure.FL, line(60)), by_hand(Measure.FL, line(64), fetus="B")
    shelf.clips = {clip.key: ClipNotes(fetus="B", measured=drawn)}
    desk = desk_of(clip, notes=shelf)
    desk.start()
    ready(desk, "one.dcm")
    desk.window.notebook.change_study("how many", StudyNotes(fetuses=fetuses))
    card = desk.window.findings.head

    assert card.figures["fl"].text() == "31.0\N{THIN SPACE}mm" and not card.others(Measure.FL)
    card.figures["fl"].click()
    popover = desk.window.findings.findChild(Popover)
    assert f"{whose} FL".strip() in [text.text() for text in popover.findChildren(QLabel)]
    popover.close()


def _offered(desk, buttons, offer: str) -> dict[str, bool]:
    """Press numbers; return whether each offers something."""
    found = {}
    for button in buttons:
        button.click()
        popover = desk.window.findings.findChild(Popover)
        found[button.text().split("\N{THIN SPACE}")[0]] = offer in [
            one.text() for one in popover.findChildren(QPushButton)
        ]
        popover.close()
        desk.qtbot.waitUntil(lambda: desk.window.findings.findChild(Popover) is None)
    return found


def test_only_the_value_that_would_enter_is_offered_to_enter(desk_of) -> None:
    clip = make_clip(12, name="one.dcm")
    bpd = Measurement("bpd", "head", 61.37, ((40.0, 40.0), (110.0, 45.0)), 0.02, 0.1, 6, LICENCE)
    lines = LineMeasurements((bpd, replace(bpd, name="fl", structure="femur", size_mm=33.29)))
    desk = desk_of(clip)
    desk.model.engine.read = lambda clip, *_more: with_lines(clip, lines)
    desk.start()
    ready(desk, "one.dcm")
    inner, outer = (by_hand(Measure.BPD, line(px), bpd_definition=edges) for px, edges in ((92, INNER), (100, OUTER)))
    book, card = desk.window.notebook, desk.window.findings.head
    book.change_clip("made up", ClipNotes(measured=(inner, by_hand(Measure.FL, line(92)))))
    outline = f"outline {make_reading(clip).finding('head').answer.size.bpd_mm:.1f}"

    small = (*card.others(Measure.BPD), *card.others(Measure.FL))
    theirs = _offered(desk, small, "Let the model's value enter")
    assert theirs == {outline: True, "lines 61.4": False, "lines 33.3": True}
    book.change_clip("made up", ClipNotes(measured=(inner, outer), enters={Measure.BPD: Enters.MODEL}))
    own = _offered(desk, card.others(Measure.BPD), "Let your own value enter")
    assert own == {"yours o–i 46.0": False, "yours o–o 50.0": True, "lines 61.4": False}


def test_a_choice_of_ones_own_where_nothing_is_drawn_hides_no_value_of_the_models(desk) -> None:
    ready(desk, "one.dcm")
    desk.window.notebook.change_clip("joined", ClipNotes(enters={Measure.HC: Enters.PERSON}))

    assert desk.window.findings.head.others(Measure.HC)[0].text().startswith("outline 104.8")

"""Lines and ellipses drawn by mouse and by keys: kept, moved, undone; never on another frame than their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes import head_ellipse, make_clip
from hand_tools import drag, point, ready
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot
from shelf import ShelfInMemory

from fetalclip_app.biometry.values import entering, length_of
from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.notes import Enters, Line
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.settings import Settings
from fetalclip_app.ui.calipers.strip import CaliperStrip

OUTER, INNER = BpdDefinition.OUTER_OUTER, BpdDefinition.OUTER_INNER


@pytest.fixture
def desk(desk_of):
    """A window of a person who was asked between which edges she measures."""
    made = desk_of(
        make_clip(12, name="one.dcm"),
        make_clip(1, name="two.png", pixel_mm=None),
        settings=Settings(bpd_definition=INNER),
    )
    made.start()
    return made


def _strip(desk) -> CaliperStrip:
    return desk.window.area.findChild(CaliperStrip)


def _measured(desk):
    return desk.window.notebook.clip.measured


def _key(frame, key: Qt.Key, modifiers=Qt.KeyboardModifier.NoModifier, times: int = 1) -> None:
    for _ in range(times):
        QTest.keyClick(frame, key, modifiers)


def test_a_line_is_drawn_by_the_mouse_and_kept_with_its_measure_edges_frame_and_author(desk) -> None:
    frame = ready(desk, "one.dcm")
    desk.window.viewer.player.seek(3)
    desk.qtbot.waitUntil(lambda: desk.window.viewer.on_screen == 3)
    QTest.keyClick(desk.window, Qt.Key.Key_C)
    assert _strip(desk).isVisible()
    drag(frame, (60, 40), (60, 90))
    (one,) = _measured(desk)

    assert (one.measure, one.bpd_definition, one.frame_index) == (Measure.BPD, INNER, 3)
    length = length_of(one.shape, desk.session.shown.clip.calibration)
    assert length.length_px == pytest.approx(50, abs=1.0)
    assert length.length_mm == pytest.approx(25, abs=0.5)
    assert one.act.when.tzinfo is not None
    assert f"{length.length_mm:.1f}" in _strip(desk).told.text() and "outer–inner" in _strip(desk).told.text()


def test_a_line_is_drawn_by_keys_alone(desk) -> None:
    frame = ready(desk, "one.dcm")
    QTest.keyClick(desk.window, Qt.Key.Key_C)
    start = frame.hand.result
    _key(frame, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    _key(frame, Qt.Key.Key_Up, times=2)
    _key(frame, Qt.Key.Key_Tab)
    _key(frame, Qt.Key.Key_Left)
    assert not _measured(desk)
    _key(frame, Qt.Key.Key_Return)
    (one,) = _measured(desk)

    (x1, y1), (x2, y2) = start.first, start.last
    assert one.shape == Line((x1 - 1, y1), (x2 + 10, y2 - 2))
    assert desk.window.viewer.index == 0  # no arrow stepped through the cine


def test_an_ellipse_is_drawn_by_its_axis_and_then_its_width_and_not_kept_before(desk) -> None:
    frame = ready(desk, "one.dcm")
    QTest.keyClick(desk.window, Qt.Key.Key_E)
    drag(frame, (40, 60), (120, 60))
    assert not _measured(desk)
    drag(frame, (80, 80), (80, 90))
    (one,) = _measured(desk)

    assert one.measure is Measure.HC and isinstance(one.shape, Ellipse)
    assert (one.shape.a, one.shape.b) == pytest.approx((40, 30), abs=1.0)
    assert (one.shape.cx, one.shape.cy) == pytest.approx((80, 60), abs=1.0)


def test_an_ellipse_is_drawn_by_keys_alone(desk) -> None:
    frame = ready(desk, "one.dcm")
    QTest.keyClick(desk.window, Qt.Key.Key_E)
    before = frame.hand.result
    _key(frame, Qt.Key.Key_Tab, times=3)  # its centre, past both sides
    _key(frame, Qt.Key.Key_Down, times=4)
    _key(frame, Qt.Key.Key_Return)
    (one,) = _measured(desk)

    assert (one.shape.a, one.shape.cy) == pytest.approx((before.a, before.cy + 4))


def test_a_kept_line_is_picked_by_a_click_moved_by_its_end_and_put_back_by_undo(desk) -> None:
    frame = ready(desk, "one.dcm")
    QTest.keyClick(desk.window, Qt.Key.Key_C)
    drag(frame, (60, 40), (60, 90))
    before = _measured(desk)[0].shape
    _key(frame, Qt.Key.Key_Escape)
    assert frame.hand.shape is None and not _strip(desk).isVisible()

    QTest.mouseClick(frame, Qt.MouseButton.LeftButton, pos=point(frame, 60, 65))
    assert frame.hand.uid == _measured(desk)[0].uid
    drag(frame, before.last, (60, 100))
    assert _measured(desk)[0].shape.last[1] == pytest.approx(100, abs=1.0)
    assert len(_measured(desk)) == 1
    desk.press("undo")
    assert _measured(desk)[0].shape == before
    assert frame.hand.result == before  # the handles follow
    desk.press("undo")
    assert not _measured(desk) and frame.hand.shape is None
    desk.press("redo")
    assert _measured(desk)[0].shape == before


def test_steps_by_key_that_follow_each_other_are_one_step_to_undo(desk) -> None:
    frame = ready(desk, "one.dcm")
    QTest.keyClick(desk.window, Qt.Key.Key_C)
    drag(frame, (60, 40), (60, 90))
    before = _measured(desk)[0].shape
    count = desk.window.undo.count()
    _key(frame, Qt.Key.Key_Down, times=5)
    desk.qtbot.waitUntil(lambda: desk.window.undo.count() > count)

    assert desk.window.undo.count() == count + 1
    assert _measured(desk)[0].shape.last[1] == pytest.approx(before.last[1] + 5)


def test_repeats_are_drawn_one_after_the_other_and_averaged(desk) -> None:
    frame = ready(desk, "one.dcm")
    for end in (90, 92, 94):
        QTest.keyClick(desk.window, Qt.Key.Key_C)
        drag(frame, (60, 40), (60, end))
    clip = desk.session.shown
    found = entering(desk.window.notebook.clip, clip.reading, clip.clip.calibration, Measure.BPD)

    assert len(found.person[0].values) == 3
    assert found.size_mm == pytest.approx(26.0, abs=0.3)
    assert found.person[0].deviation_mm == pytest.approx(1.0, abs=0.3)


def test_the_edges_of_a_bpd_are_asked_and_nothing_is_kept_before_the_answer(desk_of) -> None:
    desk = desk_of(make_clip(3, name="one.dcm"))
    desk.start()
    frame = ready(desk, "one.dcm")
    QTest.keyClick(desk.window, Qt.Key.Key_C)
    drag(frame, (60, 40), (60, 90))
    strip = _strip(desk)
    assert not _measured(desk) and "Between which edges" in strip.hint.text()
    assert strip.hint.property("tone") == "doubt"
    strip.edges[OUTER].click()

    assert [one.bpd_definition for one in _measured(desk)] == [OUTER]
    assert desk.saved[-1].bpd_definition is OUTER


def test_a_length_of_which_nobody_said_what_it_is_is_not_kept_until_somebody_does(desk) -> None:
    frame = ready(desk, "one.dcm")
    QTest.keyClick(desk.window, Qt.Key.Key_C)
    _strip(desk).measures[None].click()
    drag(frame, (60, 40), (60, 90))
    assert "25.0" in _strip(desk).told.text() and not _measured(desk)
    _strip(desk).measures[Measure.FL].click()

    assert [one.measure for one in _measured(desk)] == [Measure.FL]


def test_choosing_what_it_is_keeps_no_shape_that_was_not_drawn(desk) -> None:
    ready(desk, "one.dcm")
    QTest.keyClick(desk.window, Qt.Key.Key_C)
    _strip(desk).measures[Measure.FL].click()
    _strip(desk).measures[Measure.BPD].click()
    _strip(desk).edges[OUTER].click()

    assert not _measured(desk)


def test_lines_lie_on_their_own_frame_only_and_a_half_drawn_one_stays_on_none(desk) -> None:
    frame = ready(desk, "one.dcm")
    viewer = desk.window.viewer
    QTest.keyClick(desk.window, Qt.Key.Key_C)
    drag(frame, (60, 40), (60, 90))
    assert len(frame.hand.drawn) == 1
    viewer.player.seek(5)
    desk.qtbot.waitUntil(lambda: viewer.on_screen == 5)
    assert not frame.hand.drawn and frame.hand.shape is None
    QTest.keyClick(desk.window, Qt.Key.Key_C)
    viewer.player.seek(0)
    desk.qtbot.waitUntil(lambda: viewer.on_screen == 0)

    assert len(frame.hand.drawn) == 1 and frame.hand.shape is None
    assert len(_measured(desk)) == 1


def test_m_hides_the_calipers_and_del_removes_the_selected_one(desk) -> None:
    frame = ready(desk, "one.dcm")
    QTest.keyClick(desk.window, Qt.Key.Key_C)
    drag(frame, (60, 40), (60, 90))
    QTest.keyClick(desk.window, Qt.Key.Key_M)
    assert not frame.hand.drawn and frame.head is None
    QTest.keyClick(desk.window, Qt.Key.Key_M)
    assert len(frame.hand.drawn) == 1
    QTest.mouseClick(frame, Qt.MouseButton.LeftButton, pos=point(frame, 60, 65))
    QTest.keyClick(frame, Qt.Key.Key_Delete)

    assert not _measured(desk) and not frame.hand.drawn
    desk.press("undo")
    assert len(_measured(desk)) == 1


def test_without_a_scale_the_length_is_in_pixels_with_the_reason(desk) -> None:
    frame = ready(desk, "two.png")
    QTest.keyClick(desk.window, Qt.Key.Key_C)
    drag(frame, (60, 40), (60, 90))

    assert "px" in _strip(desk).told.text() and "mm" not in _strip(desk).told.text()
    assert "ruler" in _strip(desk).hint.text()
    assert frame.hand.is_doubt
    assert len(_measured(desk)) == 1  # the points are kept: a scale gives them a length later


def test_a_scale_that_comes_later_gives_kept_lines_their_length(desk) -> None:
    frame = ready(desk, "two.png")
    QTest.keyClick(desk.window, Qt.Key.Key_C)
    drag(frame, (60, 40), (60, 90))
    desk.press("ruler")
    frame.ruler.press(20, 30, 5)
    frame.ruler.drag(20, 90)
    desk.window.area.scale.stated.emit(30.0)

    assert "25.0" in frame.hand.drawn[0].text and not frame.hand.drawn[0].is_doubt


def test_the_models_outline_can_be_begun_from_and_that_is_said(desk) -> None:
    frame = ready(desk, "one.dcm")
    desk.press("measured")
    desk.qtbot.waitUntil(lambda: desk.window.viewer.on_screen == 6)
    QTest.keyClick(desk.window, Qt.Key.Key_E)
    strip = _strip(desk)
    assert strip.from_model.isVisible()
    strip.from_model.click()
    head = head_ellipse(120, 160)
    assert frame.hand.result.a == pytest.approx(head.a)
    assert not _measured(desk)
    _key(frame, Qt.Key.Key_Up)
    _key(frame, Qt.Key.Key_Return)
    (one,) = _measured(desk)

    assert one.begun_by_model and "Begun from the model" in strip.hint.text()
    QTest.keyClick(desk.window, Qt.Key.Key_E)
    strip.from_model.click()
    drag(frame, (40, 60), (120, 60))
    drag(frame, (80, 80), (80, 90))
    assert not _measured(desk)[-1].begun_by_model


def test_a_glass_shows_the_end_that_is_dragged(desk) -> None:
    frame = ready(desk, "one.dcm")
    QTest.keyClick(desk.window, Qt.Key.Key_C)
    drag(frame, (60, 40), (60, 90), lets_go=False)
    held = frame.grab().toImage()
    QTest.mouseRelease(frame, Qt.MouseButton.LeftButton, pos=point(frame, 60, 90))
    corner = point(frame, 60, 90)

    assert frame.grab().toImage().copy(corner.x() - 130, corner.y() - 130, 80, 80) != held.copy(
        corner.x() - 130, corner.y() - 130, 80, 80
    )


def test_escape_puts_an_unfinished_line_away_from_wherever_the_keys_are(desk) -> None:
    frame = ready(desk, "one.dcm")
    QTest.keyClick(desk.window, Qt.Key.Key_C)
    desk.window.clips.view.setFocus()
    desk.press("dismiss")
    assert frame.hand.shape is None
    QTest.keyClick(desk.window, Qt.Key.Key_C)
    _strip(desk).measures[Measure.FL].setFocus()
    QTest.keyClick(_strip(desk).measures[Measure.FL], Qt.Key.Key_Escape)

    assert frame.hand.shape is None and frame.hasFocus()


def test_what_was_measured_is_there_when_the_clip_is_opened_again(desk_of, qtbot: QtBot) -> None:
    shelf, clip = ShelfInMemory(), make_clip(3, name="one.dcm")
    first = desk_of(clip, settings=Settings(bpd_definition=INNER, operator="A. Sonographer"), notes=shelf)
    first.start()
    frame = ready(first, "one.dcm")
    QTest.keyClick(first.window, Qt.Key.Key_C)
    drag(frame, (60, 40), (60, 90))
    qtbot.waitUntil(lambda: bool(shelf.clips))

    again = desk_of(clip, notes=shelf)
    again.start()
    assert ready(again, "one.dcm").hand.drawn == first.window.area.frame.hand.drawn
    assert _measured(again)[0].act.who == "A. Sonographer"


def test_a_takes_the_models_value_shift_a_ones_own_and_undo_takes_it_back(desk) -> None:
    frame = ready(desk, "one.dcm")
    QTest.keyClick(desk.window, Qt.Key.Key_E)
    drag(frame, (40, 60), (120, 60))
    drag(frame, (80, 80), (80, 90))
    enters = lambda: desk.window.notebook.clip.enters  # noqa: E731
    QTest.keyClick(desk.window, Qt.Key.Key_A)
    assert enters() == {Measure.HC: Enters.MODEL}  # the one in hand alone
    assert "HC" in desk.window.area.message.sentence.text()
    QTest.keyClick(desk.window, Qt.Key.Key_A, Qt.KeyboardModifier.ShiftModifier)
    assert enters() == {Measure.HC: Enters.PERSON}
    desk.press("undo")
    assert enters() == {Measure.HC: Enters.MODEL}
    _key(frame, Qt.Key.Key_Escape)
    QTest.keyClick(desk.window, Qt.Key.Key_A)

    assert enters() == dict.fromkeys((Measure.HC, Measure.BPD, Measure.OFD), Enters.MODEL)


def test_there_is_no_model_value_to_take_where_it_abstains(desk) -> None:
    ready(desk, "two.png")
    QTest.keyClick(desk.window, Qt.Key.Key_A)

    assert not desk.window.notebook.clip.enters
    assert "no length here" in desk.window.area.message.sentence.text()


def test_the_picture_that_is_written_has_the_calipers_that_are_drawn(desk, qtbot: QtBot, tmp_path: Path) -> None:
    frame = ready(desk, "one.dcm")
    paths = [tmp_path / "plain.png", tmp_path / "drawn.png"]
    desk.window.exporting.ask = lambda *_args: paths[0] if not paths[0].exists() else paths[1]
    with qtbot.waitSignal(desk.window.exporting.written):
        desk.press("export_png")
    QTest.keyClick(desk.window, Qt.Key.Key_C)
    drag(frame, (60, 40), (60, 90))
    with qtbot.waitSignal(desk.window.exporting.written):
        desk.press("export_png")
    plain, drawn = (np.asarray(Image.open(path).convert("RGB"), np.int16) for path in paths)
    differs = np.argwhere(np.abs(plain - drawn).max(axis=2) > 40)

    assert {tuple(place) for place in differs} >= {(row, 60) for row in range(50, 80)}
    assert differs[:, 1].min() > 45  # nothing but the line and its words


def test_the_picture_is_measured_by_the_mouse_alone(desk) -> None:
    frame = ready(desk, "one.dcm")
    buttons = {one.accessibleName(): one for one in desk.window.transport.findChildren(QToolButton)}
    QTest.mouseClick(buttons["Measure a line"], Qt.MouseButton.LeftButton)
    drag(frame, (60, 40), (60, 90))

    assert len(_measured(desk)) == 1


def test_the_strip_makes_way_for_the_end_that_is_dragged_under_it(desk) -> None:
    frame = ready(desk, "one.dcm")
    QTest.keyClick(desk.window, Qt.Key.Key_C)
    strip = _strip(desk)
    middle = frame.mapFrom(desk.window.area, strip.geometry().center())
    under = frame.viewport.to_frame(middle.toPointF())
    drag(frame, (80, 20), under, lets_go=False)
    assert not strip.isVisible()
    QTest.mouseRelease(frame, Qt.MouseButton.LeftButton, pos=middle)

    assert strip.isVisible() and len(_measured(desk)) == 1

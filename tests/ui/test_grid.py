"""The hanging grid: clips of a study by view, each by its best frame; the shown one plays among them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from fakes import FakeEngine, make_clip, make_reading, make_sight
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtTest import QTest

from fetalclip_app.domain.clip import Clip, Origin, Pixels
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.inference.listening import NOBODY, Listener
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.settings import Settings
from fetalclip_app.tasks.best_frames import best_frames
from fetalclip_app.ui.grid import door as grid_door
from fetalclip_app.ui.grid.pane import Pane

_VIEWS = {"a": "abdomen", "b": "brain", "f": "femur", "h": "heart"}


class _ByName(FakeEngine):
    """Sees the view whose letter a file's name ends with."""

    def read(self, clip: Clip, cancel: CancelToken, report: Report, listener: Listener = NOBODY) -> ClipReading:
        reading = make_reading(clip, best=_VIEWS[clip.path.stem[-1]], identity=self.identity)
        listener.seen(make_sight(clip, range(len(clip)), reading))
        return reading


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grid_door, "SETTLE_MS", 30)


def _desk(desk_of: Callable, *names: str, settings: Settings | None = None, clips: tuple[Clip, ...] = ()):
    made = clips or tuple(make_clip(9, name=name) for name in names)
    desk = desk_of(*made, settings=settings)
    desk.model.engine = _ByName()
    desk.start()
    desk.window.activateWindow()
    desk.qtbot.waitUntil(desk.window.isActiveWindow)
    QTest.mouseMove(desk.window.top, QPoint(3, 3))
    desk.open(*(clip.path.name for clip in made))
    return desk


def _press(desk, key: Qt.Key) -> None:
    QTest.keyClick(desk.window.area.frame, key)


def _hanging(desk) -> list[str]:
    """Return the names of the clips that hang, by where they lie on the screen."""
    area = desk.window.area
    shown = desk.session.shown
    panes = [pane for pane in area.stage.findChildren(Pane) if pane.isVisible()]
    placed = [(pane.y(), pane.x(), pane.entry.clip.name) for pane in panes]
    picture = area.stage.shown.geometry()
    placed.append((picture.y(), picture.x(), shown.clip.name))
    return [name for _y, _x, name in sorted(placed)]


def _pane(desk, name: str) -> Pane:
    panes = desk.window.area.stage.findChildren(Pane)
    return next(pane for pane in panes if pane.isVisible() and pane.entry.clip.name == name)


def test_by_key_four_clips_hang_by_view_and_the_choice_is_remembered(desk_of) -> None:
    desk = _desk(desk_of, "h.dcm", "b.dcm", "a.dcm", "f.dcm")
    desk.wait_read()
    _press(desk, Qt.Key.Key_F7)
    desk.qtbot.wait(30)
    assert _hanging(desk) == ["a.dcm", "b.dcm", "f.dcm", "h.dcm"]
    assert desk.saved[-1].grid == 2
    again = _desk(desk_of, "h.dcm", "b.dcm", settings=desk.saved[-1])
    again.wait_read()

    again.qtbot.waitUntil(lambda: _hanging(again) == ["b.dcm", "h.dcm"])
    assert again.window.actions_by_name["grid_2"].isChecked()


def test_alone_the_picture_fills_its_place_as_before(desk_of) -> None:
    desk = _desk(desk_of, "h.dcm", "b.dcm")
    desk.wait_read()
    area = desk.window.area
    whole = area.frame.geometry()
    assert area.stage.shown.geometry() == area.stage.rect()
    assert whole.size() + QSize(0, area.badges.height()) == area.size()
    _press(desk, Qt.Key.Key_F8)
    desk.qtbot.wait(30)
    assert area.frame.width() < whole.width() / 2.5
    _press(desk, Qt.Key.Key_F6)
    desk.qtbot.wait(30)

    assert area.frame.geometry() == whole
    assert not any(pane.isVisible() for pane in area.stage.findChildren(Pane))


def test_each_pane_paints_its_best_frame_and_says_which_it_is(desk_of) -> None:
    desk = _desk(desk_of, "h.dcm", "b.dcm")
    desk.wait_read()
    _press(desk, Qt.Key.Key_F7)
    pane = _pane(desk, "b.dcm")
    desk.qtbot.waitUntil(lambda: pane.pixels is not None)
    entry = desk.session.entries[0]
    best = best_frames(entry.reading).frames["brain"]

    assert entry.clip.name == "b.dcm"
    np.testing.assert_array_equal(pane.pixels, entry.clip.frame(best).pixels)
    assert pane.words.title == "Brain"
    assert pane.words.frame == f"Frame {best + 1} of 9, the best"


def test_the_best_frame_that_a_person_chose_stands_for_the_clip(desk_of) -> None:
    desk = _desk(desk_of, "b.dcm", "h.dcm")
    desk.wait_read()
    book = desk.window.notebook
    desk.qtbot.waitUntil(lambda: book.clip is not None)
    book.change_clip("choose", book.clip.with_best("brain", 2))
    _press(desk, Qt.Key.Key_F7)
    desk.press("next_clip")
    pane = _pane(desk, "b.dcm")

    assert pane.standing.frame_index == 2
    assert pane.words.frame == "Frame 3 of 9, your choice"


def test_a_click_makes_a_pane_the_shown_clip_at_the_frame_that_stood_for_it(desk_of) -> None:
    desk = _desk(desk_of, "h.dcm", "b.dcm", "f.dcm")
    desk.wait_read()
    _press(desk, Qt.Key.Key_F7)
    desk.qtbot.wait(30)
    pane = _pane(desk, "f.dcm")
    place, index = pane.geometry(), pane.standing.frame_index
    QTest.mouseClick(pane, Qt.MouseButton.LeftButton)
    desk.qtbot.wait(30)

    assert desk.session.shown.clip.name == "f.dcm"
    assert desk.window.area.stage.shown.geometry() == place, "the picture stands where the pane stood"
    assert desk.window.viewer.index == index
    assert desk.window.area.frame.hasFocus()


def test_enter_on_a_pane_shows_its_clip(desk_of) -> None:
    desk = _desk(desk_of, "h.dcm", "b.dcm")
    desk.wait_read()
    _press(desk, Qt.Key.Key_F7)
    pane = _pane(desk, "b.dcm")
    pane.setFocus()
    QTest.keyClick(pane, Qt.Key.Key_Return)

    assert desk.session.shown.clip.name == "b.dcm"


def test_a_cine_that_plays_hands_on_to_the_pane_that_is_chosen(desk_of) -> None:
    desk = _desk(desk_of, "h.dcm", "b.dcm")
    desk.wait_read()
    _press(desk, Qt.Key.Key_F7)
    _press(desk, Qt.Key.Key_Space)
    player = desk.window.viewer.player
    assert player.is_playing
    QTest.mouseClick(_pane(desk, "b.dcm"), Qt.MouseButton.LeftButton)
    assert player.is_playing
    begun = player.index

    desk.qtbot.waitUntil(lambda: player.index != begun)


def test_next_and_previous_follow_the_order_that_is_seen(desk_of) -> None:
    desk = _desk(desk_of, "1b.dcm", "2h.dcm", "3a.dcm")
    desk.wait_read()
    _press(desk, Qt.Key.Key_Right)
    assert desk.session.shown.clip.name == "2h.dcm", "one clip alone: as listed"
    _press(desk, Qt.Key.Key_F7)
    desk.session.show(next(entry for entry in desk.session.entries if entry.clip.name == "3a.dcm"))
    seen = ["3a.dcm"]
    for _ in range(2):
        _press(desk, Qt.Key.Key_Right)
        seen.append(desk.session.shown.clip.name)
    desk.qtbot.wait(30)

    assert seen == ["3a.dcm", "1b.dcm", "2h.dcm"] == _hanging(desk)


def test_while_clips_are_read_nothing_moves_and_then_all_settle(desk_of) -> None:
    desk = _desk(desk_of, settings=Settings(grid=2), clips=_held_clips())
    desk.model.gate.clear()
    desk.press("read_again")
    names = [entry.clip.name for entry in desk.session.entries]
    for entry in desk.session.entries:
        entry.forget()
    desk.session.clips_changed.emit()
    desk.qtbot.wait(60)
    before = _hanging(desk)
    desk.model.gate.set()
    desk.wait_read()
    desk.qtbot.waitUntil(lambda: _hanging(desk) == ["3a.dcm", "2b.dcm", "1h.dcm"])

    assert sorted(before) == sorted(names)


def _held_clips() -> tuple[Clip, ...]:
    return tuple(make_clip(5, name=name) for name in ("1h.dcm", "2b.dcm", "3a.dcm"))


def test_under_the_pointer_nothing_settles_until_it_leaves(desk_of) -> None:
    desk = _desk(desk_of, settings=Settings(grid=2), clips=(make_clip(5, name="1h.dcm"), make_clip(5, name="2b.dcm")))
    desk.wait_read()
    desk.qtbot.waitUntil(lambda: _hanging(desk) == ["2b.dcm", "1h.dcm"])
    desk.files["3a.dcm"] = make_clip(5, name="3a.dcm")
    stage = desk.window.area.stage
    QTest.mouseMove(stage, QPoint(40, 40))
    desk.qtbot.waitUntil(stage.underMouse)
    desk.open("3a.dcm")
    desk.wait_read()
    desk.qtbot.wait(100)
    assert _hanging(desk) == ["2b.dcm", "1h.dcm", "3a.dcm"]
    QTest.mouseMove(desk.window.top, QPoint(3, 3))

    desk.qtbot.waitUntil(lambda: _hanging(desk) == ["3a.dcm", "2b.dcm", "1h.dcm"])


def test_only_clips_of_one_study_hang_together(desk_of) -> None:
    other = Origin(patient_id="P-002", study_date="20260101", study_description="Other")
    desk = _desk(desk_of, clips=(make_clip(5, name="b.dcm"), make_clip(5, name="h.dcm", origin=other)))
    desk.wait_read()
    _press(desk, Qt.Key.Key_F7)
    assert _hanging(desk) == ["b.dcm"]
    _press(desk, Qt.Key.Key_Right)

    assert _hanging(desk) == ["h.dcm"]


def test_what_has_to_be_known_of_a_clip_stands_on_its_pane(desk_of) -> None:
    made = Origin(patient_id="SIM", study_date="20260314", is_simulated=True)
    clips = (make_clip(5, name="b.dcm", origin=made), make_clip(5, name="h.dcm", origin=made, pixel_mm=None))
    desk = _desk(desk_of, clips=clips)
    desk.wait_read()
    _press(desk, Qt.Key.Key_F7)

    area = desk.window.area
    assert area.stage.shown.isAncestorOf(area.badges), "the line of badges goes with the clip that it tells of"
    assert _pane(desk, "h.dcm").words.doubts == "⚠ Simulated picture, not a patient  ⚠ No scale"


class _Slow:
    """Frames that wait until they are let go."""

    def __init__(self, source: object) -> None:
        self._source, self.gate, self.is_slow = source, threading.Event(), False

    def __len__(self) -> int:
        return len(self._source)

    def pixels(self, index: int) -> Pixels:
        if self.is_slow:
            self.gate.wait(10)
        return self._source.pixels(index)


def test_a_pane_that_is_slow_to_decode_holds_up_no_other_and_not_the_picture(desk_of) -> None:
    clips = [make_clip(9, name=name) for name in ("a.dcm", "b.dcm", "f.dcm", "h.dcm")]
    slow = _Slow(clips[1].source)
    clips[1] = replace(clips[1], source=slow)
    desk = _desk(desk_of, clips=tuple(clips))
    desk.wait_read()
    desk.qtbot.waitUntil(lambda: all(entry.thumbnail is not None for entry in desk.session.entries))
    slow.is_slow = True
    _press(desk, Qt.Key.Key_F7)
    desk.qtbot.waitUntil(lambda: _pane(desk, "h.dcm").pixels is not None)
    desk.qtbot.waitUntil(lambda: _pane(desk, "f.dcm").pixels is not None)
    assert _pane(desk, "b.dcm").pixels is None
    desk.press("play")
    begun = desk.window.viewer.on_screen
    desk.qtbot.waitUntil(lambda: desk.window.viewer.on_screen not in {begun, None})
    slow.gate.set()

    desk.qtbot.waitUntil(lambda: _pane(desk, "b.dcm").pixels is not None)


def test_one_study_identifier_in_two_patients_files_makes_no_common_grid(desk_of) -> None:
    one, two = (Origin(patient_id=patient, study_uid="1.2.3", study_date="20260314") for patient in ("P-1", "P-2"))
    desk = _desk(desk_of, clips=(make_clip(5, name="b.dcm", origin=one), make_clip(5, name="h.dcm", origin=two)))
    desk.wait_read()
    _press(desk, Qt.Key.Key_F7)

    assert _hanging(desk) == ["b.dcm"]

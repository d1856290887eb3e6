"""The map of a study's frames: worked out off the window's thread, a way to each frame, by mouse and by keys."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from fakes import FakeEngine, make_clip, make_reading, make_sight
from holding import held_up
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from fetalclip_app.domain.clip import Clip, FramesInMemory, Origin
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.inference.listening import NOBODY, Listener
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.ui.map import door as map_door
from fetalclip_app.ui.map.panel import MapPanel
from fetalclip_app.wording import view_title


class _Spread(FakeEngine):
    """Clips lie apart; the last frame of ``strange.dcm`` is unlike the training."""

    dimension = 64

    def read(self, clip: Clip, cancel: CancelToken, report: Report, listener: Listener = NOBODY) -> ClipReading:
        best = {"a": "brain", "b": "abdomen", "s": "femur"}.get(clip.path.name[:1], "brain")
        reading = make_reading(clip, best=best, identity=self.identity)
        rng = np.random.default_rng(sum(map(ord, clip.path.name)))
        rows = rng.normal(size=(len(clip), self.dimension)) * 0.15
        rows[:, sum(map(ord, clip.path.name)) % self.dimension] += 1.0
        rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        findings = tuple(
            replace(one, answer=replace(one.answer, unfamiliar=frozenset({len(clip) - 1})))
            if isinstance(one.answer, ViewPrediction) and clip.path.name.startswith("s")
            else one
            for one in reading.findings
        )
        listener.seen(make_sight(clip, range(len(clip)), reading))
        return replace(reading, embeddings=rows, findings=findings)


def _mapped(desk_of: Callable, *clips: Clip):
    desk = desk_of(*clips)
    desk.model.engine = _Spread()
    desk.start()
    desk.open(*(clip.path.name for clip in clips))
    desk.wait_read()
    desk.window.activateWindow()
    desk.qtbot.waitUntil(desk.window.isActiveWindow)
    QTest.keyClick(desk.window.area.frame, Qt.Key.Key_U)
    panel = desk.window.area.companion
    assert isinstance(panel, MapPanel)
    desk.qtbot.waitUntil(lambda: panel.canvas.points is not None)
    desk.qtbot.wait(20)
    return desk, panel


@pytest.fixture
def mapped(desk_of: Callable):
    return _mapped(desk_of, make_clip(12, name="a.dcm"), make_clip(9, name="b.dcm"), make_clip(7, name="s.dcm"))


def _point(panel: MapPanel, clip: int, frame: int) -> int:
    index = panel.canvas.points.index_of(clip, frame)
    assert index is not None
    return index


def test_every_frame_of_the_study_is_a_point_and_the_variance_shown_is_told(mapped) -> None:
    _desk, panel = mapped

    assert len(panel.canvas.points) == 12 + 9 + 7
    assert panel.told.accessibleName() == "28 frames of 3 clips"
    assert "% of the variance lies across" in panel.shares.text()
    assert "not distance in the model's space" in panel.meaning.text()
    assert panel.canvas.points.is_strange.tolist() == [False] * 27 + [True]


def test_a_click_goes_to_the_clip_and_the_frame(mapped) -> None:
    desk, panel = mapped
    index = _point(panel, 1, 4)
    QTest.mouseClick(panel.canvas, Qt.MouseButton.LeftButton, pos=panel.canvas.place_of(index).toPoint())

    assert desk.session.shown.clip.name == "b.dcm"
    assert desk.window.viewer.index == 4
    assert panel.canvas.current == index


def test_hovering_tells_clip_frame_and_view(mapped) -> None:
    _desk, panel = mapped
    QTest.mouseMove(panel.canvas, panel.canvas.place_of(_point(panel, 1, 4)).toPoint())
    told = panel.pointed.accessibleName()
    assert told == f"b.dcm · frame 5 of 9 · {view_title('abdomen')}"
    QTest.mouseMove(panel.canvas, panel.canvas.place_of(_point(panel, 2, 6)).toPoint())

    assert "unlike the pictures" in panel.pointed.accessibleName()


def test_the_frame_that_is_looked_at_is_marked_as_it_changes(mapped) -> None:
    desk, panel = mapped
    assert panel.canvas.current == _point(panel, 0, 0)
    desk.press("forward")
    assert panel.canvas.current == _point(panel, 0, 1)
    desk.press("next_clip")

    desk.qtbot.waitUntil(lambda: panel.canvas.current == _point(panel, 1, 0))


def test_arrows_walk_to_the_nearest_point_that_way_and_enter_goes_there(mapped) -> None:
    desk, panel = mapped
    canvas = panel.canvas
    assert canvas.hasFocus()
    start = canvas.place_of(canvas.current)
    points = [canvas.place_of(index) for index in range(len(canvas.points))]
    key = Qt.Key.Key_Right if any(point.x() > start.x() + 5 for point in points) else Qt.Key.Key_Left
    QTest.keyClick(canvas, key)
    found = canvas.cursor_at
    assert found is not None and found != canvas.current
    away = canvas.place_of(found) - start
    assert abs(away.x()) >= abs(away.y()) and (away.x() > 0) == (key == Qt.Key.Key_Right)
    assert desk.window.viewer.index == 0, "the arrows walk, and do not step through the cine"
    QTest.keyClick(canvas, Qt.Key.Key_Return)

    clip, frame = int(canvas.points.map.clip_of[found]), int(canvas.points.map.frame_of[found])
    assert desk.session.shown is desk.session.entries[clip]
    assert desk.window.viewer.index == frame
    assert canvas.hasFocus()


def test_it_is_a_switch_that_escape_turns_off(mapped) -> None:
    desk, panel = mapped
    assert desk.window.actions_by_name["map"].isChecked()
    desk.press("dismiss")

    assert desk.window.area.companion is None
    assert not panel.isVisible()
    assert not desk.window.actions_by_name["map"].isChecked()


def test_before_the_reading_it_says_that_it_waits(desk_of) -> None:
    desk = desk_of(make_clip(5, name="a.dcm"))
    desk.open("a.dcm")
    desk.press("map")
    panel = desk.window.area.companion

    assert panel.canvas.points is None
    assert "1 clip is not read yet." in panel.left_out.text()
    assert panel.canvas.accessibleDescription() == "The map comes after the reading."


def test_clips_of_another_study_are_not_on_it(desk_of) -> None:
    other = Origin(patient_id="P-002", study_date="20260101", study_description="Other")
    _desk, panel = _mapped(desk_of, make_clip(6, name="a.dcm"), make_clip(5, name="b.dcm", origin=other))

    assert len(panel.canvas.points) == 6


def test_a_clip_read_by_another_model_is_left_out_and_said(desk_of) -> None:
    desk, panel = _mapped(desk_of, make_clip(6, name="a.dcm"), make_clip(5, name="b.dcm"))
    entry = desk.session.entries[1]
    provenance = replace(entry.reading.provenance, preprocessing="another")
    entry.reading = replace(entry.reading, provenance=provenance)
    desk.session.reading_changed.emit()
    desk.qtbot.waitUntil(lambda: len(panel.canvas.points) == 6)

    assert "1 clip was read by another model." in panel.left_out.text()


def test_a_map_that_comes_too_late_is_dropped(desk_of, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, panel = _mapped(desk_of, make_clip(6, name="a.dcm"), make_clip(5, name="b.dcm"))
    gate, made, work = threading.Event(), [], map_door.points_of

    def held(readings: object) -> object:
        gate.wait(5)
        made.append(len(readings))
        return work(readings)

    monkeypatch.setattr(map_door, "points_of", held)
    desk.window.undo.clear()
    desk.session.close(desk.session.entries[1])
    desk.qtbot.wait(map_door.GATHER_MS + 50)
    desk.session.entries[0].reading = replace(desk.session.entries[0].reading)
    desk.session.reading_changed.emit()
    desk.qtbot.wait(map_door.GATHER_MS + 50)
    QTest.mouseClick(panel.canvas, Qt.MouseButton.LeftButton, pos=QPoint(panel.canvas.width() // 2, 5))
    gate.set()
    desk.qtbot.waitUntil(lambda: len(made) == 2 and len(panel.canvas.points) == 6)


def _long(name: str) -> Clip:
    short = make_clip(2, name=name)
    picture = short.frame(0).pixels
    return replace(short, source=FramesInMemory([picture] * 300))


def test_six_thousand_frames_do_not_hold_the_window_up(desk_of) -> None:
    clips = [_long(f"{'abs'[number % 3]}{number}.dcm") for number in range(20)]
    desk = desk_of(*clips)
    engine = _Spread()
    engine.dimension = 512
    desk.model.engine = engine
    desk.start()
    desk.open(*(clip.path.name for clip in clips))
    desk.wait_read()
    desk.qtbot.wait(100)
    with held_up() as holds:
        desk.press("map")
        panel = desk.window.area.companion
        desk.qtbot.waitUntil(lambda: panel.canvas.points is not None)
        panel.canvas.repaint()
        for x in range(20, 400, 20):
            QTest.mouseMove(panel.canvas, QPoint(x, 200))
            desk.qtbot.wait(1)

    assert len(panel.canvas.points) == 6000
    assert [hold for hold in holds if hold.is_too_long] == []


def test_beside_it_no_badge_of_the_picture_is_hidden(desk_of) -> None:
    origin = Origin(patient_id="SIM", study_date="20260314", is_simulated=True, is_lossy=True)
    desk, panel = _mapped(desk_of, make_clip(6, name="a.dcm", origin=origin, pixel_mm=None))
    desk.window.resize(960, 600)
    desk.qtbot.wait(100)
    badges = desk.window.area.badges

    assert panel.isVisible()
    assert len(badges.labels) == 3
    assert all(badges.rect().contains(one.geometry()) for one in badges.labels)

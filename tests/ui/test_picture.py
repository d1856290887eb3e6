"""The player's pace, the frames around the cursor, zoom, light, overlays and the ruler."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
import pytest
from fakes import fan_picture, head_ellipse, make_clip, spin
from PySide6.QtCore import QPointF, QSizeF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.calibration import CalibrationSource
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.ui.frames import FrameStore
from fetalclip_app.ui.jobs import Jobs
from fetalclip_app.ui.player import Player
from fetalclip_app.ui.qimage import Light, heat_image, image_of, pixels_of
from fetalclip_app.ui.scale_setting import length_mm, with_scale
from fetalclip_app.ui.viewport import Viewport


def test_the_player_keeps_the_clips_own_pace(qtbot: QtBot) -> None:
    due: list[int] = []
    player = Player(lambda index: True)
    player.frame_due.connect(due.append)
    player.load(1000, 28.6)
    started = time.perf_counter()
    player.play()
    spin(qtbot, 1.2)
    player.pause()
    measured = due[-1] / (time.perf_counter() - started)

    assert measured == pytest.approx(28.6, rel=0.05)


def test_the_window_plays_a_cine_at_its_own_pace_and_says_so(desk_of: Callable, qtbot: QtBot) -> None:
    desk = desk_of(make_clip(60, height=60, width=80, name="a.dcm", hz=25.0))
    desk.open("a.dcm")
    player, due = desk.window.viewer.player, []
    player.frame_due.connect(lambda index: due.append((time.perf_counter(), index)))
    desk.press("play")
    spin(qtbot, 1.4)
    caption = desk.window.area.frame.caption
    desk.press("play")
    (first_s, first), (last_s, last) = due[0], due[-1]

    assert (last - first) / (last_s - first_s) == pytest.approx(25.0, rel=0.05)
    assert "shown at" in caption
    assert not player.is_playing


def test_a_slow_machine_drops_frames_and_not_time(qtbot: QtBot) -> None:
    now = [0.0]
    due: list[int] = []
    player = Player(lambda index: index % 3 == 0, clock=lambda: now[0])
    player.frame_due.connect(due.append)
    player.load(100, 10.0)
    player.play()
    for _ in range(20):
        now[0] += 0.25
        player._tick()  # the clock is the test's
    player.pause()

    assert set(due) <= set(range(0, 100, 3))
    assert due[-1] == 48
    assert due == sorted(due)


def test_what_is_due_but_not_decoded_is_asked_for(qtbot: QtBot) -> None:
    now, wanted = [0.0], []
    player = Player(lambda index: index == 0, clock=lambda: now[0])
    player.frame_wanted.connect(wanted.append)
    player.load(50, 10.0)
    player.play()
    now[0] = 0.72
    player._tick()
    player.pause()

    assert wanted == [7]
    assert player.index == 0


def test_without_loop_the_cine_stops_at_its_end_and_begins_anew(qtbot: QtBot) -> None:
    player = Player(lambda index: True)
    player.loops = False
    player.load(6, 100.0)
    player.play()
    qtbot.waitUntil(lambda: not player.is_playing)
    assert player.index == 5
    player.play()
    assert player.is_playing
    player.pause()


def test_half_the_speed_takes_twice_the_time(qtbot: QtBot) -> None:
    now = [0.0]
    player = Player(lambda index: True, clock=lambda: now[0])
    player.load(100, 10.0)
    player.set_speed(0.5)
    player.play()
    now[0] = 2.0
    player._tick()
    player.pause()

    assert player.index == 10


class _Counting:
    def __init__(self, count: int) -> None:
        self.decoded: list[int] = []
        self._count = count

    def __len__(self) -> int:
        return self._count

    def pixels(self, index: int) -> Pixels:
        self.decoded.append(index)
        return np.full((40, 50, 3), index, np.uint8)


def _counted(count: int):
    from dataclasses import replace  # noqa: PLC0415

    source = _Counting(count)
    return replace(make_clip(2, height=40, width=50), source=source), source


def test_frames_around_the_cursor_are_fetched_first(jobs: Jobs, qtbot: QtBot) -> None:
    clip, source = _counted(200)
    store = FrameStore(jobs)
    store.want(clip, 100)
    qtbot.waitUntil(lambda: len(source.decoded) >= 40)

    assert sorted(source.decoded[:4]) == [99, 100, 101, 102]
    assert max(source.decoded) <= 150


def test_decoded_frames_stay_within_their_budget(jobs: Jobs, qtbot: QtBot) -> None:
    clip, _source = _counted(100)
    budget = 10 * 40 * 50 * 3
    store = FrameStore(jobs, budget)
    for index in (0, 30, 60, 90):
        store.want(clip, index)
        qtbot.waitUntil(lambda index=index: store.has(clip, index))
        qtbot.wait(30)

        assert store.byte_count <= budget
        assert store.get(clip, index) is not None


def test_a_frame_that_cannot_be_decoded_is_told_once_and_not_tried_for_ever(desk_of: Callable, qtbot: QtBot) -> None:
    from dataclasses import replace  # noqa: PLC0415

    from fetalclip_app.errors import ErrorCode, UnreadableFile  # noqa: PLC0415

    class Broken(_Counting):
        def pixels(self, index: int) -> Pixels:
            if index == 3:
                self.decoded.append(index)
                raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name="a.dcm", frame=4)
            return super().pixels(index)

    source = Broken(5)
    desk = desk_of(replace(make_clip(2, name="a.dcm", height=40, width=50), source=source))
    desk.open("a.dcm")
    qtbot.waitUntil(lambda: not desk.window.area.message.isHidden())
    desk.press("last")
    qtbot.wait(50)

    assert "frame 4" in desk.window.area.message.sentence.text()
    assert source.decoded.count(3) == 1


def test_a_point_of_the_screen_is_found_again_at_any_zoom() -> None:
    view = Viewport(QSizeF(640, 480), QSizeF(900, 700))
    at = QPointF(300, 200)
    before = view.to_frame(at)
    zoomed = view.zoomed(3.0, at)
    x, y = zoomed.to_frame(at)

    assert (x, y) == pytest.approx(before, abs=1e-6)
    assert zoomed.to_screen(x, y).x() == pytest.approx(300)


def test_the_picture_cannot_be_pushed_out_of_sight() -> None:
    view = Viewport(QSizeF(640, 480), QSizeF(640, 480)).zoomed(2.0, QPointF(0, 0)).moved(10_000, -10_000)

    assert view.target.left() == pytest.approx(0)
    assert view.target.bottom() == pytest.approx(480)


def test_fit_undoes_the_wheel(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    frame = desk.window.area.frame
    qtbot.waitUntil(lambda: desk.window.viewer.on_screen is not None)
    fitted = frame.viewport.scale
    frame.zoom_by(2.0)
    assert frame.viewport.scale == pytest.approx(2 * fitted)
    desk.press("fit")

    assert frame.viewport.scale == pytest.approx(fitted)


def test_neutral_light_leaves_every_pixel_as_it_is() -> None:
    pixels = fan_picture(40, 50)

    np.testing.assert_array_equal(pixels_of(image_of(pixels)), pixels)
    np.testing.assert_array_equal(Light().table(), np.arange(256))


def test_light_changes_what_is_seen_and_not_what_is_read(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    qtbot.waitUntil(lambda: desk.window.viewer.on_screen is not None)
    source = desk.session.shown.clip.frame(0).pixels.copy()
    frame = desk.window.area.frame
    before = pixels_of(frame.grab().toImage()).mean()
    desk.window.area.light.brightness.setValue(60)
    after = pixels_of(frame.grab().toImage()).mean()
    desk.window.area.light.reset()

    assert after > before + 20
    assert pixels_of(frame.grab().toImage()).mean() == pytest.approx(before)
    np.testing.assert_array_equal(desk.session.shown.clip.frame(0).pixels, source)


def test_a_heatmap_fades_to_nothing_where_nothing_was_seen() -> None:
    image = heat_image(np.array([[0.0, 1.0]], np.float32))

    assert image.pixelColor(0, 0).alpha() == 0
    assert image.pixelColor(1, 0).alpha() == 255


def test_the_heatmap_is_off_until_it_is_asked_for_and_belongs_to_its_frame(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    frame, strip = desk.window.area.frame, desk.window.area.heat
    assert frame.heat is None
    assert desk.model.explained == []
    desk.press("heatmap")
    qtbot.waitUntil(lambda: frame.heat is not None)
    assert desk.model.explained == [(0, "views", "brain", "gradcam")]
    assert "not why" in strip.remark.text()
    desk.press("forward")
    assert frame.heat is None
    qtbot.waitUntil(lambda: frame.heat is not None)
    assert desk.model.explained[-1][0] == 1
    desk.press("heatmap")

    assert frame.heat is None
    assert strip.isHidden()


def test_another_method_is_asked_for_and_a_known_heatmap_is_not_made_twice(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    desk.press("heatmap")
    qtbot.waitUntil(lambda: desk.window.area.frame.heat is not None)
    desk.window.area.heat.methods.setCurrentIndex(1)
    qtbot.waitUntil(lambda: len(desk.model.explained) == 2 and desk.window.area.frame.heat is not None)
    desk.window.area.heat.methods.setCurrentIndex(0)
    qtbot.waitUntil(lambda: desk.window.area.frame.heat is not None)

    assert [method for *_, method in desk.model.explained] == ["gradcam", "scorecam"]
    assert desk.saved[-1].heatmap_method == "gradcam"


def test_the_outline_is_drawn_on_its_own_frame_alone(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    assert desk.window.area.frame.head is None
    desk.window._go_to_frame(6)
    assert desk.window.area.frame.head is not None
    desk.press("outline")

    assert desk.window.area.frame.head is None


def test_the_caption_names_the_measured_frame_and_a_key_goes_there(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    assert "head measured on frame 7 (G)" in desk.window.area.frame.caption
    desk.press("measured")

    assert desk.window.viewer.index == 6
    assert "measured" not in desk.window.area.frame.caption


def test_the_ellipse_lies_where_the_reading_says(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    desk.window._go_to_frame(6)
    frame = desk.window.area.frame
    qtbot.waitUntil(lambda: desk.window.viewer.on_screen == 6)
    ellipse = head_ellipse(120, 160)
    x, y = ellipse.at(np.array([math.pi / 4]))[0]
    place = frame.viewport.to_screen(x, y).toPoint()
    colour = frame.grab().toImage().pixelColor(place)

    assert colour.red() > 180
    assert colour.blue() < 160


def test_a_key_goes_to_the_best_frame_of_its_view(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    desk.window.activateWindow()
    desk.window.area.frame.setFocus()
    assert desk.window.viewer.go_to_best(1)
    assert desk.window.viewer.index == 11

    assert not desk.window.viewer.go_to_best(0)


def test_the_ruler_sets_a_scale_that_is_read_again_and_can_be_undone(desk, qtbot: QtBot) -> None:
    desk.open("two.png")
    desk.wait_read()
    entry, area = desk.session.entries[0], desk.window.area
    desk.press("ruler")
    assert not area.scale.button.isEnabled()
    area.frame.ruler.press(20, 30, 5)
    area.frame.ruler.drag(20, 90)
    QTest.keyClicks(area.scale.length, "30")
    QTest.keyClick(area.scale.length, Qt.Key.Key_Return)
    desk.qtbot.waitUntil(lambda: desk.window.findings.age.age.text() == "20w3d")
    assert entry.clip.calibration.source is CalibrationSource.USER
    assert entry.clip.calibration.regions[0].spacing.row_mm == pytest.approx(0.5)
    assert [badge.text() for badge in area.badges.labels] == ["⚠ Scale set by hand"]
    assert not desk.window.actions_by_name["ruler"].isChecked()
    desk.press("undo")
    desk.wait_read()

    assert entry.clip.calibration is None
    assert desk.window.findings.age.age.text() == "No scale"


def test_overriding_the_files_scale_keeps_it_on_record(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    clip = desk.session.entries[0].clip
    desk.press("ruler")
    assert desk.window.area.scale.button.text() == "Override scale"
    assert "20" in desk.window.area.scale.told.text()
    twice = with_scale(with_scale(clip, 0.3), 0.4)

    assert twice.calibration.source is CalibrationSource.USER_OVERRIDE
    assert twice.calibration.overridden is clip.calibration
    assert twice.calibration.regions[0].spacing.row_mm == pytest.approx(0.4)


def test_a_line_that_leaves_its_region_has_no_millimetres() -> None:
    clip = make_clip(1, pixel_mm=0.5)

    assert length_mm(((10.0, 10.0), (10.0, 50.0)), clip.calibration) == pytest.approx(20.0)
    assert length_mm(((10.0, 10.0), (10.0, 500.0)), clip.calibration) is None
    assert length_mm(((10.0, 10.0), (10.0, 50.0)), None) is None


def test_the_ruler_moves_by_keys_alone(desk, qtbot: QtBot) -> None:
    desk.open("two.png")
    frame = desk.window.area.frame
    qtbot.waitUntil(lambda: desk.window.viewer.on_screen is not None)
    desk.press("ruler")
    start, end = frame.ruler.line
    QTest.keyClick(frame, Qt.Key.Key_Down)
    QTest.keyClick(frame, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert frame.ruler.line == (start, (end[0] + 10, end[1] + 1))
    QTest.keyClick(frame, Qt.Key.Key_Tab)
    QTest.keyClick(frame, Qt.Key.Key_Up)

    assert frame.ruler.line[0] == (start[0], start[1] - 1)
    desk.press("dismiss")
    assert frame.ruler.line is None

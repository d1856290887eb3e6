"""The picture: zoom, light, heatmap and outline."""

from __future__ import annotations

import math
import threading
import time

import numpy as np
import pytest
from fakes import fan_picture, head_ellipse
from PySide6.QtCore import QPointF, QSizeF
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.overlay import Heatmap
from fetalclip_app.errors import ComputeFailed, ErrorCode
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.ui.model import Activity
from fetalclip_app.ui.qimage import Light, heat_image, image_of, pixels_of
from fetalclip_app.ui.viewport import Viewport


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


def test_the_strip_says_what_the_heatmap_is_of(desk, qtbot: QtBot) -> None:
    desk.model.engine.methods = ("gradcam", "eigencam")
    desk.start()
    desk.open("one.dcm")
    desk.wait_read()
    frame, strip = desk.window.area.frame, desk.window.area.heat
    desk.press("heatmap")
    qtbot.waitUntil(lambda: frame.heat is not None)
    assert strip.title.text() == "Where it looked for Brain"
    strip.methods.setCurrentIndex(1)
    qtbot.waitUntil(lambda: len(desk.model.explained) == 2 and frame.heat is not None)

    assert strip.title.text() == "Where it looked, whatever the view"


def test_a_heatmap_that_covers_nothing_says_so(desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def blank(*_arguments: object, **_named: object) -> Heatmap:
        return Heatmap("brain", "gradcam", np.zeros((96, 128), np.float32))

    monkeypatch.setattr(desk.model, "explain", blank)
    desk.open("one.dcm")
    desk.wait_read()
    desk.press("heatmap")

    qtbot.waitUntil(lambda: desk.window.area.heat.title.text() == "Nothing here speaks for Brain")


def test_a_heatmap_that_failed_is_not_looked_for_for_ever(desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_named: object) -> None:
        raise ComputeFailed(ErrorCode.OUT_OF_MEMORY)

    strip, explain = desk.window.area.heat, desk.model.explain
    monkeypatch.setattr(desk.model, "explain", fail)
    desk.open("one.dcm")
    desk.wait_read()
    desk.press("heatmap")
    qtbot.waitUntil(lambda: strip.title.text() == "No heatmap of this frame")
    monkeypatch.setattr(desk.model, "explain", explain)
    desk.press("heatmap")
    desk.press("heatmap")

    qtbot.waitUntil(lambda: desk.window.area.frame.heat is not None)
    assert strip.title.text() == "Where it looked for Brain"


def test_a_heatmap_that_was_stopped_is_not_looked_for_for_ever(
    desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    def wait(_clip: object, _where: object, cancel: CancelToken, _report: object) -> None:
        begun.set()
        while True:
            cancel.check()
            time.sleep(0.002)

    monkeypatch.setattr(desk.model, "explain", wait)
    desk.open("one.dcm")
    desk.wait_read()
    desk.press("heatmap")
    qtbot.waitUntil(begun.is_set)
    desk.window.cancel()

    assert desk.window.area.heat.title.text() == "No heatmap of this frame"


@pytest.mark.parametrize("turn", ["another method", "put away", "another clip"])
def test_a_long_look_for_a_heatmap_ends_where_it_is_wanted_no_longer(
    turn: str, desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And how far it is stands beside it: of a large network one takes minutes."""
    stopped, explain = threading.Event(), desk.model.explain

    def wait(_clip: object, _where: object, cancel: CancelToken, report: Report) -> None:
        report(3, 1024)
        while not cancel.is_cancelled:
            time.sleep(0.002)
        stopped.set()
        cancel.check()

    monkeypatch.setattr(desk.model, "explain", wait)
    told: list[Activity | None] = []
    desk.session.activity_changed.connect(told.append)
    desk.open("one.dcm", "two.png")
    desk.wait_read()
    desk.press("heatmap")
    qtbot.waitUntil(lambda: any(one is not None and (one.done, one.total) == (3, 1024) for one in told))
    monkeypatch.setattr(desk.model, "explain", explain)
    if turn == "another method":
        desk.window.area.heat.methods.setCurrentIndex(1)
    elif turn == "put away":
        desk.press("heatmap")
    else:
        desk.press("next_clip")

    qtbot.waitUntil(stopped.is_set)


def test_the_outline_is_drawn_on_its_own_frame_alone(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    assert desk.window.area.frame.head is None
    desk.window.viewer.go_to(6)
    qtbot.waitUntil(lambda: desk.window.area.frame.head is not None)
    desk.press("outline")

    assert desk.window.area.frame.head is None


def test_the_caption_names_the_measured_frame_and_a_key_goes_there(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    assert "head measured on frame 7" in desk.window.area.frame.caption
    desk.press("measured")

    assert desk.window.viewer.index == 6
    qtbot.waitUntil(lambda: desk.window.viewer.on_screen == 6)
    assert "measured" not in desk.window.area.frame.caption


def test_the_ellipse_lies_where_the_reading_says(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    desk.window.viewer.go_to(6)
    frame = desk.window.area.frame
    qtbot.waitUntil(lambda: desk.window.viewer.on_screen == 6)
    ellipse = head_ellipse(120, 160)
    x, y = ellipse.at(np.array([math.pi / 4]))[0]
    place = frame.viewport.to_screen(x, y).toPoint()
    picture = frame.grab().toImage()
    near = [picture.pixelColor(place.x() + right, place.y() + down) for right in (-1, 0, 1) for down in (-1, 0, 1)]

    assert any(colour.red() > 180 and colour.blue() < 160 for colour in near), "a thin line falls between two pixels"


def test_a_key_goes_to_the_best_frame_of_its_view(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    desk.window.activateWindow()
    desk.window.area.frame.setFocus()
    assert desk.window.viewer.go_to_best(1)
    assert desk.window.viewer.index == 6  # the sharpest of those that show it, where the head was outlined

    assert not desk.window.viewer.go_to_best(0)

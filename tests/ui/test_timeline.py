"""The strip under the picture, by mouse and keys: what is seen while the model reads, parts, best frames."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fakes import make_clip, make_sight
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.notes import Part
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.ui import theme
from fetalclip_app.ui.best_frame_door import BestFrameDoor
from fetalclip_app.ui.open_clip import ReadState
from fetalclip_app.ui.parts_door import PartsDoor
from fetalclip_app.ui.player import Marks
from fetalclip_app.ui.popover import Popover
from fetalclip_app.ui.timeline import Timeline
from fetalclip_app.ui.timeline_bands import (
    HEIGHT,
    QUALITY,
    RIBBON,
    STRANGE,
    TAGS,
    TRACK_Y,
    FrameScale,
    tags_of,
)

_MIDDLE = {"tags": sum(TAGS) / 2, "ribbon": sum(RIBBON) / 2, "quality": sum(QUALITY) / 2, "track": TRACK_Y}


def _feature(desk: Any, kind: type) -> Any:
    return next(one for one in desk.window.features if isinstance(one, kind))


def _at(timeline: Timeline, frame: int, band: str) -> QPoint:
    return QPoint(round(timeline._x(frame)), round(_MIDDLE[band]))


def _drag(qtbot: QtBot, timeline: Timeline, frames: Sequence[int], band: str, key: Any = None) -> None:
    held = key or Qt.KeyboardModifier.NoModifier
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(timeline, left, held, _at(timeline, frames[0], band))
    for frame in frames[1:]:
        _move(timeline, _at(timeline, frame, band), held)
    qtbot.mouseRelease(timeline, left, held, _at(timeline, frames[-1], band))


def _move(timeline: Timeline, to: QPoint, held: Any) -> None:
    """Move with the button down: QTest's own move tells of no button."""
    left = Qt.MouseButton.LeftButton
    place = QPointF(to), QPointF(timeline.mapToGlobal(to))
    QApplication.sendEvent(timeline, QMouseEvent(QEvent.Type.MouseMove, *place, left, left, held))


def _column(picture: QImage, timeline: Timeline, frame: int, band: tuple[float, float]) -> list[str]:
    ratio = picture.devicePixelRatio()
    x = round(timeline._x(frame) * ratio)
    return [picture.pixelColor(x, round(y * ratio)).name() for y in np.arange(band[0] + 1, band[1] - 1)]


@pytest.fixture
def read(desk: Any) -> Any:
    """The window on a cine of twelve frames that was read."""
    desk.open("one.dcm")
    desk.wait_read()
    desk.qtbot.waitUntil(lambda: desk.window.notebook.clip is not None)
    return desk


def test_a_click_goes_there_in_every_band_and_a_drag_on_the_track_goes_along(read: Any, qtbot: QtBot) -> None:
    timeline, player = read.window.transport.timeline, read.window.viewer.player
    for frame, band in ((3, "ribbon"), (8, "quality"), (1, "track")):
        qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=_at(timeline, frame, band))
        assert player.index == frame
    seen: list[int] = []
    player.frame_due.connect(seen.append)
    _drag(qtbot, timeline, [2, 5, 9], "track")

    assert seen == [2, 5, 9]
    assert not player.marks.is_set


@pytest.mark.parametrize(("band", "key"), [("ribbon", None), ("quality", Qt.KeyboardModifier.ShiftModifier)])
@pytest.mark.parametrize("frames", [[3, 5, 9], [9, 5, 3]])
def test_drawing_over_frames_takes_them_as_the_part_that_plays(
    read: Any, qtbot: QtBot, band: str, key: Any, frames: list[int]
) -> None:
    timeline, player = read.window.transport.timeline, read.window.viewer.player
    _drag(qtbot, timeline, frames, band, key)

    assert player.marks == Marks(3, 9)
    assert player.index == 3


def test_a_part_is_kept_under_a_name_renamed_played_and_undone(read: Any, qtbot: QtBot) -> None:
    window, door = read.window, _feature(read, PartsDoor)
    timeline, player = window.transport.timeline, window.viewer.player
    read.press("keep_part")
    assert "No part is marked" in window.area.message.sentence.text()
    _drag(qtbot, timeline, [2, 6], "ribbon")
    read.press("keep_part")
    assert window.notebook.clip.parts == (Part("Part 1", 2, 6),)
    player.unmark()

    read.press("parts")
    (row,) = door.rows
    assert door.card.height() > row.height() + 60
    row.name.selectAll()
    qtbot.keyClicks(row.name, "heart beats")
    qtbot.keyClick(row.name, Qt.Key.Key_Return)
    assert window.notebook.clip.parts == (Part("heart beats", 2, 6),)
    read.press("undo")
    assert window.notebook.clip.parts == (Part("Part 1", 2, 6),)
    door.card.close()

    read.press("parts")
    door.rows[0].play.click()
    assert player.marks == Marks(2, 6)
    assert player.is_playing
    player.pause()
    read.press("parts")
    door.rows[0].remove.click()
    assert window.notebook.clip.parts == ()


def test_what_is_seen_so_far_is_drawn_while_the_model_reads_and_nothing_moves(desk: Any, qtbot: QtBot) -> None:
    clip = desk.files["one.dcm"]
    hold = _Holding(desk, make_sight(clip, [0, 8]))
    desk.open("one.dcm")
    timeline = desk.window.transport.timeline
    qtbot.waitUntil(lambda: desk.session.shown is not None and desk.session.shown.sight is not None)
    QApplication.sendPostedEvents()
    QApplication.processEvents()  # what was asked of the layouts when the clip was opened
    places = [part.geometry() for part in (timeline, desk.window.area, desk.window.findings.view)]
    picture = timeline.grab().toImage()
    brain = QColor(theme.tokens().views["brain"]).name()

    assert desk.session.shown.state is ReadState.READING
    assert _column(picture, timeline, 8, RIBBON).count(brain) > 10
    assert brain not in _column(picture, timeline, 5, RIBBON)
    assert "Brain" in timeline._told(8)
    assert timeline._told(5) == "Frame 6 of 12"
    assert timeline.tags == ()
    hold.go()
    desk.wait_read()
    assert _column(timeline.grab().toImage(), timeline, 5, RIBBON).count(brain) > 10
    assert [part.geometry() for part in (timeline, desk.window.area, desk.window.findings.view)] == places
    assert timeline.height() == HEIGHT


class _Holding:
    """Lets the model tell what it sees, and wait."""

    def __init__(self, desk: Any, sight: Any) -> None:
        self.desk, self.model, self._read = desk, desk.model, desk.model.read
        desk.model.gate.clear()

        def read(clip: Clip, cancel: Any, report: Any, seen: Callable[[Any], None], **more: Any) -> ClipReading:
            seen(sight)
            report(2, len(clip))
            return self._read(clip, cancel, report, seen, **more)

        desk.model.read = read

    def go(self) -> None:
        self.model.gate.set()


def test_a_heatmap_that_is_asked_for_meanwhile_comes_first_and_the_reading_goes_on(desk: Any, qtbot: QtBot) -> None:
    clip = desk.files["one.dcm"]
    hold = _Holding(desk, make_sight(clip, [0, 8]))
    desk.open("one.dcm")
    qtbot.waitUntil(lambda: desk.session.shown is not None and desk.session.shown.sight is not None)
    qtbot.waitUntil(lambda: desk.window.viewer.on_screen == 0)
    desk.press("heatmap")
    qtbot.waitUntil(lambda: desk.window.viewer.heat.drawn is not None)

    assert desk.session.shown.reading is None
    assert desk.model.explained == [(0, "views", "brain", "gradcam")]
    assert "Brain" in desk.window.transport.timeline._told(8)
    hold.go()
    desk.wait_read()
    assert desk.model.read_keys == [clip.key, clip.key]
    assert desk.window.viewer.heat.drawn is not None


def test_the_best_frame_is_marked_told_with_its_reasons_and_chosen_otherwise(read: Any, qtbot: QtBot) -> None:
    window, door = read.window, _feature(read, BestFrameDoor)
    timeline = window.transport.timeline
    (tag,) = timeline.tags
    assert (tag.view_key, tag.frame_index, tag.is_chosen) == ("brain", 6, False)
    qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=tag.box.center().toPoint())
    assert door.rows[0].frame_index == 6
    assert 2 <= len(door.rows) <= 6
    assert "whole fan" in door.rows[0].reasons.text() and "97%" in door.rows[0].reasons.text()
    qtbot.waitUntil(lambda: all(not row.picture.pixmap().isNull() for row in door.rows))
    other = door.rows[2].frame_index
    door.rows[2].use.click()

    assert window.viewer.index == other
    assert window.notebook.clip.best == {"brain": other}
    assert [(tag.frame_index, tag.is_chosen) for tag in timeline.tags] == sorted([(6, False), (other, True)])
    window.viewer.go_to(0)
    read.press("best_2")
    assert window.viewer.index == other
    read.press("undo")
    assert [(tag.frame_index, tag.is_chosen) for tag in timeline.tags] == [(6, False)]
    read.press("best_2")
    assert window.viewer.index == 6


def test_a_choice_can_be_left_to_the_model_again(read: Any) -> None:
    door = _feature(read, BestFrameDoor)
    door.choose("brain", 2)
    read.press("best_frames")
    offer = next(one for one in door.card.findChildren(type(door.rows[0].go)) if one.text() == "Leave it to the model")
    offer.click()

    assert read.window.notebook.clip.best == {}


def test_frames_unlike_the_training_have_a_band_of_their_own(read: Any) -> None:
    timeline, sight = read.window.transport.timeline, read.session.shown.sight
    timeline.show_sight(replace(sight, views=replace(sight.views, unfamiliar=frozenset({4, 5}))))
    picture = timeline.grab().toImage()
    doubt = QColor(theme.tokens().doubt).name()

    assert doubt in _column(picture, timeline, 4, STRANGE)
    assert doubt not in _column(picture, timeline, 9, STRANGE)
    assert "unlike" in timeline._told(4)


def test_the_quality_trace_is_high_where_the_picture_is_sharp(read: Any) -> None:
    timeline = read.window.transport.timeline
    picture = timeline.grab().toImage()
    ground = _column(picture, timeline, 1, QUALITY)[0]
    heights = [sum(name != ground for name in _column(picture, timeline, frame, QUALITY)) for frame in (1, 3, 7)]

    assert heights[0] < heights[1] < heights[2]


@pytest.mark.parametrize("theme_key", ["theme_light", "theme_contrast", "theme_dark"])
def test_the_strip_wears_the_theme_that_is_worn_now(read: Any, theme_key: str) -> None:
    read.press(theme_key)
    timeline = read.window.transport.timeline
    picture = timeline.grab().toImage()

    assert QColor(theme.tokens().views["brain"]).name() in _column(picture, timeline, 3, RIBBON)
    read.press("theme_dark")


def test_a_clip_of_three_thousand_frames_is_drawn_within_a_few_milliseconds(qtbot: QtBot) -> None:
    timeline = Timeline()
    qtbot.addWidget(timeline)
    timeline.resize(900, HEIGHT)
    timeline.show_clip(3000)
    clip = make_clip(3)
    sight = make_sight(clip, range(3))
    rows = np.tile(sight.views.per_frame, (1000, 1))
    long = replace(sight, views=replace(sight.views, per_frame=rows))
    quality = sight.quality
    long = replace(long, quality=type(quality)(*(np.tile(getattr(quality, n), 1000) for n in quality.__slots__)))
    spent = []
    for _ in range(5):
        began = time.thread_time()
        timeline.show_sight(long)
        timeline.grab()
        spent.append(time.thread_time() - began)

    assert min(spent) < 0.05


def test_the_view_card_leads_to_the_best_frames_too(read: Any, qtbot: QtBot) -> None:
    door = _feature(read, BestFrameDoor)
    qtbot.mouseClick(read.window.findings.view.best, Qt.MouseButton.LeftButton)
    popover = read.window.findings.findChild(Popover)
    offer = next(one for one in popover.findChildren(QPushButton) if one.text() == "Best frames")
    offer.click()

    assert [row.frame_index for row in door.rows][:1] == [6]


def test_a_screen_reader_is_told_what_the_frame_shows(read: Any) -> None:
    read.window.viewer.go_to(4)

    assert "Frame 5 of 12: Brain" in read.window.transport.timeline.accessibleDescription()


def test_a_screen_reader_is_told_of_the_frame_anew_when_it_was_looked_at(desk: Any, qtbot: QtBot) -> None:
    hold = _Holding(desk, make_sight(desk.files["one.dcm"], [0, 8]))
    timeline = desk.window.transport.timeline
    desk.open("one.dcm")
    qtbot.waitUntil(lambda: desk.session.shown is not None and desk.session.shown.sight is not None)

    assert "Frame 1 of 12: Brain" in timeline.accessibleDescription()
    hold.go()
    desk.wait_read()


@pytest.mark.parametrize("width", [200, 640])
def test_marks_neither_cover_each_other_nor_leave_the_strip_nor_move_without_need(width: int) -> None:
    late = dict.fromkeys(("abdomen", "femur", "heart", "kidney", "lips_nose", "profile", "spine", "cervix"), 299)
    scale = FrameScale(300, width)
    tags = tags_of({"brain": 0, **late}, {}, scale)
    boxes = [tag.box for tag in tags]

    assert all(box.left() >= 0 and box.right() <= width for box in boxes)
    assert all(before.right() < after.left() for before, after in itertools.pairwise(boxes))
    assert (tags[0].view_key, abs(boxes[0].center().x() - scale.x(0)) < 8) == ("brain", True)

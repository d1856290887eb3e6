"""The file's own graphics are drawn over the frame that they belong to, and go away by a key."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from fakes import make_clip
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.overlay_plane import Mask, MasksInMemory, OverlayPlane, PlaneKind
from fetalclip_app.ui.plane_layer import PlaneLayer
from fetalclip_app.ui.qimage import pixels_of


def _marked(first_frame: int) -> Clip:
    clip = make_clip(6, name="one.dcm")
    mask = np.ones((10, 10), dtype=bool)
    plane = OverlayPlane(0x6000, PlaneKind.GRAPHICS, "", "", 5, 5, first_frame, False, MasksInMemory([mask]))
    return replace(clip, overlays=(plane,))


def test_graphics_are_drawn_on_their_frame_alone(desk_of, qtbot: QtBot) -> None:
    desk = desk_of(_marked(2))
    desk.open("one.dcm")
    viewer = desk.window.viewer
    seen = []
    for index in (0, 2, 3):
        viewer.player.seek(index)
        qtbot.waitUntil(lambda index=index: viewer.on_screen == index)
        seen.append(desk.window.area.frame.planes.image is not None)

    assert seen == [False, True, False]


def test_they_stand_where_they_belong_and_a_key_takes_them_away(desk_of, qtbot: QtBot) -> None:
    desk = desk_of(_marked(0))
    desk.open("one.dcm")
    qtbot.waitUntil(lambda: desk.window.viewer.on_screen == 0)
    frame = desk.window.area.frame
    where = frame.viewport.to_screen(10, 10).toPoint()
    drawn = pixels_of(frame.grab().toImage())[where.y(), where.x()].tolist()
    assert desk.window.actions_by_name["planes"].isChecked()
    desk.press("planes")
    bare = pixels_of(frame.grab().toImage())[where.y(), where.x()].tolist()

    assert drawn == [255, 236, 120]
    assert bare != drawn
    assert frame.planes.image is None


def test_the_next_clip_holds_nothing_of_the_one_before(desk_of, qtbot: QtBot) -> None:
    desk = desk_of(_marked(0), make_clip(1, name="two.png"))
    desk.open("one.dcm", "two.png")
    qtbot.waitUntil(lambda: desk.window.viewer.on_screen == 0)
    desk.press("next_clip")
    qtbot.waitUntil(lambda: desk.window.viewer.clip.path.name == "two.png" and desk.window.viewer.on_screen == 0)

    assert desk.window.area.frame.planes.image is None


class _CountedMasks:
    """One mask, and how often it was asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def __len__(self) -> int:
        return 1

    def mask(self, index: int) -> Mask:
        self.asked += 1
        return np.ones((10, 10), dtype=bool)


def test_a_plane_of_all_frames_is_made_once_for_a_cine_that_plays(qtbot: QtBot) -> None:
    view, masks = QWidget(), _CountedMasks()
    qtbot.addWidget(view)
    layer = PlaneLayer(view)
    plane = OverlayPlane(0x6000, PlaneKind.GRAPHICS, "", "", 5, 5, 0, True, masks)
    clip = replace(make_clip(6), overlays=(plane,))
    drawn = []
    for index in (-1, *range(6), -1):
        layer.show(clip, index)
        drawn.append(layer.image is not None)

    assert drawn == [False, *[True] * 6, False]
    assert masks.asked == 1

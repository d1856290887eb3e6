"""What is said, drawn, marked and exported belongs to the frame on the screen, also while another one is decoded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from counted import CountingFrames, clip_of
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.clip import Pixels
from fetalclip_app.domain.timing import FrameRate, RateSource
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.ui.open_clip import Heat
from fetalclip_app.ui.player import Marks
from fetalclip_app.ui.shown_rate import ShownRate

LATE, BROKEN = 20, 30


class Gated(CountingFrames):
    """Once it is read, frame `LATE` comes when the gate is opened, and frame `BROKEN` never."""

    def __init__(self) -> None:
        super().__init__(60, height=96, width=128)
        self.gate, self.is_read = threading.Event(), False
        self.gate.set()

    def pixels(self, index: int) -> Pixels:
        if index == LATE:
            self.gate.wait(20)
        if index == BROKEN and self.is_read:
            raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name="a.dcm", frame=index + 1)
        return super().pixels(index)


@pytest.fixture
def source() -> Iterator[Gated]:
    made = Gated()
    yield made
    made.gate.set()


@pytest.fixture
def waiting(source: Gated, desk_of: Callable, qtbot: QtBot):
    """A desk that shows frame 1, read, and was told to go to one that is not decoded yet."""
    desk = desk_of(clip_of(source, "a.dcm"))
    desk.start()
    desk.open("a.dcm")
    desk.wait_read()
    source.is_read = True
    source.gate.clear()
    qtbot.waitUntil(lambda: desk.window.viewer.on_screen == 0)
    desk.window.viewer.player.seek(LATE)
    return desk


def test_caption_and_overlays_stay_with_the_frame_that_is_drawn(waiting, source: Gated, qtbot: QtBot) -> None:
    viewer, frame = waiting.window.viewer, waiting.window.area.frame
    asked: list[int] = []
    frame.planes.show = lambda clip, at: asked.append(at)
    viewer.show_reading()
    assert (viewer.index, viewer.on_screen, asked[-1]) == (LATE, 0, 0)
    assert frame.caption.startswith("Frame 1 of 60")
    source.gate.set()
    qtbot.waitUntil(lambda: viewer.on_screen == LATE)

    assert frame.caption.startswith("Frame 21 of 60")
    assert asked[-1] == LATE


def test_the_frame_that_is_drawn_is_the_one_that_is_exported(waiting, qtbot: QtBot, tmp_path: Path) -> None:
    exporting = waiting.window.exporting
    exporting.ask = lambda parent, title, suggested, kinds: tmp_path / Path(suggested).name
    with qtbot.waitSignal(exporting.written):
        waiting.press("export_png")

    assert [path.name for path in tmp_path.iterdir()] == ["a_frame1.png"]


def test_where_no_frame_is_drawn_none_is_exported(waiting, source: Gated, qtbot: QtBot) -> None:
    source.gate.set()
    waiting.window.viewer.player.seek(BROKEN)
    qtbot.waitUntil(lambda: waiting.window.viewer.on_screen is None)
    waiting.window.exporting.ask = lambda *asked: pytest.fail("a path was asked for")
    with qtbot.waitSignal(waiting.window.exporting.refused):
        waiting.press("export_png")

    assert "no picture" in waiting.window.area.message.sentence.text()


def test_a_mark_is_set_where_the_caption_says(waiting) -> None:
    waiting.press("mark_a")

    assert waiting.window.viewer.player.marks == Marks(a=0)


def test_a_heatmap_of_a_frame_that_is_not_drawn_yet_waits_for_it(waiting, source: Gated, qtbot: QtBot) -> None:
    waiting.press("heatmap")
    where = waiting.window.viewer.heat.where()
    assert where.frame_index == LATE
    waiting.window.viewer.heat.show(where, Heat(None, QImage(8, 8, QImage.Format.Format_ARGB32)))
    assert waiting.window.area.frame.heat is None
    source.gate.set()
    qtbot.waitUntil(lambda: waiting.window.area.frame.heat is not None)

    assert waiting.window.viewer.on_screen == LATE
    assert waiting.window.viewer.heat.drawn[0].frame_index == LATE


def test_frames_and_failures_of_another_clip_change_nothing(waiting) -> None:
    viewer, store = waiting.window.viewer, waiting.window.store
    other, drawn, told = clip_of(Gated(), "b.dcm"), [], []
    viewer.frame_failed.connect(told.append)
    viewer._due = drawn.append
    store.failed.emit(other, LATE, OSError("another one's"))
    store.arrived.emit(other, LATE)

    assert (drawn, told) == ([], [])


def test_the_player_gets_the_times_of_the_frames(desk_of: Callable, qtbot: QtBot) -> None:
    rate = FrameRate(10.0, RateSource.FRAME_TIME_VECTOR, is_uneven=True)
    desk = desk_of(replace(clip_of(CountingFrames(3), "a.dcm"), rate=rate, times_s=(0.0, 0.05, 0.2)))
    loaded: list[object] = []
    desk.window.viewer.player.load = lambda count, hz, times_s=None: loaded.append((count, hz, times_s))
    desk.open("a.dcm")

    assert loaded == [(3, 10.0, (0.0, 0.05, 0.2))]


def test_while_it_plays_a_second_and_more_is_decoded_ahead(desk_of: Callable, qtbot: QtBot) -> None:
    clip = clip_of(CountingFrames(200), "a.dcm")
    desk = desk_of(replace(clip, rate=FrameRate(4.0, RateSource.FRAME_TIME)))
    desk.open("a.dcm")
    desk.press("play")
    qtbot.waitUntil(lambda: desk.window.store.has(clip, 45))

    assert desk.window.viewer.index < 10
    assert not desk.window.store.has(clip, 45 + 10 + 12)


@pytest.mark.parametrize(("place", "frame"), [(0.001, 0), (0.25, 15), (0.5, 30), (0.999, 59)])
def test_a_click_on_the_timeline_goes_to_the_frame_that_lies_there(place: float, frame: int, desk_of: Callable) -> None:
    desk = desk_of(clip_of(CountingFrames(60), "a.dcm"))
    desk.open("a.dcm")
    timeline = desk.window.transport.timeline
    x = timeline._x(0, edge=True) + place * (timeline._x(60, edge=True) - timeline._x(0, edge=True))

    assert timeline._frame_at(x + 0.001) == frame


def test_the_rate_that_is_shown_counts_paints_and_the_time_that_one_is_overdue() -> None:
    now_s = [0.0]
    rate = ShownRate(lambda: now_s[0])
    for paint in range(16):
        now_s[0] = paint / 30
        rate.count()
    told = []
    for wait_s in (0.0, 1 / 30, 0.25, 0.49):
        now_s[0] = 0.5 + wait_s
        told.append(rate.hz())

    assert told == pytest.approx([30.0, 30.0, 16 / 0.75, 16 / 0.99])

"""Decoded frames: those around the cursor first, within a budget of memory."""

from __future__ import annotations

from collections.abc import Callable

from counted import CountingFrames, clip_of
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.clip import Pixels
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.ui.frames import FrameStore
from fetalclip_app.ui.jobs import Jobs


def test_frames_around_the_cursor_are_fetched_first(jobs: Jobs, qtbot: QtBot) -> None:
    source = CountingFrames(200)
    clip = clip_of(source)
    store = FrameStore(jobs)
    store.want(clip, 100)
    qtbot.waitUntil(lambda: len(source.decoded) >= 40)

    assert sorted(source.decoded[:4]) == [99, 100, 101, 102]
    assert max(source.decoded) <= 150


def test_decoded_frames_stay_within_their_budget(jobs: Jobs, qtbot: QtBot) -> None:
    clip = clip_of(CountingFrames(100))
    budget = 10 * 30 * 40 * 3
    store = FrameStore(jobs, budget)
    for index in (0, 30, 60, 90):
        store.want(clip, index)
        qtbot.waitUntil(lambda index=index: store.has(clip, index))
        qtbot.wait(30)

        assert store.byte_count <= budget
        assert store.get(clip, index) is not None


def test_a_frame_that_cannot_be_decoded_is_told_once_and_not_tried_for_ever(desk_of: Callable, qtbot: QtBot) -> None:
    class Broken(CountingFrames):
        def pixels(self, index: int) -> Pixels:
            if index == 3:
                self.decoded.append(index)
                raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name="a.dcm", frame=4)
            return super().pixels(index)

    source = Broken(5)
    desk = desk_of(clip_of(source, "a.dcm"))
    desk.open("a.dcm")
    qtbot.waitUntil(lambda: not desk.window.area.message.isHidden())
    desk.press("last")
    qtbot.wait(50)

    assert "frame 4" in desk.window.area.message.sentence.text()
    assert source.decoded.count(3) == 1

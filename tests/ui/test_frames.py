"""Decoded frames: those around the cursor first, within a budget of memory."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from counted import CountingFrames, clip_of
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.clip import Origin, Pixels
from fetalclip_app.domain.content_key import ContentKey
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.ui.frames import FrameStore
from fetalclip_app.ui.jobs import Jobs

FRAME_BYTES = 30 * 40 * 3


def test_frames_around_the_cursor_are_fetched_first(jobs: Jobs, qtbot: QtBot) -> None:
    source = CountingFrames(200)
    clip = clip_of(source)
    store = FrameStore(jobs)
    wanted = [100, 101, 99, *range(102, 140)]
    store.want(clip, wanted)
    qtbot.waitUntil(lambda: len(source.decoded) >= len(wanted))

    assert sorted(source.decoded[:3]) == [99, 100, 101]
    assert sorted(source.decoded) == sorted(wanted)


def test_what_nobody_needs_is_dropped_before_what_is_due(jobs: Jobs, qtbot: QtBot) -> None:
    source = CountingFrames(100)
    clip = clip_of(source)
    store = FrameStore(jobs, 12 * FRAME_BYTES)
    store.want(clip, range(10))
    qtbot.waitUntil(lambda: all(store.has(clip, index) for index in range(10)))
    for index in range(10):
        store.get(clip, index)  # the first ones are the longest unused
    store.want(clip, [0, 1, 50, 51, 52, 53, 54, 55])
    qtbot.waitUntil(lambda: all(store.has(clip, index) for index in range(50, 56)))
    kept = [index for index in range(10) if store.has(clip, index)]

    assert all(store.has(clip, index) for index in range(50, 56))
    assert kept == [0, 1, 6, 7, 8, 9]
    assert [source.decoded.count(index) for index in (0, 1)] == [1, 1], "kept, and not dropped and fetched again"
    assert store.byte_count <= 12 * FRAME_BYTES


def test_a_wish_larger_than_the_budget_keeps_what_is_due_first_and_comes_to_rest(jobs: Jobs, qtbot: QtBot) -> None:
    source = CountingFrames(100)
    clip = clip_of(source)
    store = FrameStore(jobs, 8 * FRAME_BYTES)
    store.want(clip, range(40, 90))
    qtbot.waitUntil(lambda: store.has(clip, 40 + store.room(clip)))
    qtbot.wait(50)

    assert sorted(source.decoded) == list(range(40, 41 + store.room(clip)))
    assert all(store.has(clip, index) for index in source.decoded)


def test_a_frame_that_fills_the_budget_is_decoded_once_and_stays(jobs: Jobs, qtbot: QtBot) -> None:
    """Where two do not fit, a wish for two would let them push each other out for ever."""
    source = CountingFrames(5)
    clip = clip_of(source)
    store = FrameStore(jobs, int(1.5 * FRAME_BYTES))
    assert store.room(clip) == 0
    store.want(clip, [2, 3, 1])
    qtbot.waitUntil(lambda: store.has(clip, 2))
    qtbot.wait(50)

    assert source.decoded == [2]


@given(st.floats(0.1, 20.0))
def test_what_is_wished_for_fits_the_budget(frames: float) -> None:
    store = FrameStore(Jobs(), int(frames * FRAME_BYTES))

    assert 0 <= store.room(clip_of(CountingFrames(50))) <= max(int(frames) - 1, 0)


def test_what_was_being_decoded_when_all_was_cleared_is_not_kept(jobs: Jobs, qtbot: QtBot) -> None:
    source = CountingFrames(5)
    clip = clip_of(source)
    store = FrameStore(jobs)
    store.want(clip, [0, 1])
    store.clear()
    qtbot.waitUntil(lambda: len(source.decoded) == 2)
    qtbot.wait(30)

    assert store.byte_count == 0
    assert not store.has(clip, 0)


def test_cleared_it_holds_nothing(jobs: Jobs, qtbot: QtBot) -> None:
    clip = clip_of(CountingFrames(5))
    store = FrameStore(jobs)
    store.want(clip, [0])
    qtbot.waitUntil(lambda: store.has(clip, 0))
    store.clear()

    assert store.get(clip, 0) is None
    assert store.byte_count == 0


def test_a_closed_clip_is_let_go_with_its_content(desk_of: Callable, qtbot: QtBot) -> None:
    """Which may be a whole file, unpacked in memory."""
    held = weakref.WeakSet()

    def counting() -> CountingFrames:
        held.add(source := CountingFrames(5))
        return source

    desk = desk_of(clip_of(counting(), "a.dcm"), replace(clip_of(counting(), "b.dcm"), origin=Origin("b")))
    desk.open("a.dcm", "b.dcm")
    name = desk.session.shown.clip.path.name
    qtbot.waitUntil(lambda: desk.window.store.byte_count == 5 * FRAME_BYTES)
    desk.press("close_clip")
    qtbot.waitUntil(lambda: desk.session.shown.clip.path.name != name)
    del desk.files[name]
    qtbot.waitUntil(lambda: desk.window.store.byte_count == 5 * FRAME_BYTES and gc.collect() >= 0 and len(held) == 1)

    assert desk.session.shown.clip.source in held


def test_of_a_clip_that_is_closed_or_cleared_it_is_not_known_either_what_is_broken(jobs: Jobs, qtbot: QtBot) -> None:
    class Broken(CountingFrames):
        def pixels(self, index: int) -> Pixels:
            raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name="a.dcm", frame=index + 1)

    store, clips = FrameStore(jobs), [clip_of(Broken(2)) for _ in range(2)]
    for clip in clips:
        store.want(clip, [0])
        qtbot.waitUntil(lambda clip=clip: store.is_broken(clip, 0))
    store.keep_only(clips[1:])
    after_closing = [store.is_broken(clip, 0) for clip in clips]
    store.clear()

    assert after_closing == [False, True]
    assert not store.is_broken(clips[1], 0)


def test_frames_of_two_clips_are_never_taken_for_each_other(jobs: Jobs, qtbot: QtBot) -> None:
    """Even where both have one name and one content key."""
    first, second = (clip_of(CountingFrames(5, height=side), "a.dcm") for side in (30, 31))
    store = FrameStore(jobs)
    assert first.key == second.key
    store.want(first, [2])
    qtbot.waitUntil(lambda: store.has(first, 2))

    assert store.get(second, 2) is None


def test_decoded_frames_stay_within_their_budget(jobs: Jobs, qtbot: QtBot) -> None:
    clip = clip_of(CountingFrames(100))
    budget = 10 * FRAME_BYTES
    store = FrameStore(jobs, budget)
    for index in (0, 30, 60, 90):
        store.want(clip, range(index, index + 10))
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


def test_under_the_number_of_a_broken_frame_stands_no_other_frame(desk_of: Callable, qtbot: QtBot) -> None:
    class Broken(CountingFrames):
        def pixels(self, index: int) -> Pixels:
            if index == 30:
                raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name="a.dcm", frame=31)
            return super().pixels(index)

    desk = desk_of(clip_of(Broken(40), "a.dcm"))
    desk.open("a.dcm")
    qtbot.waitUntil(lambda: desk.window.viewer.on_screen == 0)
    desk.window.viewer.player.seek(30)
    qtbot.waitUntil(lambda: desk.window.viewer.on_screen is None)

    assert desk.window.area.frame.pixels is None
    assert "31" in desk.window.area.frame.caption


def test_no_frame_of_another_clip_is_ever_shown(desk_of: Callable, qtbot: QtBot) -> None:
    """Also where the other clip's frames arrive late: each clip's pixels are of one value of its own."""

    class Slow(CountingFrames):
        def __init__(self, value: int) -> None:
            super().__init__(40)
            self.value, self.gate = value, threading.Event()

        def pixels(self, index: int) -> Pixels:
            self.gate.wait(5)
            return np.full((30, 40, 3), self.value, np.uint8)

    sources = [Slow(10), Slow(200)]
    key_a, key_b = (ContentKey.of_digits(name * 16) for name in "ab")
    first = replace(clip_of(sources[0], "a"), origin=Origin(patient_id="a"), content_key=key_a)
    second = replace(clip_of(sources[1], "b"), origin=Origin(patient_id="b"), content_key=key_b)
    desk = desk_of(first, second)
    desk.open("a", "b")
    shown: list[tuple[int, int]] = []
    frame = desk.window.area.frame
    frame.painted.connect(lambda: shown.append((desk.session.shown.clip.source.value, int(frame.pixels[0, 0, 0]))))
    for turn in range(6):
        desk.press("next_clip" if turn % 2 == 0 else "previous_clip")
        sources[turn % 2].gate.set()
        desk.window.viewer.player.play()
        qtbot.wait(60)
        desk.window.viewer.player.seek(7 * turn)
    for source in sources:
        source.gate.set()
    qtbot.waitUntil(lambda: len({mine for mine, _ in shown}) == 2)

    assert all(mine == seen for mine, seen in shown)

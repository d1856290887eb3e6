"""Frames are prepared beside the network: the same, in order, few ahead, and nothing is left running."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from counted import CountingFrames, clip_of
from fakes import FRAMES_AT_ONCE, FakeBackbone, make_clip
from test_engine import make_engine

from fetalclip_app.domain.clip import Clip, Frame, FramesInMemory, Pixels
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.preprocess import FRAMES_FOR_CROP, PreprocessSpec, crop_of, prepare
from fetalclip_app.inference.frame_bank import FrameBank
from fetalclip_app.inference.frame_order import coarse_to_fine
from fetalclip_app.inference.preparing import Preparing
from fetalclip_app.progress import Cancelled, CancelToken, silent

SOON_S = 20.0
"""A test that waits so long has failed."""


@pytest.fixture(autouse=True)
def _as_on_many_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fetalclip_app.inference.preparing.usual_threads", lambda: 4)


def until(is_so: Callable[[], bool]) -> bool:
    end = time.monotonic() + SOON_S
    while not is_so() and time.monotonic() < end:
        time.sleep(0.002)
    return is_so()


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "preparing"]


class WatchedFrames(CountingFrames):
    """Frames of a source that stands one thread only, and of one frame that cannot be decoded."""

    def __init__(self, count: int, broken: int = -1) -> None:
        super().__init__(count)
        self.most_at_once, self._broken, self._now = 0, broken, 0

    def pixels(self, index: int) -> Pixels:
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        time.sleep(0.001)
        self._now -= 1
        if index == self._broken:
            raise UnreadableFile(ErrorCode.FILE_DAMAGED, name="a.dcm", frame=index)
        return super().pixels(index)


class KeepingBackbone(FakeBackbone):
    """Keeps what it is shown, and does something else first."""

    def __init__(self, before: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self.shown: list[np.ndarray] = []
        self._before = before

    def encode_frames(self, batch: np.ndarray) -> np.ndarray:
        self._before()
        self.shown.extend(batch.copy())
        return super().encode_frames(batch)


def _read(network: FakeBackbone, clip: Clip, **others: object) -> None:
    make_engine(network).read(clip, CancelToken(), silent, **others)  # type: ignore[arg-type]


def test_the_network_sees_every_frame_in_order_with_the_same_digits() -> None:
    clip, network = make_clip(45), KeepingBackbone()
    _read(network, clip)
    crop, spec = crop_of(clip), PreprocessSpec()

    expected = [prepare(clip.frame(index), spec, crop) for index in coarse_to_fine(45)]
    np.testing.assert_array_equal(np.stack(network.shown), np.stack(expected))


def test_the_next_frames_are_prepared_while_the_network_works_and_not_many() -> None:
    source = WatchedFrames(200)
    ahead: list[int] = []

    def look() -> None:
        given = len(network.shown) + (FRAMES_AT_ONCE if network.shown else 1)
        assert until(lambda: len(source.decoded) - FRAMES_FOR_CROP >= min(given + FRAMES_AT_ONCE, 200))
        ahead.append(len(source.decoded) - FRAMES_FOR_CROP - given)

    network = KeepingBackbone(look)
    _read(network, clip_of(source))

    assert max(ahead) <= 2 * FRAMES_AT_ONCE
    assert len(network.shown) == 200


def test_decoding_goes_frame_by_frame_in_the_order_of_the_plan() -> None:
    source = WatchedFrames(150)
    clip = clip_of(source)
    crop_of(clip)
    judged = 2 * len(source.decoded)
    _read(FakeBackbone(), clip)

    assert source.decoded[judged:] == list(coarse_to_fine(150))
    assert source.most_at_once == 1


def test_no_thread_is_left_after_a_reading_a_cancelled_one_and_a_broken_one() -> None:
    seen: list[int] = []
    _read(KeepingBackbone(lambda: seen.append(len(_threads()))), make_clip(30))
    assert (max(seen) > 0, _threads()) == (True, [])

    cancel = CancelToken()
    with pytest.raises(Cancelled):
        make_engine(FakeBackbone()).read(make_clip(60), cancel, lambda done, total: cancel.cancel() if done else None)
    assert _threads() == []

    with pytest.raises(UnreadableFile):
        _read(FakeBackbone(), clip_of(WatchedFrames(60, broken=17)))
    assert _threads() == []

    def give_up() -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        _read(KeepingBackbone(give_up), make_clip(60))
    assert _threads() == []


def test_a_still_picture_needs_no_thread() -> None:
    seen: list[int] = []
    _read(KeepingBackbone(lambda: seen.append(len(_threads()))), make_clip(1))

    assert seen == [0]


def test_what_was_found_before_a_frame_that_cannot_be_decoded_is_kept() -> None:
    engine = replace(make_engine(FakeBackbone()), frames=FrameBank("fake"))
    order, broken = coarse_to_fine(60), 17
    whole = (order.index(broken) - 1) // FRAMES_AT_ONCE * FRAMES_AT_ONCE + 1
    known: list[list[int]] = [[], []]
    for told in known:
        with pytest.raises(UnreadableFile) as caught:
            engine.read(clip_of(WatchedFrames(60, broken)), CancelToken(), lambda done, total: told.append(done))  # noqa: B023
        assert caught.value.parameters["frame"] == broken

    assert (known[0][-1], known[1][0]) == (whole, whole)


@pytest.fixture
def gate() -> threading.Event:
    return threading.Event()


def test_the_frame_that_a_person_turns_to_is_the_next_one_that_is_begun(gate: threading.Event) -> None:
    begun: list[int] = []

    def decode(index: int) -> Frame:
        begun.append(index)
        return Frame(np.zeros((1, 1, 3), np.uint8), index)

    def prepare_slowly(frame: Frame) -> int:
        assert gate.wait(SOON_S)
        return frame.index

    with Preparing(decode, prepare_slowly, threads=2) as preparing:
        preparing.begin(range(20))
        assert until(lambda: begun == [0, 1])
        preparing.begin([50, 3, 4])
        gate.set()
        assert preparing.take([50, 3]) == [50, 3]

    assert begun[:4] == [0, 1, 50, 3]
    assert set(begun) <= {0, 1, 50, 3, 4}


def test_nothing_is_begun_while_somebody_waits_for_an_answer(gate: threading.Event) -> None:
    begun: list[int] = []

    def decode(index: int) -> Frame:
        begun.append(index)
        return Frame(np.zeros((1, 1, 3), np.uint8), index)

    with Preparing(decode, lambda frame: frame.index, threads=2) as preparing:
        with preparing.at_rest():
            preparing.begin(range(5))
            assert not gate.wait(0.05)
            assert begun == []
        assert preparing.take(range(5)) == list(range(5))


def test_a_frame_that_fails_is_told_to_whoever_takes_it_and_to_nobody_else() -> None:
    def decode(index: int) -> Frame:
        if index == 2:
            raise UnreadableFile(ErrorCode.FILE_DAMAGED, name="a", frame=2)
        return Frame(np.zeros((1, 1, 3), np.uint8), index)

    with Preparing(decode, lambda frame: frame.index, threads=1) as preparing:
        preparing.begin(range(5))
        assert preparing.take([0, 1, 3]) == [0, 1, 3]
        with pytest.raises(UnreadableFile):
            preparing.take([2, 4])


def test_frames_are_decoded_at_once_where_their_source_stands_it() -> None:
    together = threading.Barrier(2, timeout=SOON_S)

    def decode(index: int) -> Frame:
        together.wait()  # breaks where nobody else comes
        return Frame(np.zeros((1, 1, 3), np.uint8), index)

    with Preparing(decode, lambda frame: frame.index, threads=2, at_once=True) as preparing:
        preparing.begin(range(4))
        assert preparing.take(range(4)) == [0, 1, 2, 3]


def test_frames_of_other_sources_are_decoded_one_after_another() -> None:
    inside: list[int] = []
    most: list[int] = []

    def decode(index: int) -> Frame:
        inside.append(index)
        time.sleep(0.002)
        most.append(len(inside))
        inside.remove(index)
        return Frame(np.zeros((1, 1, 3), np.uint8), index)

    with Preparing(decode, lambda frame: frame.index, threads=4) as preparing:
        preparing.begin(range(20))
        preparing.take(range(20))

    assert set(most) == {1}


@pytest.mark.parametrize(("source", "is_so"), [(FramesInMemory([]), True), (object(), False)])
def test_a_source_says_whether_its_frames_may_be_decoded_at_once(source: Any, is_so: bool) -> None:
    assert replace(make_clip(1), source=source).decodes_at_once is is_so

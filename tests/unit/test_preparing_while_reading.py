"""What the threads beside the network do in a real reading: while a clip plays, while somebody asks, and together."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from counted import CountingFrames, clip_of
from fakes import FRAMES_AT_ONCE, FakeBackbone
from test_engine import make_engine
from test_preparing import SOON_S, until

from fetalclip_app.domain.clip import Pixels
from fetalclip_app.domain.sight import Sight
from fetalclip_app.imaging.preprocess import FRAMES_FOR_CROP, crop_of
from fetalclip_app.progress import CancelToken, silent

AHEAD = 2 * FRAMES_AT_ONCE
"""So many frames are prepared while the network works on a batch."""


@pytest.fixture(autouse=True)
def _as_on_many_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fetalclip_app.inference.preparing.usual_threads", lambda: 4)


class _Playing:
    """A listener in whose window the clip plays on by 5 frames with each batch."""

    def __init__(self, count: int) -> None:
        self.left: Sequence[int] = ()
        self._at, self._count = 0, count

    def planned(self, frames: Sequence[int]) -> None:
        self.left = frames

    def seen(self, sight: Sight) -> None:
        return

    def looked_at(self) -> int:
        return self._at

    def play_on(self) -> None:
        self._at = (self._at + 5) % self._count


class _WaitingBackbone(FakeBackbone):
    """Calls, before each batch, with how many frames it holds."""

    def __init__(self, before: Callable[[int], None]) -> None:
        super().__init__()
        self._before = before

    def encode_frames(self, batch: np.ndarray) -> np.ndarray:
        self._before(len(batch))
        return super().encode_frames(batch)


def test_no_frame_is_decoded_twice_while_the_clip_plays() -> None:
    source, window = CountingFrames(150), _Playing(150)
    clip = clip_of(source)
    crop_of(clip)
    for_crop = Counter(source.decoded)
    source.decoded.clear()

    def play(frames: int) -> None:
        begun = set(window.left[frames : frames + AHEAD])
        assert until(lambda: begun <= set(source.decoded[FRAMES_FOR_CROP:]))
        window.play_on()

    network = _WaitingBackbone(play)
    make_engine(network).read(clip, CancelToken(), silent, window)

    assert network.frames_seen == 150
    assert Counter(source.decoded) - for_crop == Counter(range(150))


class _HeldFrames(CountingFrames):
    """Frames of which no more than ``most`` are decoded whole until it is raised: the next waits in its decoder."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.most = FRAMES_FOR_CROP
        self._news = threading.Condition()

    def pixels(self, index: int) -> Pixels:
        picture = super().pixels(index)
        with self._news:
            assert self._news.wait_for(lambda: len(self.decoded) <= self.most, SOON_S)
        return picture

    def decode_up_to(self, most: int) -> None:
        with self._news:
            self.most = most
            self._news.notify_all()


class _AskingToken(CancelToken):
    """While the work looks at it, all frames may be decoded: then it sees whether one is begun that was not."""

    def __init__(self, source: _HeldFrames, network: FakeBackbone) -> None:
        super().__init__()
        self.looks, self.begun_meanwhile = 0, 0
        self._source, self._network = source, network

    def check(self) -> None:
        super().check()
        source, seen = self._source, self._network.frames_seen
        if 0 < seen < len(source):
            self.looks += 1
            begun = source.most + 1  # one was on its way into the decoder
            source.decode_up_to(len(source) + FRAMES_FOR_CROP)
            # That nothing is begun can only be watched for a while; where frames are begun, two batches are, at once.
            threading.Event().wait(0.1)
            self.begun_meanwhile += max(len(source.decoded) - begun, 0)
        following = FRAMES_AT_ONCE if seen else 1
        source.decode_up_to(FRAMES_FOR_CROP + min(seen + following, len(source)))


def test_no_frame_is_begun_while_the_work_looks_whether_it_is_to_stop() -> None:
    source, network = _HeldFrames(1 + 4 * FRAMES_AT_ONCE), FakeBackbone()
    cancel = _AskingToken(source, network)
    make_engine(network).read(clip_of(source), cancel, silent)

    assert network.frames_seen == len(source)
    assert (cancel.looks >= 4, cancel.begun_meanwhile) == (True, 0)


class _FramesForMany(CountingFrames):
    """Frames that may be decoded at once: the first two that threads decode wait for each other."""

    decodes_at_once = True

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.by: set[int] = set()
        self._news = threading.Condition()

    def pixels(self, index: int) -> Pixels:
        if threading.current_thread().name == "preparing":
            with self._news:
                self.by.add(threading.get_ident())
                self._news.notify_all()
                assert self._news.wait_for(lambda: len(self.by) > 1, SOON_S)
        return super().pixels(index)


def test_frames_of_a_source_that_stands_it_are_decoded_by_several_threads() -> None:
    source, network = _FramesForMany(40), FakeBackbone()
    make_engine(network).read(clip_of(source), CancelToken(), silent)

    assert len(source.by) > 1
    assert network.frames_seen == 40

"""What was prepared beside the network is let go in the end, and threads that cannot be had are done without."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import numpy as np
import pytest
from fakes import FakeBackbone, make_clip
from test_engine import make_engine
from test_preparing import SOON_S

from fetalclip_app.domain.clip import Frame
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.inference.preparing import Preparing
from fetalclip_app.progress import CancelToken, silent


class _Made:
    """What a test makes of a frame."""


class _Maker:
    """Makes something of frames, of which one cannot be decoded, and remembers what is still alive."""

    def __init__(self, broken: int) -> None:
        self._broken = broken
        self._made: list[weakref.ref[_Made]] = []

    def decode(self, index: int) -> Frame:
        if index == self._broken:
            raise UnreadableFile(ErrorCode.FILE_DAMAGED, name="a", frame=index)
        return Frame(np.zeros((1, 1, 3), np.uint8), index)

    def prepare(self, frame: Frame) -> _Made:
        made = _Made()
        self._made.append(weakref.ref(made))
        return made

    def counts(self) -> tuple[int, int]:
        """Return how many were made, and how many of them are alive."""
        return len(self._made), sum(made() is not None for made in self._made)


@pytest.fixture
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("threads", [1, 3])
def test_what_was_made_is_let_go_though_a_frame_failed(threads: int) -> None:
    maker = _Maker(broken=4)
    with Preparing(maker.decode, maker.prepare, threads) as preparing:
        preparing.begin(range(30))
        preparing.take([0, 1, 29])  # the last one: all others were begun

    made, alive = maker.counts()
    assert (made > 20, alive) == (True, 0)


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("threads", [1, 3])
def test_so_it_is_where_somebody_was_told_of_it(threads: int) -> None:
    maker = _Maker(broken=4)

    def work() -> None:
        with Preparing(maker.decode, maker.prepare, threads) as preparing:
            preparing.begin(range(30))
            preparing.take([29])
            preparing.take([0, 1, 4])

    with pytest.raises(UnreadableFile):
        work()

    made, alive = maker.counts()
    assert (made > 20, alive) == (True, 0)


class _Starts:
    """Lets so many threads of those that prepare start at a time, and no more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
        self.refused, self.started, self._most = 0, 0, most
        start = threading.Thread.start

        def start_if_there_is_room(thread: threading.Thread) -> None:
            if thread.name == "preparing":
                if self.started >= self._most:
                    self.refused += 1
                    raise RuntimeError("can't start new thread")
                self.started += 1
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", start_if_there_is_room)
        monkeypatch.setattr("fetalclip_app.inference.preparing.usual_threads", lambda: 4)


def test_a_reading_goes_on_with_one_thread_where_no_second_can_start(monkeypatch: pytest.MonkeyPatch) -> None:
    starts, network = _Starts(monkeypatch, most=1), FakeBackbone()
    reading = make_engine(network).read(make_clip(40), CancelToken(), silent)

    assert (starts.started, starts.refused > 0) == (1, True)
    assert (network.frames_seen, len(reading.embeddings)) == (40, 40)


def test_where_not_one_thread_can_start_that_is_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    _Starts(monkeypatch, most=0)
    said: list[str] = []

    def work() -> None:
        try:
            make_engine(FakeBackbone()).read(make_clip(40), CancelToken(), silent)
        except RuntimeError as error:
            said.append(str(error))

    reading = threading.Thread(target=work, daemon=True)
    reading.start()
    reading.join(SOON_S)

    assert said == ["can't start new thread"]

"""Frames are decoded and prepared beside the network, by threads that live no longer than one pass over a clip.

The one place below the window, besides the model's process, that starts threads. One after another, what a small
network's frames cost before it sees them is more than the network itself; codecs, resampling and digests give up the
interpreter's lock, and so does the network.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from typing import Generic, Self, TypeVar

from fetalclip_app.domain.clip import Frame

MOST_THREADS = 8

MOST_KEPT = 32
"""Frames that were begun, and are not among those that are to come: 20 MB."""

_Made = TypeVar("_Made")


def usual_threads() -> int:
    """Return how many threads prepare: as many as there are cores, for the network may be on a graphics card.

    On a processor they share it with the network, and wait once they are far enough ahead.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_THREADS)


class Preparing(Generic[_Made]):
    """Makes something of frames, some of them ahead of time. A context: no thread is left behind it.

    What is told to begin is held until it is taken. Of what was begun before, `MOST_KEPT` are held besides: where a
    clip plays, the order changes with every batch, and no frame shall be decoded twice for that.

    Args:
        decode: Called in the order in which frames were last told to begin, so that a video goes forward.
        prepare: Called for several frames at a time.
        at_once: So is ``decode``; else for one frame after another.
    """

    def __init__(
        self,
        decode: Callable[[int], Frame],
        prepare: Callable[[Frame], _Made],
        threads: int | None = None,
        *,
        at_once: bool = False,
    ) -> None:
        self._decode, self._prepare = decode, prepare
        self._most = usual_threads() if threads is None else threads
        self._threads: list[threading.Thread] = []
        self._turn = nullcontext() if at_once else threading.Lock()
        self._news = threading.Condition()
        self._waiting: deque[tuple[int, Future[_Made]]] = deque()
        self._made: dict[int, Future[_Made]] = {}
        self._is_over = self._rests = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        with self._news:
            self._is_over = True
            self._news.notify_all()
        for thread in self._threads:
            thread.join()
        # What could not be had holds its traceback, which holds what is held here.
        self._waiting.clear()
        self._made.clear()

    def begin(self, frames: Sequence[int]) -> None:
        """Prepare these frames, in this order; others are given up unless they were begun."""
        with self._news:
            waiting = {index for index, _ in self._waiting}
            begun = {index: made for index, made in self._made.items() if index not in waiting}
            asked = {index: begun.get(index) or Future() for index in frames}
            others = [index for index in begun if index not in asked][-MOST_KEPT:]
            self._made = {index: begun[index] for index in others} | asked
            self._waiting = deque((index, made) for index, made in asked.items() if index not in begun)
            self._news.notify_all()
        while len(self._threads) < min(self._most, len(frames)):
            thread = threading.Thread(target=self._work, name="preparing")
            try:
                thread.start()
            except RuntimeError:
                if not self._threads:
                    raise
                return  # those that are there do it
            self._threads.append(thread)

    def take(self, frames: Sequence[int]) -> list[_Made]:
        """Return what was made of these frames; where one was not told to begin, others give way to them.

        Raises:
            Exception: What decoding or preparing the first of them raised that cannot be had.
        """
        if len(frames) == 1 and not self._threads:
            return [self._prepare(self._decode(frames[0]))]
        if not self._made.keys() >= set(frames):
            self.begin(frames)
        with self._news:
            made = [self._made.pop(index) for index in frames]
        try:
            return [one.result() for one in made]
        finally:
            made.clear()  # an error's traceback holds this frame

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Begin no further frame meanwhile: somebody waits for what is done here."""
        with self._news:
            self._rests = True
        try:
            yield
        finally:
            with self._news:
                self._rests = False
                self._news.notify_all()

    def _work(self) -> None:
        while True:
            with self._turn:
                with self._news:
                    self._news.wait_for(lambda: self._is_over or (self._waiting and not self._rests))
                    if self._is_over:
                        return
                    index, made = self._waiting.popleft()
                try:
                    frame = self._decode(index)
                except BaseException as error:  # for whoever takes the frame
                    made.set_exception(error)
                    del made  # the error's traceback holds this frame
                    continue
            try:
                made.set_result(self._prepare(frame))
            except BaseException as error:
                made.set_exception(error)
            del made, frame

"""The only module of the window that starts a thread.

Work is a plain blocking function: what it needs are its arguments, what it found is its return value.
Workers touch no object of the window: they put letters into a mailbox and knock, and the window's thread opens them.
"""

from __future__ import annotations

import itertools
import logging
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal, Slot

from fetalclip_app.errors import FetalClipError
from fetalclip_app.progress import Cancelled, CancelToken, Report
from fetalclip_app.ui.collecting import Collecting

_log = logging.getLogger(__name__)

Work = Callable[[CancelToken, Report], Any]

SWITCH_INTERVAL_S = 0.0005
"""How long a worker may keep the interpreter once the window asks for it.

The window asks after each of Qt's calls that let go of it, some dozens for one new picture: at Python's 5 ms, beside
a file that is opened, they cost several frames of a cine.
"""

NICENESS = 5
"""Steps of priority below the window, where each thread has its own (Linux).

The model's process has them from the worker that starts it, while it imports, and then stands lower still.
"""


class Lane(Enum):
    """Which queue a job waits in, and how many workers serve it.

    What is looked at and written is fetched in a queue of its own, so that it never waits behind the opening of files.
    Frames that stand still beside the shown clip never keep its own from a worker.
    What a person did goes to disk in a queue of one, in the order done; whole files are hashed in another, so that it
    never waits for a slow disk. A sentence that is asked waits for no reading.
    """

    MODEL = "model", 1
    OPENING = "opening", 2
    FILE = "file", 3
    STILLS = "stills", 3
    ARCHIVE = "archive", 1
    HASHING = "hashing", 1
    ASKING = "asking", 1

    @property
    def workers(self) -> int:
        """How many jobs of this queue run at once."""
        return self.value[1]


class Job(QObject):
    """One piece of work under way. Lives on the window's thread, and no worker knows it.

    Signals:
        progressed: (done, total).
        succeeded: The work's return value.
        failed: The exception that the work raised.
        settled: Once and last: after success, failure and cancellation alike.
    """

    progressed = Signal(int, int)
    succeeded = Signal(object)
    failed = Signal(Exception)
    settled = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.token = CancelToken()

    def cancel(self) -> None:
        """Ask the work to stop at its next step. Neither succeeded nor failed will come."""
        self.token.cancel()

    def step(self, done: int, total: int) -> None:
        """Pass on how far the work is. For `Jobs` only."""
        if not self.token.is_cancelled:
            self.progressed.emit(done, total)

    def settle(self, future: Future[Any]) -> None:
        """Pass on how the work ended. For `Jobs` only."""
        try:
            if not future.cancelled() and not self.token.is_cancelled:
                self.succeeded.emit(future.result())
        except Cancelled:
            pass
        except FetalClipError as error:
            _log.warning("%s", error)
            self.failed.emit(error)
        except Exception as error:
            _log.exception("a job failed")
            self.failed.emit(error)
        finally:
            self.settled.emit()
            self.deleteLater()


@dataclass(frozen=True, slots=True)
class _Letter:
    """What a worker tells: a step (done, total), or the future that has ended."""

    number: int
    told: tuple[int, int] | Future[Any]


class Jobs(QObject):
    """Starts jobs, and ends them with the program.

    While it is there, garbage is collected on the window's thread alone (`collecting`).
    """

    _knocked = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._switched_s = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self._executors = {lane: _workers_of(lane) for lane in Lane}
        self._numbers = itertools.count()
        self._running: dict[int, Job] = {}
        self._must_end: set[int] = set()
        self._mail: SimpleQueue[_Letter] = SimpleQueue()
        self._is_over = False
        self._garbage = Collecting(self)
        # Queued even from this thread: a job that ends before its maker could connect to it must still report
        # after the maker has. One knock for each letter, so that many letters never hold up the window.
        self._knocked.connect(self._open_letter, Qt.ConnectionType.QueuedConnection)

    def start(self, lane: Lane, work: Work) -> Job:
        """Queue ``work``. Connect to the job before control returns to the event loop.

        After `shut_down` nothing is queued, and the job is never heard of.
        """
        job = Job(self)
        if self._is_over:
            return job
        number = next(self._numbers)
        self._running[number] = job
        if lane is Lane.ARCHIVE:
            self._must_end.add(number)
        future = self._executors[lane].submit(self._run, number, job.token, work)
        future.add_done_callback(partial(self._post, number))
        return job

    def shut_down(self) -> None:
        """Cancel what runs, drop what waits, and return when every worker has gone and every job is settled.

        What a person did is written to its end.
        """
        self._is_over = True
        for number, job in self._running.items():
            if number not in self._must_end:
                job.cancel()
        for lane, executor in self._executors.items():
            executor.shutdown(wait=True, cancel_futures=lane is not Lane.ARCHIVE)
        ended = tuple(self._running.values())
        while not self._mail.empty():
            self._open_letter()
        for job in ended:
            QCoreApplication.sendPostedEvents(job, QEvent.Type.DeferredDelete)
        self._garbage.stop()
        sys.setswitchinterval(self._switched_s)

    def _run(self, number: int, token: CancelToken, work: Work) -> Any:
        token.check()
        return work(token, lambda done, total: self._post(number, (done, total)))

    def _post(self, number: int, told: tuple[int, int] | Future[Any]) -> None:
        """Tell the window's thread. Called by workers; this object outlives them."""
        self._mail.put(_Letter(number, told))
        self._knocked.emit()

    @Slot()
    def _open_letter(self) -> None:
        try:
            letter = self._mail.get_nowait()
        except Empty:
            return  # opened by `shut_down`
        if isinstance(letter.told, Future):
            self._must_end.discard(letter.number)
            self._running.pop(letter.number).settle(letter.told)
        else:
            self._running[letter.number].step(*letter.told)


def _workers_of(lane: Lane) -> ThreadPoolExecutor:
    """Return a lane's workers, all begun: who starts a thread waits for it, and later that would be the window."""
    executor = ThreadPoolExecutor(lane.workers, thread_name_prefix=lane.name.lower(), initializer=_stand_back)
    together = threading.Barrier(lane.workers + 1)
    for _ in range(lane.workers):
        executor.submit(together.wait)
    together.wait()
    return executor


def _stand_back() -> None:
    """Let the window go first where both want the processor."""
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        os.nice(NICENESS)  # of this thread alone

"""The only module of the window that starts a thread.

Work is a plain blocking function: what it needs are its arguments, what it found is its return value.
Whatever a job says is heard on the window's thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal, Slot

from fetalclip_app.errors import FetalClipError
from fetalclip_app.progress import Cancelled, CancelToken, Report

_log = logging.getLogger(__name__)

Work = Callable[[CancelToken, Report], Any]


class Lane(Enum):
    """Which queue a job waits in. The value is its number of workers."""

    MODEL = 1
    FILE = 3


class Job(QObject):
    """One piece of work under way.

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

    _stepped = Signal(int, int)
    _ended = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.token = CancelToken()
        # Queued even from this thread: a job that ends before its maker could connect
        # to it must still report after the maker has.
        self._ended.connect(self._settle, Qt.ConnectionType.QueuedConnection)
        # By way of a slot of this object, which lives on the window's thread: a function
        # that a maker connects would else be called by the worker.
        self._stepped.connect(self._step, Qt.ConnectionType.QueuedConnection)

    def cancel(self) -> None:
        """Ask the work to stop at its next step. Neither succeeded nor failed will come."""
        self.token.cancel()

    def begin(self, executor: ThreadPoolExecutor, work: Work) -> None:
        """Queue the work. For `Jobs` only."""
        future = executor.submit(self._run, work)
        future.add_done_callback(self._ended.emit)

    def _run(self, work: Work) -> Any:
        self.token.check()
        return work(self.token, self._stepped.emit)

    @Slot(int, int)
    def _step(self, done: int, total: int) -> None:
        if not self.token.is_cancelled:
            self.progressed.emit(done, total)

    @Slot(object)
    def _settle(self, future: Future[Any]) -> None:
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


class Jobs(QObject):
    """Starts jobs, and ends them with the program."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._executors = {lane: ThreadPoolExecutor(lane.value, thread_name_prefix=lane.name.lower()) for lane in Lane}
        self._running: set[Job] = set()
        self._is_over = False

    def start(self, lane: Lane, work: Work) -> Job:
        """Queue ``work``. Connect to the job before control returns to the event loop.

        After `shut_down` nothing is queued, and the job is never heard of.
        """
        job = Job(self)
        if self._is_over:
            return job
        self._running.add(job)
        job.settled.connect(lambda: self._running.discard(job))
        job.begin(self._executors[lane], work)
        return job

    def shut_down(self) -> None:
        """Cancel what runs, drop what waits, and return when every worker is idle."""
        self._is_over = True
        for job in self._running:
            job.cancel()
        for executor in self._executors.values():
            executor.shutdown(wait=True, cancel_futures=True)
        for job in tuple(self._running):
            # PySide6 6.11 falls over an object that goes while events wait for it: deliver them now.
            QCoreApplication.sendPostedEvents(job)
            QCoreApplication.sendPostedEvents(job, QEvent.Type.DeferredDelete)

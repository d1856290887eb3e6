"""Jobs report on the window's thread, in order, and end with the program."""

from __future__ import annotations

import gc
import os
import sys
import threading
import weakref
from typing import Any

import pytest
from PySide6.QtCore import QObject, Qt, QThread, QTimer
from pytestqt.qtbot import QtBot

from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.ui.collecting import PERIOD_MS, collect, spare_what_stays
from fetalclip_app.ui.jobs import Jobs, Lane


def _forever(entered: threading.Event) -> Any:
    def work(cancel: CancelToken, report: Report) -> None:
        entered.set()
        while True:
            cancel.check()

    return work


def test_a_cancelled_job_only_settles(jobs: Jobs, qtbot: QtBot) -> None:
    entered, heard = threading.Event(), []
    job = jobs.start(Lane.MODEL, _forever(entered))
    job.succeeded.connect(lambda _: heard.append("succeeded"))
    job.failed.connect(lambda _: heard.append("failed"))
    assert entered.wait(5)
    with qtbot.waitSignal(job.settled):
        job.cancel()

    assert heard == []


def test_a_job_cancelled_after_its_work_is_done_is_not_heard_of(jobs: Jobs, qtbot: QtBot) -> None:
    done, heard = threading.Event(), []
    job = jobs.start(Lane.FILE, lambda cancel, report: done.set())
    job.succeeded.connect(heard.append)
    assert done.wait(5)
    with qtbot.waitSignal(job.settled):
        job.cancel()

    assert heard == []


def test_a_job_that_is_done_at_once_still_reports_to_who_connects_next(jobs: Jobs, qtbot: QtBot) -> None:
    results: list[int] = []
    for number in range(200):
        job = jobs.start(Lane.FILE, lambda cancel, report, number=number: number)
        job.succeeded.connect(results.append)
    qtbot.waitUntil(lambda: len(results) == 200)

    assert sorted(results) == list(range(200))


def test_everything_is_heard_on_the_windows_thread(jobs: Jobs, qtbot: QtBot) -> None:
    heard: dict[str, QThread] = {}
    job = jobs.start(Lane.FILE, lambda cancel, report: report(1, 2))
    job.progressed.connect(lambda *_: heard.setdefault("progressed", QThread.currentThread()))
    job.succeeded.connect(lambda _: heard.setdefault("succeeded", QThread.currentThread()))
    with qtbot.waitSignal(job.settled):
        pass

    assert heard == {"progressed": QThread.currentThread(), "succeeded": QThread.currentThread()}


def test_progress_comes_in_order_and_before_the_end(jobs: Jobs, qtbot: QtBot) -> None:
    heard: list[object] = []

    def work(cancel: CancelToken, report: Report) -> str:
        for step in range(5):
            report(step, 5)
        return "end"

    job = jobs.start(Lane.FILE, work)
    job.progressed.connect(lambda done, total: heard.append(done))
    job.succeeded.connect(heard.append)
    with qtbot.waitSignal(job.settled):
        pass

    assert heard == [0, 1, 2, 3, 4, "end"]


def test_an_exception_arrives_as_it_was_raised(jobs: Jobs, qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    failures: list[Exception] = []

    def work(cancel: CancelToken, report: Report) -> None:
        raise KeyError("made up")

    job = jobs.start(Lane.FILE, work)
    job.failed.connect(failures.append)
    with qtbot.waitSignal(job.settled):
        pass

    assert [repr(failure) for failure in failures] == ["KeyError('made up')"]
    assert "a job failed" in caplog.text


def test_the_model_lane_does_one_thing_at_a_time(jobs: Jobs, qtbot: QtBot) -> None:
    inside, most, settled = [0], [0], []
    lock = threading.Lock()

    def work(cancel: CancelToken, report: Report) -> None:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        threading.Event().wait(0.01)
        with lock:
            inside[0] -= 1

    for _ in range(6):
        jobs.start(Lane.MODEL, work).settled.connect(lambda: settled.append(1))
    qtbot.waitUntil(lambda: len(settled) == 6)

    assert most[0] == 1


def test_the_window_stays_awake_while_the_model_works(jobs: Jobs, qtbot: QtBot) -> None:
    ticks: list[None] = []
    timer = QTimer(interval=5)
    timer.timeout.connect(lambda: ticks.append(None))
    timer.start()
    job = jobs.start(Lane.MODEL, lambda cancel, report: threading.Event().wait(0.3))
    with qtbot.waitSignal(job.settled):
        pass

    assert len(ticks) > 10


def test_shutting_down_stops_what_runs_and_drops_what_waits(qtbot: QtBot) -> None:
    jobs, entered, ran = Jobs(), threading.Event(), []
    jobs.start(Lane.MODEL, _forever(entered))
    jobs.start(Lane.MODEL, lambda cancel, report: ran.append(1))
    assert entered.wait(5)
    jobs.shut_down()

    assert ran == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("model", "file"))]


class _Cell:
    """Garbage that only the cyclic collector finds."""

    def __init__(self) -> None:
        self.me = self


def _allocate(cancel: CancelToken, report: Report) -> None:
    kept = [_Cell() for _ in range(20_000)]
    del kept


def test_a_worker_that_allocates_much_destroys_nothing_of_the_window(jobs: Jobs, qtbot: QtBot) -> None:
    destroyed_on: list[str] = []
    for _ in range(5):
        gone = QObject()
        gone.me = gone
        gone.destroyed.connect(
            lambda *_: destroyed_on.append(threading.current_thread().name), Qt.ConnectionType.DirectConnection
        )
    del gone
    with qtbot.waitSignal(jobs.start(Lane.FILE, _allocate).settled):
        pass
    assert destroyed_on == []
    for _ in range(30):
        collect()
    gc.collect()

    assert destroyed_on == ["MainThread"] * 5


def test_garbage_is_collected_while_the_window_lives(jobs: Jobs, qtbot: QtBot) -> None:
    before = gc.get_stats()[0]["collections"]
    _allocate(CancelToken(), lambda done, total: None)

    qtbot.waitUntil(lambda: gc.get_stats()[0]["collections"] > before, timeout=20 * PERIOD_MS)
    assert not gc.isenabled()


def test_what_stays_is_walked_over_no_more_and_later_garbage_is_found() -> None:
    stays = [[number] for number in range(1000)]
    spare_what_stays()
    try:
        assert not any(one is stays for one in gc.get_objects())
        gone = weakref.ref(_Cell())
        gc.collect()

        assert gone() is None
    finally:
        gc.unfreeze()


def test_the_collector_is_given_back_when_no_worker_is_left(qtbot: QtBot) -> None:
    jobs = Jobs()
    assert not gc.isenabled()
    jobs.shut_down()

    assert gc.isenabled()


def test_shutting_down_waits_for_what_cannot_be_stopped_and_settles_it(qtbot: QtBot) -> None:
    jobs, heard, begun, ended = Jobs(), [], threading.Event(), threading.Event()

    def deaf(cancel: CancelToken, report: Report) -> None:
        begun.set()
        threading.Event().wait(0.1)
        ended.set()

    job = jobs.start(Lane.FILE, deaf)
    job.succeeded.connect(lambda _: heard.append("succeeded"))
    job.settled.connect(lambda: heard.append("settled"))
    assert begun.wait(2)
    jobs.shut_down()

    assert ended.is_set()
    assert heard == ["settled"]


def test_many_steps_of_a_worker_reach_a_job_that_is_gone_by_then(qtbot: QtBot) -> None:
    for _ in range(30):
        jobs = Jobs()
        for _ in range(6):
            jobs.start(Lane.FILE, lambda cancel, report: [report(step, 50) for step in range(50)])
        qtbot.wait(1)
        jobs.shut_down()
        jobs.deleteLater()
    qtbot.wait(5)


def test_no_job_waits_for_a_thread_to_begin_and_the_window_with_it(jobs: Jobs, qtbot: QtBot) -> None:
    begun = {thread.ident for thread in threading.enumerate()}
    used: list[int | None] = []
    for lane in Lane:
        job = jobs.start(lane, lambda cancel, report: threading.get_ident())
        job.succeeded.connect(used.append)
    qtbot.waitUntil(lambda: len(used) == len(Lane))

    assert set(used) <= begun


def test_the_window_has_the_interpreter_soon_while_there_are_workers(qtbot: QtBot) -> None:
    before_s = sys.getswitchinterval()
    jobs = Jobs()
    assert sys.getswitchinterval() <= 0.001
    jobs.shut_down()

    assert sys.getswitchinterval() == before_s


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a priority of their own on Linux alone")
def test_workers_stand_back_behind_the_window(jobs: Jobs, qtbot: QtBot) -> None:
    window = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    found: list[int] = []
    for lane in Lane:
        job = jobs.start(lane, lambda cancel, report: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        job.succeeded.connect(found.append)
    qtbot.waitUntil(lambda: len(found) == len(Lane))

    assert min(found) > window

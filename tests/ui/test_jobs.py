"""Jobs report on the window's thread, in order, and end with the program."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from PySide6.QtCore import QThread, QTimer
from pytestqt.qtbot import QtBot

from fetalclip_app.progress import CancelToken, Report
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

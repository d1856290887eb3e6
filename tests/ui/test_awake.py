"""The window never waits, and what holds it up is found."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable

import pytest
from fakes import make_clip
from holding import held_up
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot


def test_the_window_stays_awake_while_model_and_files_are_slow(desk_of: Callable) -> None:
    held = _held_while_files_are_read(desk_of)

    # What the window does for too long it does each time; what the system fetches into memory for it comes once.
    assert not held or not held & _held_while_files_are_read(desk_of), held


def _held_while_files_are_read(desk_of: Callable) -> set[str]:
    """Return which of a new window's own calls were too long while it opened and played files that are read slowly."""
    clips = [make_clip(30, name=f"{number}.dcm") for number in range(4)]
    desk = desk_of(*clips)
    desk.model.engine.pause_s = 0.004
    ticks: list[None] = []
    timer = QTimer(interval=5)
    timer.timeout.connect(lambda: ticks.append(None))
    desk.start()
    timer.start()
    with held_up() as holds:
        desk.open(*(clip.path.name for clip in clips))
        desk.press("play")
        desk.wait_read()
    timer.stop()
    assert len(ticks) > 20
    return {hold.name for hold in holds if hold.is_too_long}


@pytest.mark.parametrize("how", ["by work", "by waiting"])
def test_what_holds_the_window_up_is_found(desk, qtbot: QtBot, how: str) -> None:
    hold = {"by work": lambda: _work_for(0.08), "by waiting": lambda: threading.Event().wait(0.08)}[how]
    with held_up() as holds:
        desk.session.reading_changed.connect(hold)
        desk.open("one.dcm")
        desk.wait_read()

    assert any(hold.is_too_long for hold in holds)


def test_what_other_tests_left_in_memory_does_not_hold_the_window_up(desk, qtbot: QtBot) -> None:
    left: list[list[int]] = [[number] for number in range(400_000)]
    spent: list[float] = []

    def look_through_all() -> None:
        started = time.thread_time()
        gc.collect()
        spent.append(time.thread_time() - started)

    desk.open("one.dcm")
    desk.wait_read()
    look_through_all()
    with held_up() as holds:
        desk.session.reading_changed.connect(look_through_all)
        desk.press("read_again")
        desk.wait_read()

    assert len(left) == 400_000 and len(spent) > 1
    assert spent[0] > max(spent[1:])
    assert not any(hold.is_too_long for hold in holds), spent


def _work_for(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass

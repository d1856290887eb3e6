"""The player keeps the clip's own pace."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from fakes import make_clip, spin
from pytestqt.qtbot import QtBot

from fetalclip_app.ui.player import Player


def test_the_player_keeps_the_clips_own_pace(qtbot: QtBot) -> None:
    due: list[int] = []
    player = Player(lambda index: True)
    player.frame_due.connect(due.append)
    player.load(1000, 28.6)
    started = time.perf_counter()
    player.play()
    spin(qtbot, 1.2)
    player.pause()
    measured = due[-1] / (time.perf_counter() - started)

    assert measured == pytest.approx(28.6, rel=0.05)


def test_the_window_plays_a_cine_at_its_own_pace_and_says_so(desk_of: Callable, qtbot: QtBot) -> None:
    desk = desk_of(make_clip(60, height=60, width=80, name="a.dcm", hz=25.0))
    desk.open("a.dcm")
    player, due = desk.window.viewer.player, []
    player.frame_due.connect(lambda index: due.append((time.perf_counter(), index)))
    desk.press("play")
    spin(qtbot, 1.4)
    caption = desk.window.area.frame.caption
    desk.press("play")
    (first_s, first), (last_s, last) = due[0], due[-1]

    assert (last - first) / (last_s - first_s) == pytest.approx(25.0, rel=0.05)
    assert "shown at" in caption
    assert not player.is_playing


def test_a_slow_machine_drops_frames_and_not_time(qtbot: QtBot) -> None:
    now = [0.0]
    due: list[int] = []
    player = Player(lambda index: index % 3 == 0, clock=lambda: now[0])
    player.frame_due.connect(due.append)
    player.load(100, 10.0)
    player.play()
    for _ in range(20):
        now[0] += 0.25
        player._tick()  # the clock is the test's
    player.pause()

    assert set(due) <= set(range(0, 100, 3))
    assert due[-1] == 48
    assert due == sorted(due)


def test_what_is_due_but_not_decoded_is_asked_for(qtbot: QtBot) -> None:
    now, wanted = [0.0], []
    player = Player(lambda index: index == 0, clock=lambda: now[0])
    player.frame_wanted.connect(wanted.append)
    player.load(50, 10.0)
    player.play()
    now[0] = 0.72
    player._tick()
    player.pause()

    assert wanted == [7]
    assert player.index == 0


def test_without_loop_the_cine_stops_at_its_end_and_begins_anew(qtbot: QtBot) -> None:
    player = Player(lambda index: True)
    player.loops = False
    player.load(6, 100.0)
    player.play()
    qtbot.waitUntil(lambda: not player.is_playing)
    assert player.index == 5
    player.play()
    assert player.is_playing
    player.pause()


def test_half_the_speed_takes_twice_the_time(qtbot: QtBot) -> None:
    now = [0.0]
    player = Player(lambda index: True, clock=lambda: now[0])
    player.load(100, 10.0)
    player.set_speed(0.5)
    player.play()
    now[0] = 2.0
    player._tick()
    player.pause()

    assert player.index == 10

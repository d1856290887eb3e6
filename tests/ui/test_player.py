"""The player keeps the clip's own pace."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from fakes import make_clip, spin
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.timing import PlayMode
from fetalclip_app.ui.player import Marks, Player


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
    (first_s, first), (last_s, last) = due[0], due[-1]
    qtbot.waitUntil(lambda: "shown at" in desk.window.area.frame.caption)
    desk.press("play")

    assert (last - first) / (last_s - first_s) == pytest.approx(25.0, rel=0.05)
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


def test_played_once_the_cine_stops_at_its_end_and_begins_anew(qtbot: QtBot) -> None:
    player = Player(lambda index: True)
    player.set_mode(PlayMode.ONCE)
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


class Clockwork:
    """A player whose clock is the test's, and the frames that it showed."""

    def __init__(self, is_ready: Callable[[int], bool] = lambda index: True) -> None:
        self.now_s = 0.0
        self.shown: list[int] = []
        self.player = Player(is_ready, clock=lambda: self.now_s)
        self.player.frame_due.connect(self.shown.append)

    def at(self, now_s: float) -> int:
        self.now_s = now_s
        self.player._tick()
        return self.player.index

    def run(self, seconds: float, every_s: float) -> list[int]:
        """Return the frames that were shown, in order."""
        self.shown.clear()
        began = self.now_s
        for tick in range(1, int(seconds / every_s) + 1):
            self.at(began + tick * every_s)
        return list(self.shown)


@pytest.fixture
def clockwork(qtbot: QtBot) -> Iterator[Clockwork]:
    made = Clockwork()
    yield made
    made.player.pause()


def test_an_uneven_cine_plays_at_its_true_moments(clockwork: Clockwork) -> None:
    clockwork.player.load(4, 3 / 0.6, (0.0, 0.1, 0.5, 0.6))
    clockwork.player.play()
    seen = [clockwork.at(now) for now in (0.05, 0.11, 0.3, 0.49, 0.51, 0.59, 0.61, 0.79, 0.81, 0.91)]

    assert seen == [0, 1, 1, 1, 2, 2, 3, 3, 0, 1]


def test_between_marks_on_one_moment_it_goes_on_playing(clockwork: Clockwork) -> None:
    player = clockwork.player
    player.load(5, 10.0, (0.0, 0.1, 0.1, 0.1, 0.2))
    player.mark(a=1, b=2)
    player.play()

    assert set(clockwork.run(1.0, 0.02)) == {1, 2}
    assert player.is_playing


def test_a_frame_that_was_due_a_second_ago_is_shown_rather_than_none(qtbot: QtBot) -> None:
    slow = Clockwork(lambda index: index in {0, 5})
    slow.player.load(100, 30.0)
    slow.player.play()
    shown = slow.at((5 + 29.5) / 30)
    slow.player.pause()

    assert shown == 5


def test_sweeping_goes_forward_and_back_between_the_marks(clockwork: Clockwork) -> None:
    player = clockwork.player
    player.load(10, 10.0)
    player.set_mode(PlayMode.SWEEP)
    player.mark(a=2, b=5)
    player.play()

    assert player.index == 2
    assert clockwork.run(1.0, 0.1) == [3, 4, 5, 4, 3, 2, 3, 4, 5, 4]


def test_from_b_it_jumps_to_a(clockwork: Clockwork) -> None:
    player = clockwork.player
    player.load(10, 10.0)
    player.mark(a=7)
    player.seek(8)
    player.play()

    assert clockwork.run(0.5, 0.1) == [9, 7, 8, 9, 7]
    assert player.part == (7, 9)


def test_played_once_it_stops_at_b(clockwork: Clockwork) -> None:
    player = clockwork.player
    player.set_mode(PlayMode.ONCE)
    player.load(10, 10.0)
    player.mark(a=2, b=4)
    player.play()
    clockwork.at(0.35)

    assert not player.is_playing
    assert player.index == 4


def test_a_mark_past_the_other_one_takes_its_place(clockwork: Clockwork) -> None:
    player = clockwork.player
    player.load(10, 10.0)
    player.mark(a=2, b=4)
    player.mark(a=6)
    assert player.marks == Marks(a=6)
    player.mark(b=3)
    assert player.marks == Marks(b=3)
    player.mark(a=9)  # nothing would be left to play
    assert player.marks == Marks(b=3)
    player.unmark()

    assert player.part == (0, 9)


def test_while_it_plays_one_cannot_leave_the_part_that_plays(clockwork: Clockwork) -> None:
    player = clockwork.player
    player.load(20, 10.0)
    player.mark(a=5, b=10)
    player.seek(15)
    assert player.index == 15
    player.play()
    assert player.index == 5
    player.seek(19)

    assert player.index == 10
    assert clockwork.run(0.2, 0.1) == [5, 6]


def test_a_change_of_speed_takes_effect_from_its_moment_on(clockwork: Clockwork) -> None:
    player = clockwork.player
    player.load(100, 10.0)
    player.play()
    clockwork.at(1.05)
    player.set_speed(4.0)

    assert player.index == 10
    assert clockwork.at(1.05 + 0.012) == 10
    assert clockwork.at(1.05 + 0.013) == 11
    assert clockwork.at(2.05) == 50


def test_a_sweep_that_is_going_back_goes_on_going_back(clockwork: Clockwork) -> None:
    player = clockwork.player
    player.load(10, 10.0)
    player.set_mode(PlayMode.SWEEP)
    player.play()
    assert clockwork.at(1.3) == 5  # 9 was at 0.9
    player.set_speed(2.0)
    player.seek(7)
    assert clockwork.run(0.2, 0.05) == [6, 5, 4, 3]
    player.pause()
    player.play()

    assert clockwork.run(0.1, 0.05) == [2, 1]


@pytest.mark.parametrize("mode", [PlayMode.LOOP, PlayMode.SWEEP])
def test_dropped_frames_cost_no_time_whatever_the_mode(mode: PlayMode, qtbot: QtBot) -> None:
    fast, slow = Clockwork(), Clockwork(lambda index: index % 3 == 0)
    for each in (fast, slow):
        each.player.load(50, 25.0)
        each.player.set_mode(mode)
        each.player.play()
        each.run(60.0, 0.11)
    quick, lame = fast.player, slow.player
    for each in (fast, slow):
        each.player.pause()

    assert abs(quick.index - lame.index) <= 2
    assert set(slow.shown) <= set(range(0, 50, 3))


def test_what_is_fetched_is_what_will_be_due(clockwork: Clockwork) -> None:
    player = clockwork.player
    player.load(20, 10.0)
    player.seek(10)
    assert player.upcoming(5) == [10, 11, 9, 12, 8]
    player.set_mode(PlayMode.SWEEP)
    player.mark(a=8, b=12)
    player.play()
    assert player.upcoming(20) == [10, 11, 12, 9, 8]
    clockwork.at(0.3)
    assert player.upcoming(3) == [11, 10, 9], "on the way back"
    player.set_mode(PlayMode.LOOP)
    assert player.upcoming(4) == [11, 12, 8, 9], "and round by A"
    player.set_mode(PlayMode.ONCE)

    assert player.upcoming(4) == [11, 12]


def test_a_cine_of_thousands_a_second_leaves_the_window_time(qtbot: QtBot) -> None:
    due: list[int] = []
    player = Player(lambda index: True)
    player.frame_due.connect(due.append)
    player.load(4000, 2000.0)
    player.play()
    spin(qtbot, 0.5)
    player.pause()

    assert 5 < len(due) < 80
    assert max(due) > 700, "frames are dropped and time is not"

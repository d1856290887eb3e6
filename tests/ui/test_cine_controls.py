"""Loop, sweep and A-B: what the controls show is what plays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fakes import make_clip
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.timing import FrameRate, Playback, PlayMode, RateDoubt, RateRemark, RateSource
from fetalclip_app.settings import Settings
from fetalclip_app.ui.player import Marks
from fetalclip_app.ui.qimage import pixels_of


def test_a_key_takes_the_next_way_of_playing_and_it_is_remembered(desk) -> None:
    desk.open("one.dcm")
    seen = []
    for _ in range(4):
        desk.press("loop")
        seen.append(desk.window.viewer.player.mode)

    assert seen == [PlayMode.SWEEP, PlayMode.ONCE, PlayMode.LOOP, PlayMode.SWEEP]
    assert desk.saved[-1].play_mode is PlayMode.SWEEP
    assert "Forward and back" in desk.window.actions_by_name["loop"].toolTip()


def test_a_file_that_asks_to_be_swept_is_swept_and_the_next_one_is_not(desk_of: Callable, qtbot: QtBot) -> None:
    asks = replace(make_clip(6, name="a.dcm"), playback=Playback(PlayMode.SWEEP))
    desk = desk_of(asks, make_clip(6, name="b.dcm"), settings=Settings(play_mode=PlayMode.ONCE))
    desk.open("a.dcm", "b.dcm")
    player = desk.window.viewer.player
    assert player.mode is PlayMode.SWEEP
    assert "the file asks" in desk.window.actions_by_name["loop"].toolTip()
    desk.press("next_clip")

    assert player.mode is PlayMode.ONCE
    assert "the file asks" not in desk.window.actions_by_name["loop"].toolTip()
    assert desk.saved == [] or desk.saved[-1].play_mode is PlayMode.ONCE


def go_to(desk, index: int) -> None:
    """Go to a frame and wait until it is the one that is drawn."""
    desk.window.viewer.player.seek(index)
    desk.qtbot.waitUntil(lambda: desk.window.viewer.on_screen == index)


def test_the_button_sets_a_then_b_then_the_whole_cine(desk) -> None:
    desk.open("one.dcm")
    player, button = desk.window.viewer.player, desk.window.actions_by_name["mark_next"]
    go_to(desk, 3)
    button.trigger()
    assert (player.marks, button.isChecked()) == (Marks(a=3), True)
    go_to(desk, 8)
    button.trigger()
    assert (player.marks, button.isChecked()) == (Marks(3, 8), True)
    assert "frames 4 to 9 of 12" in button.toolTip()
    button.trigger()

    assert (player.marks, button.isChecked()) == (Marks(), False)


def test_a_mark_that_cannot_be_set_leaves_the_button_as_it_was(desk) -> None:
    desk.open("one.dcm")
    go_to(desk, 11)
    button = desk.window.actions_by_name["mark_next"]
    button.trigger()

    assert not desk.window.viewer.player.marks.is_set
    assert not button.isChecked()


def test_keys_mark_and_unmark_and_the_timeline_shows_it(desk) -> None:
    desk.open("one.dcm")
    desk.wait_read()  # which draws on the timeline too
    timeline, player = desk.window.transport.timeline, desk.window.viewer.player
    bare = pixels_of(timeline.grab().toImage())
    go_to(desk, 2)
    desk.press("mark_a")
    go_to(desk, 9)
    desk.press("mark_b")
    marked = pixels_of(timeline.grab().toImage())
    assert player.part == (2, 9)
    desk.press("unmark")
    player.seek(0)

    assert (marked != bare).any()
    assert (pixels_of(timeline.grab().toImage()) == bare).all()


def test_the_part_that_a_file_names_is_marked_and_said(desk_of: Callable) -> None:
    desk = desk_of(replace(make_clip(12, name="a.dcm"), playback=Playback(None, (3, 7))), make_clip(12, name="b.dcm"))
    desk.open("a.dcm", "b.dcm")
    assert desk.window.viewer.player.part == (3, 7)
    assert any("4–8" in badge.text() for badge in desk.window.area.badges.labels)
    desk.press("next_clip")

    assert desk.window.viewer.player.part == (0, 11)


def test_a_still_offers_nothing_to_play(desk) -> None:
    desk.open("two.png")

    for name in ("play", "loop", "mark_a", "mark_b", "mark_next", "unmark", "forward_ten"):
        assert not desk.window.actions_by_name[name].isEnabled(), name


def test_the_speed_s_menu_says_what_the_keys_chose(desk) -> None:
    desk.open("one.dcm")
    desk.press("slower")
    chosen = [action.text() for action in desk.window.transport.speed.menu().actions() if action.isChecked()]

    assert chosen == ["×½"]
    assert desk.window.viewer.player.speed == 0.5


def test_a_speed_is_remembered_and_one_that_is_not_offered_is_not_taken(desk_of: Callable) -> None:
    desk = desk_of(make_clip(6, name="a.dcm"), settings=Settings(play_speed=0.5))
    assert desk.window.viewer.player.speed == 0.5
    desk.open("a.dcm")
    desk.press("slower")
    assert desk.saved[-1].play_speed == 0.25

    assert desk_of(settings=Settings(play_speed=3.0)).window.viewer.player.speed == 1.0


def test_a_rate_that_the_file_contradicts_is_marked_and_explained(desk_of: Callable) -> None:
    remark = RateRemark(RateSource.CINE_RATE, RateDoubt.DISAGREES, 60.0)
    clip = replace(make_clip(4, name="a.dcm"), rate=FrameRate(25.0, RateSource.FRAME_TIME, (remark,)))
    desk = desk_of(clip)
    desk.open("a.dcm")
    label = desk.window.transport.rate

    assert label.text() == "⚠ 25.0/s"
    assert "cine rate says something else" in label.toolTip()


def test_an_uneven_cine_says_that_its_rate_is_a_mean(desk_of: Callable) -> None:
    rate = FrameRate(10.0, RateSource.FRAME_TIME_VECTOR, is_uneven=True)
    clip = replace(make_clip(3, name="a.dcm"), rate=rate, times_s=(0.0, 0.05, 0.2))
    desk = desk_of(clip)
    desk.open("a.dcm")

    assert desk.window.transport.rate.text() == "~10.0/s"
    assert "on average" in desk.window.transport.rate.toolTip()

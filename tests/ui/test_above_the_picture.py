"""Nothing of ours covers what the scanner wrote; nothing that is told is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import make_clip
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.clip import Origin
from fetalclip_app.domain.timing import RateSource
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.ui.message_strip import DETAILS_PX


def _in_window(widget: QWidget) -> QRect:
    return QRect(widget.mapTo(widget.window(), QPoint(0, 0)), widget.size())


@pytest.mark.parametrize("width", [1100, 1440])
def test_no_badge_lies_over_the_picture(desk_of: Callable, qtbot: QtBot, width: int) -> None:
    origin = Origin(is_simulated=True, is_lossy=True)
    clip = make_clip(3, name="a.dcm", pixel_mm=None, rate_source=RateSource.ASSUMED, origin=origin)
    desk = desk_of(replace(clip, missing_frames=83))
    desk.window.resize(width, 800)
    desk.open("a.dcm")
    area = desk.window.area
    qtbot.waitUntil(lambda: area.badges.height() == area.badges.heightForWidth(area.badges.width()))
    places = [_in_window(badge) for badge in area.badges.labels]

    assert len(places) == 5 and all(badge.isVisible() for badge in area.badges.labels)
    assert not any(place.intersects(_in_window(area.frame)) for place in places)
    assert all(_in_window(area).contains(place) for place in places)
    assert not any(one.intersects(other) for one in places for other in places if one is not other)


def test_the_picture_stays_where_it_is_when_the_next_clip_has_no_badge(desk_of: Callable, qtbot: QtBot) -> None:
    simulated = make_clip(2, name="b.dcm", origin=Origin(is_simulated=True))
    desk = desk_of(make_clip(2, name="a.dcm"), simulated)
    desk.open("a.dcm", "b.dcm")
    area, session = desk.window.area, desk.session
    assert not area.badges.labels
    without = _in_window(area.frame)
    session.show(session.entries[1])
    qtbot.waitUntil(lambda: len(area.badges.labels) == 1 and area.badges.labels[0].isVisible())

    assert _in_window(area.frame) == without


def test_every_file_that_did_not_open_keeps_its_reason_and_remedy(desk_of: Callable, qtbot: QtBot) -> None:
    desk = desk_of()
    message, telling = desk.window.area.message, desk.window.telling
    codes = [ErrorCode.FILE_EMPTY, ErrorCode.NO_CODEC, ErrorCode.FILE_ENCRYPTED, ErrorCode.FILE_DAMAGED]
    for number, code in enumerate(codes[:2]):
        telling.unopened(Path(f"{number}.dcm"), UnreadableFile(code, name=f"{number}.dcm"))
    assert "0.dcm is empty. Export or copy it again" in message.hint.text()
    assert "1.dcm is compressed" in message.hint.text() and "uncompressed or JPEG DICOM" in message.hint.text()
    assert message.more.isHidden() and message.details.isHidden()
    for number, code in enumerate(codes[2:], start=2):
        telling.unopened(Path(f"{number}.dcm"), UnreadableFile(code, name=f"{number}.dcm"))
    telling.unopened(Path("4.dcm"), RuntimeError("a fault of ours"))
    assert message.sentence.text() == "5 files could not be opened."
    assert message.hint.text().endswith("And 2 more.")
    message.more.click()

    assert message.details.isVisible() and message.hint.isHidden() and message.more.isHidden()
    told = message.details.text().splitlines()
    assert [line.split()[0].rstrip(":") for line in told] == [f"{number}.dcm" for number in range(5)]
    assert "decrypt it first" in told[2] and "Copy it again" in told[3] and "the log says more" in told[4]
    assert message.details.height() == DETAILS_PX
    telling.refused("No clip is open.", "Open one.")
    assert message.details.isHidden() and message.more.isHidden() and message.hint.text() == "Open one."


def test_details_stay_open_while_further_files_fail(desk_of: Callable, qtbot: QtBot) -> None:
    desk = desk_of()
    message, telling = desk.window.area.message, desk.window.telling
    for number in range(6):
        telling.unopened(Path(f"{number}.dcm"), UnreadableFile(ErrorCode.FILE_EMPTY, name=f"{number}.dcm"))
        if number == 4:
            message.more.click()

    assert message.details.isVisible() and message.details.text().count("is empty") == 6

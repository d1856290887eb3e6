"""Lengths by landmarks in the window: the card, the lines over their frame, and where each comes from."""

from __future__ import annotations

from dataclasses import replace

from fakes import make_clip, make_reading
from line_tools import LICENCE, some_lines, with_lines
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.ui.findings_panel import FindingsPanel
from fetalclip_app.ui.frame_view import FrameView
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.ui.popover import Popover
from fetalclip_app.wording import abstention


def _panel(qtbot: QtBot, reading: ClipReading) -> FindingsPanel:
    panel = FindingsPanel()
    qtbot.addWidget(panel)
    panel.show_clip(OpenClip(make_clip(1), QImage(), reading=reading))
    return panel


def test_a_model_without_a_measurement_head_leaves_its_places_empty(qtbot: QtBot) -> None:
    panel = _panel(qtbot, make_reading(make_clip(1)))

    assert panel.head.figures["ac"].text() == panel.head.figures["fl"].text() == "–"
    assert not panel.head.others(Measure.AC)


def test_the_card_shows_the_lines_of_the_clip_and_why_one_has_no_length(qtbot: QtBot) -> None:
    panel = _panel(qtbot, with_lines(make_clip(1)))
    tad, apad = panel.head.others(Measure.AC)

    assert tad.text().startswith("TAD 52.3") and apad.text() == "APAD Cannot tell"
    assert panel.head.figures["ac"].is_doubt
    assert "ends of the line are not clear" in panel.head.note.text()
    assert panel.head.figures["hc"].text().startswith("104.8")


def test_a_clip_of_another_plane_says_so(qtbot: QtBot) -> None:
    why = Abstention(Reason.NOT_APPLICABLE, "no_measured_plane")
    reading = with_lines(make_clip(1), why)
    without_head = replace(reading, findings=tuple(one for one in reading.findings if one.task_key != "head"))
    panel = _panel(qtbot, without_head)

    assert {figure.text() for figure in panel.head.figures.values()} == {"–"}
    assert abstention(why) in panel.head.note.text()


def test_the_licence_of_the_head_is_told_where_nothing_is_in_doubt(qtbot: QtBot) -> None:
    lines = some_lines()
    sure = replace(lines, measurements=(lines.measurements[1],))
    panel = _panel(qtbot, with_lines(make_clip(1), sure))

    assert LICENCE in panel.head.note.text()


def test_a_length_tells_its_licence_when_it_is_asked(qtbot: QtBot) -> None:
    panel = _panel(qtbot, with_lines(make_clip(1)))
    panel.head.others(Measure.AC)[0].click()

    words = " ".join(label.text() for label in panel.findChild(Popover).findChildren(QLabel))
    assert LICENCE in words and "compact_measurements" in words


def test_lines_lie_over_the_frame(qtbot: QtBot) -> None:
    view = FrameView()
    qtbot.addWidget(view)
    view.resize(320, 240)
    view.show_pixels(make_clip(1).frame(0).pixels)
    before = view.grab().toImage()
    view.show_lines(some_lines().on_frame(0))

    assert [one.name for one in view.lines] == ["tad"]
    assert view.grab().toImage() != before

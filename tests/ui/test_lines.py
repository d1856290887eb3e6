"""Lengths by landmarks in the window: the card, the lines over their frame, and where each comes from."""

from __future__ import annotations

from fakes import make_clip, make_reading
from line_tools import LICENCE, some_lines, with_lines
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.abstention import Abstention, Reason
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


def test_a_model_without_a_measurement_head_has_no_card_for_lines(qtbot: QtBot) -> None:
    panel = _panel(qtbot, make_reading(make_clip(1)))

    assert panel.lines.isHidden()


def test_the_card_shows_the_lines_of_the_clip_and_why_one_has_no_length(qtbot: QtBot) -> None:
    panel = _panel(qtbot, with_lines(make_clip(1)))
    lines = panel.lines

    assert not lines.isHidden()
    assert list(lines.figures) == ["ac", "tad", "apad"]
    assert lines.figures["tad"].text().startswith("52.3")
    assert lines.figures["ac"].is_doubt
    assert "ends of the line are not clear" in lines.note.text()


def test_a_clip_of_another_plane_says_so(qtbot: QtBot) -> None:
    why = Abstention(Reason.NOT_APPLICABLE, "no_measured_plane")
    panel = _panel(qtbot, with_lines(make_clip(1), why))
    lines = panel.lines

    assert not lines.figures
    assert abstention(why) in lines.note.text()


def test_a_length_tells_its_licence_when_it_is_asked(qtbot: QtBot) -> None:
    panel = _panel(qtbot, with_lines(make_clip(1)))
    panel.lines.figures["tad"].click()

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

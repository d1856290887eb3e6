"""Lengths over the whole clip in the window: the card, its dots, and where a length comes from."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import make_clip
from pooled_tools import some_lengths, with_whole_clip
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from fetalclip_app.biometry.pooling import pool
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.pooled import WholeClip
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.ui.findings_panel import FindingsPanel
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.ui.popover import Popover
from fetalclip_app.ui.theme import tokens
from fetalclip_app.wording.translate import LANGUAGES, speaking

FRAMES = 30


def _panel(qtbot: QtBot, reading: ClipReading | None = None) -> FindingsPanel:
    clip = make_clip(FRAMES)
    panel = FindingsPanel()
    qtbot.addWidget(panel)
    panel.resize(340, 900)
    panel.show_clip(OpenClip(clip, QImage(), reading=reading or with_whole_clip(clip)))
    panel.show()
    qtbot.waitExposed(panel)
    panel.pooled.choice.setFocus()  # the panel rolls to it
    return panel


def _choose(qtbot: QtBot, panel: FindingsPanel, name: str) -> None:
    choice = panel.pooled.choice
    while choice.currentText() != name:
        before = choice.currentIndex()
        qtbot.keyClick(choice, Qt.Key.Key_Down)
        assert choice.currentIndex() == before + 1, name


@pytest.mark.parametrize(("frames", "is_there"), [(1, False), (2, False), (3, True), (FRAMES, True)])
def test_the_place_of_the_card_is_there_before_any_reading(qtbot: QtBot, frames: int, is_there: bool) -> None:
    panel = FindingsPanel()
    qtbot.addWidget(panel)
    panel.show_clip(OpenClip(make_clip(frames), QImage()))

    assert panel.pooled.isHidden() is not is_there
    assert panel.pooled.figure.text() == "–" and not panel.pooled.choice.isEnabled()


def test_nothing_below_moves_when_the_lengths_come(qtbot: QtBot) -> None:
    clip = make_clip(FRAMES)
    panel = _panel(qtbot)
    panel.show_clip(OpenClip(clip, QImage()))
    qtbot.wait(20)
    before = panel.pooled.geometry(), panel.pooled.figure.geometry(), panel.pooled.dots.geometry()

    panel.show_clip(OpenClip(clip, QImage(), reading=with_whole_clip(clip)))
    qtbot.wait(20)

    assert (panel.pooled.geometry(), panel.pooled.figure.geometry(), panel.pooled.dots.geometry()) == before


def test_a_clip_whose_frames_cannot_be_measured_says_why(qtbot: QtBot) -> None:
    why = Abstention(Reason.NOT_CALIBRATED, "no_scale")
    panel = _panel(qtbot, with_whole_clip(make_clip(FRAMES), why))

    assert panel.pooled.figure.is_doubt and panel.pooled.figure.text() == "No scale"
    assert "carries no scale" in panel.pooled.note.text()
    qtbot.mouseClick(panel.pooled.figure, Qt.MouseButton.LeftButton)
    words = " ".join(label.text() for label in panel.findChild(Popover).findChildren(QLabel))
    assert "carries no scale" in words


def test_the_card_shows_value_spread_count_and_outliers(qtbot: QtBot) -> None:
    panel = _panel(qtbot)
    card = panel.pooled

    assert not card.isHidden() and card.choice.currentText() == "HC"
    assert card.figure.text() == "175.2 ± 1.2\u2009mm"
    assert card.note.text().startswith("7 frames. Beyond 171.0") and "frame 21" in card.note.text()
    assert card.note.property("tone") == "doubt"


@pytest.mark.parametrize("language", LANGUAGES)
def test_many_outliers_leave_the_note_within_its_place(qtbot: QtBot, language: str) -> None:
    values = {frame: 175 + 0.1 * (frame % 5) for frame in range(30)} | {60 + frame: 150.0 for frame in range(12)}
    size, marked = pool(values, 1.0)
    length = replace(some_lengths().lengths[0], size=size, values=marked)
    with speaking(language):
        panel = _panel(qtbot, with_whole_clip(make_clip(90), WholeClip((length,))))
        panel.resize(panel.minimumWidth(), 900)
        note = panel.pooled.note

        assert note.heightForWidth(note.width()) <= note.height(), note.text()
        assert "10" in note.text()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "detail", ["no_head", "no_scale", "several_scales", "no_measured_plane", "outline", "line_ends"]
)
def test_every_reason_finds_room_in_the_note(qtbot: QtBot, language: str, detail: str) -> None:
    reasons = {"no_head": Reason.NOT_TRAINED, "no_measured_plane": Reason.NOT_APPLICABLE}
    reasons |= {"outline": Reason.AMBIGUOUS, "line_ends": Reason.AMBIGUOUS}
    with speaking(language):
        why = Abstention(reasons.get(detail, Reason.NOT_CALIBRATED), detail)
        panel = _panel(qtbot, with_whole_clip(make_clip(FRAMES), why))
        panel.resize(panel.minimumWidth(), 900)
        note = panel.pooled.note

        assert note.heightForWidth(note.width()) <= note.height(), note.text()


def test_another_length_is_chosen_by_the_keys(qtbot: QtBot) -> None:
    panel = _panel(qtbot)

    _choose(qtbot, panel, "BPD")
    assert panel.pooled.figure.text().startswith("48.8 ±") and panel.pooled.note.property("tone") == "muted"
    assert "No frame lies beyond" in panel.pooled.note.text()

    _choose(qtbot, panel, "FL, lines")
    assert panel.pooled.figure.is_doubt and "Fewer than 3" in panel.pooled.note.text()
    assert not panel.pooled.dots.isEnabled()


def test_the_length_that_was_chosen_stays_chosen_for_the_next_clip(qtbot: QtBot) -> None:
    panel = _panel(qtbot)
    _choose(qtbot, panel, "BPD")
    clip = make_clip(FRAMES, name="next.dcm")

    panel.show_clip(OpenClip(clip, QImage(), reading=with_whole_clip(clip)))

    assert panel.pooled.choice.currentText() == "BPD"


@pytest.mark.parametrize("which", range(7))
def test_a_dot_takes_to_its_frame(qtbot: QtBot, which: int) -> None:
    panel = _panel(qtbot)
    dots = panel.pooled.dots
    value = some_lengths().lengths[0].values[which]

    with qtbot.waitSignal(panel.frame_wanted) as asked:
        qtbot.mouseClick(dots, Qt.MouseButton.LeftButton, pos=dots.dot_of(value).toPoint())

    assert asked.args == [value.frame_index]


def test_a_press_beside_the_dots_goes_nowhere(qtbot: QtBot) -> None:
    panel = _panel(qtbot)
    dots = panel.pooled.dots

    with qtbot.assertNotEmitted(panel.frame_wanted):
        qtbot.mouseClick(dots, Qt.MouseButton.LeftButton, pos=QPoint(dots.width() - 8, dots.height() - 6))


def test_the_keys_go_from_dot_to_dot_and_to_a_frame(qtbot: QtBot) -> None:
    panel = _panel(qtbot)
    dots = panel.pooled.dots
    for _ in range(5):
        qtbot.keyClick(dots, Qt.Key.Key_Right)
    qtbot.keyClick(dots, Qt.Key.Key_Left)
    qtbot.keyClick(dots, Qt.Key.Key_Right)

    assert dots.accessibleName().endswith("Frame 21: 150.0\u2009mm, below")
    with qtbot.waitSignal(panel.frame_wanted) as asked:
        qtbot.keyClick(dots, Qt.Key.Key_Return)
    assert asked.args == [20]


def test_outliers_are_amber_and_the_others_are_not(qtbot: QtBot) -> None:
    panel = _panel(qtbot)
    dots = panel.pooled.dots
    picture = dots.grab().toImage()
    shown = picture.devicePixelRatio()

    for value in some_lengths().lengths[0].values:
        at = dots.dot_of(value) * shown
        colour = QColor(picture.pixel(at.toPoint()))
        assert (colour == QColor(tokens().doubt)) is (value.beyond is not None), value


def test_a_length_tells_where_it_comes_from(qtbot: QtBot) -> None:
    panel = _panel(qtbot)

    qtbot.mouseClick(panel.pooled.figure, Qt.MouseButton.LeftButton)

    words = " ".join(label.text() for label in panel.findChild(Popover).findChildren(QLabel))
    assert "repeats within this clip, not the error of the method" in words
    assert "64 of them were looked at" in words and "Iglewicz" in words and "outer edge of the skull" in words

"""Masks drawn by hand in the window of de-identification: by mouse and keys, before and after, remembered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from deidentify_window_tools import button, open_three, window_of, work, write_to
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from fetalclip_app import settings
from fetalclip_app.imaging.deidentify.mask import MaskSource
from fetalclip_app.imaging.deidentify.mask_book import load_book
from fetalclip_app.ui.deidentify_window import DeidentifyWindow
from fetalclip_app.ui.jobs import Jobs


@pytest.fixture
def window(qtbot: QtBot, jobs: Jobs) -> Iterator[DeidentifyWindow]:
    parent = QWidget()
    made = window_of(parent, qtbot, jobs)
    yield made
    work(made).cancel()


@pytest.fixture
def opened(window: DeidentifyWindow, qtbot: QtBot, tmp_path: Path) -> DeidentifyWindow:
    """Two files of one scanner, and one whose scan cannot be told."""
    open_three(window, qtbot, tmp_path)
    return window


def test_an_edge_is_dragged_and_the_mask_is_remembered(
    opened: DeidentifyWindow, qtbot: QtBot, tmp_path: Path, jobs: Jobs
) -> None:
    view = opened.picture
    box = work(opened).case.mask.keep[0]
    place = view._on_screen(box)
    start = QPoint(round(place.center().x()), round(place.top()))
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(view, start + QPoint(0, round(10 * place.height() / box.height)))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start)
    mask = work(opened).case.mask

    assert mask.source is MaskSource.GIVEN
    assert abs(mask.keep[0].top - box.top - 10) <= 1
    assert (mask.keep[0].left, mask.keep[0].bottom) == (box.left, box.bottom)
    write_to(tmp_path / "out", opened, qtbot)
    button(opened, qtbot, "Harmless: Har-low").click()
    write_to(tmp_path / "out", opened, qtbot)
    remembered = [each.keep for each in load_book(settings.masks_file()).masks if each.has_mask]
    kept = mask.keep[0]
    assert (kept.left, kept.top, kept.right, kept.bottom) in {corners for keep in remembered for corners in keep}


def test_the_mask_can_be_moved_by_keys(opened: DeidentifyWindow, qtbot: QtBot) -> None:
    view = opened.picture
    view.setFocus()
    before = work(opened).case.mask.keep[0]
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.keyClick(view, Qt.Key.Key_Space)
    qtbot.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(view, Qt.Key.Key_Left)
    after = work(opened).case.mask.keep[0]

    assert (after.left, after.top) == (before.left + 1, before.top + 10)
    assert (after.right, after.bottom) == (before.right, before.bottom)


def test_a_mask_can_be_drawn_where_none_was_found(opened: DeidentifyWindow) -> None:
    opened.files.setCurrentRow(2)
    opened.draw.click()
    case = work(opened).case

    assert case.mask is not None
    assert case.mask.visible().all()
    assert opened.look.isEnabled()


def test_the_picture_is_shown_before_and_after(opened: DeidentifyWindow) -> None:
    size = opened.picture.size()
    before = _corner(opened)
    opened.after.setChecked(True)
    after = _corner(opened)

    assert opened.picture.size() == size
    assert before > after == 0


def _corner(window: DeidentifyWindow) -> int:
    """Brightness of the picture's upper left, which is outside the mask."""
    view = window.picture
    place = view._viewport().target
    image = view.grab().toImage()
    return image.pixelColor(round(place.left()) + 4, round(place.top()) + 4).lightness()


def test_a_mask_that_still_keeps_the_whole_picture_is_neither_written_nor_remembered(
    opened: DeidentifyWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    opened.draw.click()
    work(opened).cases = work(opened).cases[:1]
    write_to(tmp_path / "out", opened, qtbot)

    assert "keeps the whole picture" in opened.state.text()
    assert not list((tmp_path / "out").glob("*.dcm")) if (tmp_path / "out").exists() else True
    assert load_book(settings.masks_file()).masks == ()

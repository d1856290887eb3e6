"""The card that tells where a number comes from, however much there is to tell."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from fetalclip_app.ui import theme
from fetalclip_app.ui.popover import Offer, Popover


@pytest.mark.parametrize("rows", [2, 80])
def test_a_popover_stays_on_the_screen_and_what_has_no_room_is_scrolled_to(
    qtbot: QtBot, qapp: QApplication, rows: int
) -> None:
    theme.apply(qapp)
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    told = [(f"Name {number}", "A value that wraps over several lines of the popover. " * 2) for number in range(rows)]
    popover = Popover(window, "Where this comes from", told, [Offer("Go to frame 1", lambda: None)])
    popover.open_beside(window)
    qtbot.waitExposed(popover)
    bar = popover.findChild(QScrollArea).verticalScrollBar()
    button = popover.findChild(QPushButton)

    assert popover.screen().availableGeometry().contains(popover.geometry())
    assert bar.isVisible() is (rows == 80)
    assert (bar.maximum() > 0) is (rows == 80)
    assert button.visibleRegion().boundingRect() == button.rect()
    popover.close()

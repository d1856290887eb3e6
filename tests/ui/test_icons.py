"""Every icon is in the set, is drawn in the theme's colour, and takes another theme's."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from fetalclip_app.ui import icons, theme
from fetalclip_app.ui.tokens import DARK, LIGHT


@pytest.fixture(autouse=True)
def _dark(qapp: QApplication):
    theme.apply(qapp, DARK)
    yield
    theme.apply(qapp, DARK)


@pytest.mark.parametrize("name", sorted(icons._NAMES))
def test_every_sign_is_in_the_set(name: str) -> None:
    picture = QImage(20, 20, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    icons.paint_sign(painter, QRect(0, 0, 20, 20), name)
    painter.end()

    assert any(picture.pixelColor(x, y).alpha() > 100 for x in range(20) for y in range(20))


def _inks(button: QToolButton, mode: QIcon.Mode, state: QIcon.State) -> set[str]:
    picture = button.icon().pixmap(QSize(20, 20), mode, state).toImage()
    colours = (picture.pixelColor(x, y) for x in range(picture.width()) for y in range(picture.height()))
    return {colour.name() for colour in colours if colour.alpha() == 255}


def test_an_icon_is_in_the_accent_while_checked_and_follows_the_theme(qtbot: QtBot, qapp: QApplication) -> None:
    button = QToolButton()
    qtbot.addWidget(button)
    icons.wear(button, "ruler")
    modes, states = QIcon.Mode, QIcon.State

    assert QColor(DARK.text).name() in _inks(button, modes.Normal, states.Off)
    assert QColor(DARK.accent).name() in _inks(button, modes.Normal, states.On)
    assert QColor(DARK.faint).name() in _inks(button, modes.Disabled, states.Off)
    theme.apply(qapp, LIGHT)
    icons.renew()
    assert QColor(LIGHT.text).name() in _inks(button, modes.Normal, states.Off)

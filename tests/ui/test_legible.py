"""Everything can be read: by screen readers, at the smallest size, and on every surface."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QSlider, QWidget
from pytestqt.qtbot import QtBot

from fetalclip_app.ui import theme
from fetalclip_app.ui.tokens import CONTRAST, DARK, LIGHT, Tokens


def test_everything_that_takes_the_keys_has_a_name_for_screen_readers(desk) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    kinds = (QAbstractButton, QSlider, QComboBox, QLineEdit)
    inside = desk.window.findChildren(QWidget)
    controls = [one for one in inside if one.focusPolicy() != Qt.FocusPolicy.NoFocus or isinstance(one, kinds)]
    nameless = [
        f"{type(one).__name__} {one.objectName()} in {type(one.parentWidget()).__name__}"
        for one in controls
        if not _spoken(one) and not one.objectName().startswith("qt_") and not _of_a_choice(one)
    ]

    assert len(controls) > 60
    assert nameless == []


def _spoken(widget: QWidget) -> str:
    """Return what a screen reader says: its name, or its words where it is a button."""
    if isinstance(widget, QLabel):
        return "its text"
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return widget.accessibleName() or text or widget.windowTitle()


def _of_a_choice(widget: QWidget) -> bool:
    """Whether it is the list of a combo box, which has the name."""
    parent = widget.parentWidget()
    return parent is not None and isinstance(parent.parentWidget(), QComboBox)


def test_at_the_smallest_size_nothing_is_cut(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm", "two.png")
    desk.wait_read()
    desk.window.resize(1100, 700)
    qtbot.wait(50)
    findings = desk.window.findings
    assert findings.widget().width() <= findings.viewport().width()
    figures = [findings.view.best, findings.age.age, *findings.head.figures.values()]

    assert desk.window.minimumSizeHint().width() <= 1100
    assert all(figure.width() >= figure.minimumSizeHint().width() for figure in figures)


def test_the_picture_has_three_fifths_of_the_window(desk, qtbot: QtBot) -> None:
    desk.window.resize(1440, 900)
    qtbot.wait(50)

    assert desk.window.area.width() >= 0.6 * 1440


_THEMES = pytest.mark.parametrize(("tokens", "ratio"), [(DARK, 4.5), (LIGHT, 4.5), (CONTRAST, 7.0)])


@_THEMES
@pytest.mark.parametrize("surface", ["base", "panel", "raised"])
@pytest.mark.parametrize("ink", ["text", "muted", "accent", "doubt", "error", "good"])
def test_words_can_be_read_on_every_surface(tokens: Tokens, ratio: float, surface: str, ink: str) -> None:
    assert _contrast(getattr(tokens, ink), getattr(tokens, surface)) >= ratio


@_THEMES
def test_words_can_be_read_on_coloured_surfaces(tokens: Tokens, ratio: float) -> None:
    assert _contrast(tokens.text, tokens.hover) >= ratio
    assert _contrast(tokens.on_accent, tokens.accent) >= ratio
    assert _contrast(tokens.on_accent, tokens.accent_hover) >= ratio
    assert _contrast(tokens.on_doubt, tokens.doubt) >= ratio


@_THEMES
@pytest.mark.parametrize("view", sorted(DARK.views))
def test_colours_of_views_are_told_from_the_surfaces(tokens: Tokens, ratio: float, view: str) -> None:
    assert all(_contrast(tokens.views[view], surface) >= 3.0 for surface in (tokens.base, tokens.panel, tokens.raised))
    assert sorted(tokens.views) == sorted(DARK.views)


def test_the_theme_changes_while_the_program_runs(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    shots = {}
    for name in ("theme_light", "theme_contrast", "theme_dark"):
        desk.press(name)
        shots[name] = _shades(desk, qtbot)

    assert shots["theme_light"] == (LIGHT.panel.lower(), DARK.canvas)
    assert shots["theme_contrast"] == (CONTRAST.panel.lower(), DARK.canvas)
    assert shots["theme_dark"] == (DARK.panel.lower(), DARK.canvas)
    assert [settings.theme for settings in desk.saved[-3:]] == ["light", "contrast", "dark"]


def test_an_icon_takes_the_colours_of_the_new_theme(desk, qapp) -> None:
    play = desk.window.actions_by_name["play"]
    before = _ink(play.icon())
    desk.press("theme_light")

    assert before == DARK.text.lower()
    assert _ink(play.icon()) == LIGHT.text.lower()
    theme.apply(qapp)


def _shades(desk, qtbot: QtBot) -> tuple[str, str]:
    """Return the colour of the top bar, and of the canvas beside the picture."""
    qtbot.wait(20)
    whole = desk.window.grab().toImage()
    area = desk.window.area.frame.mapTo(desk.window, QPoint(2, desk.window.area.frame.height() // 2))
    return whole.pixelColor(2, 2).name(), whole.pixelColor(area).name()


def _ink(icon: QIcon) -> str:
    """Return the colour of the most opaque pixel."""
    image = icon.pixmap(32, 32).toImage()
    pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    return max(pixels, key=lambda colour: colour.alpha()).name()


def _contrast(ink: str, surface: str) -> float:
    darker, lighter = sorted((_luminance(ink), _luminance(surface)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2."""
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

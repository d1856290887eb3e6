"""Everything can be read: by screen readers, at the smallest size, and on every surface."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QSlider
from pytestqt.qtbot import QtBot

from fetalclip_app.ui.theme import DARK


def test_every_control_has_a_name_for_screen_readers(desk) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    kinds = (QAbstractButton, QSlider, QComboBox, QLineEdit)
    controls = [control for kind in kinds for control in desk.window.findChildren(kind)]
    nameless = [
        control
        for control in controls
        if not control.accessibleName() and not getattr(control, "text", str)() and not control.objectName()
    ]

    assert len(controls) > 30
    assert nameless == []


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


@pytest.mark.parametrize("surface", [DARK.base, DARK.panel, DARK.raised])
@pytest.mark.parametrize("ink", [DARK.text, DARK.muted, DARK.doubt, DARK.error])
def test_words_can_be_read_on_every_surface(ink: str, surface: str) -> None:
    lighter, darker = _luminance(ink), _luminance(surface)

    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def _luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2."""
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

"""A dialog that was asked once does not stay in memory."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtPrintSupport import QPrintDialog
from PySide6.QtWidgets import QDialog, QWidget
from pytestqt.qtbot import QtBot

from fetalclip_app.ui.dialogs import is_accepted
from fetalclip_app.ui.frame_out import ask_printer
from fetalclip_app.ui.model_menu import ModelMenu


@pytest.mark.parametrize(
    ("answer", "is_yes"), [(QDialog.DialogCode.Accepted, True), (QDialog.DialogCode.Rejected, False)]
)
def test_a_dialog_that_was_answered_does_not_stay(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, answer: QDialog.DialogCode, is_yes: bool
) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = QDialog(parent)
    monkeypatch.setattr(QDialog, "exec", lambda self: answer)

    assert is_accepted(dialog) is is_yes
    qtbot.waitUntil(lambda: parent.findChildren(QDialog) == [])


def test_neither_the_licence_nor_the_printers_stay_with_the_window(
    desk: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = desk.window
    before = len(window.findChildren(QDialog))
    for kind in (QDialog, QPrintDialog):
        monkeypatch.setattr(kind, "exec", lambda self: QDialog.DialogCode.Rejected)

    assert not window.findChild(ModelMenu).ask_licence(window)
    assert ask_printer(window) is None
    qtbot.waitUntil(lambda: len(window.findChildren(QDialog)) == before)

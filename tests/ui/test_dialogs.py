"""A dialog that was asked once does not stay in memory."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QDialog, QWidget
from pytestqt.qtbot import QtBot

from fetalclip_app.ui.dialogs import is_accepted


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

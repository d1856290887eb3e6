"""The program as a whole: its own process for the model, an end without a trace, and faults nobody caught."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest
from fakes import spell_factory
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fetalclip_app import settings
from fetalclip_app.inference.worker import ModelProcess
from fetalclip_app.settings import Settings
from fetalclip_app.ui import app, theme


def test_what_nobody_caught_is_one_calm_sentence(desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    app._tell_what_nobody_caught(desk.window)
    sys.excepthook(ValueError, ValueError("made up"), None)

    assert not desk.window.area.message.isHidden()
    assert "made up" not in desk.window.area.message.sentence.text()


def test_the_whole_program_reads_by_a_process_of_its_own_and_ends_without_a_trace(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    theme.apply(qapp)
    picture = QImage(64, 48, QImage.Format.Format_RGB888)
    picture.fill(0x808080)
    picture.save(str(tmp_path / "one.png"))
    studio = app.Studio(Settings(), ModelProcess(spell_factory))
    qtbot.addWidget(studio.window)
    studio.window.show()
    studio.start([tmp_path / "one.png"], None)
    session = studio.session
    try:
        qtbot.waitUntil(lambda: bool(session.entries) and session.entries[0].reading is not None, timeout=90_000)
        shown = studio.window.top.model.text()
    finally:
        studio.end()

    assert shown == "Compact 1.0 · 7f3a0000"
    assert studio.model.pid is None
    assert settings.load().recent == (tmp_path / "one.png",)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("model", "file"))]

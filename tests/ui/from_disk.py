"""Waits for what comes from the disk, which may be a busy one."""

from __future__ import annotations

from collections.abc import Callable

from pytestqt.qtbot import QtBot

from fetalclip_app.ui import app


def until(qtbot: QtBot, holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    qtbot.waitUntil(holds, timeout=30_000)


def until_opened(studio: app.Studio, qtbot: QtBot) -> None:
    """Wait until the notes of what is shown are there, and every clip is read."""
    book = studio.window.notebook
    until(qtbot, lambda: book.clip is not None and book.study is not None)
    until(qtbot, lambda: all(entry.reading is not None for entry in studio.session.entries))

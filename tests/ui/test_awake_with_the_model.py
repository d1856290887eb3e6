"""With the real model in its own process: the window is never held up, and the timeline fills while the model reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from holding import held_up
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bench.files_scene import fitting_quality, write_cine
from fetalclip_app.settings import Settings
from fetalclip_app.ui import theme
from fetalclip_app.ui.app import Studio

FRAMES = 48
PATIENCE_MS = 200_000

pytestmark = [pytest.mark.weights, pytest.mark.slow]


@pytest.fixture
def studio(qapp: QApplication, qtbot: QtBot) -> Iterator[Studio]:
    theme.apply(qapp)
    made = Studio(Settings(device="cpu"))
    qtbot.addWidget(made.window)
    made.window.show()
    qtbot.waitExposed(made.window)
    made.window.grab()  # the first paint loads fonts and icons
    yield made
    made.end()


def test_the_window_is_never_held_up_while_the_model_loads_and_reads_beside_a_cine_that_plays(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    path = write_cine(tmp_path / "loop.dcm", range(FRAMES), fitting_quality())
    known: list[int] = []

    def note() -> None:
        shown = studio.session.shown
        if shown is not None and shown.sight is not None:
            known.append(int((~np.isnan(shown.sight.views.per_frame[:, 0])).sum()))

    studio.session.sight_changed.connect(note)
    with held_up() as holds:
        studio.start([path], None)
        qtbot.waitUntil(lambda: studio.window.viewer.on_screen == 0, timeout=PATIENCE_MS)
        studio.window.actions_by_name["play"].trigger()
        qtbot.waitUntil(lambda: studio.session.entries[0].reading is not None, timeout=PATIENCE_MS)

    assert [(hold.name, hold.worked_s, hold.waits) for hold in holds if hold.is_too_long] == []
    assert len(known) >= 4
    assert known == sorted(known)
    assert known[0] < FRAMES / 2 and known[-1] == FRAMES

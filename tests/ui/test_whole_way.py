"""Once with everything real: the bundled sample dropped on the window, read by the compact model, and exported."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fetalclip_app import RESEARCH_USE_ONLY
from fetalclip_app.domain.age import AgeEstimate
from fetalclip_app.domain.reading import HeadMeasurement, HeadSize
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.errors import ErrorCode
from fetalclip_app.settings import Settings
from fetalclip_app.ui import theme
from fetalclip_app.ui.app import Studio, sample

TRUE_HC_MM = 176.0
"""Stated in the sample's file and in resources/samples/README.md."""

PATIENCE_MS = 120_000

pytestmark = pytest.mark.weights


@pytest.fixture
def studio(qapp: QApplication, qtbot: QtBot) -> Iterator[Studio]:
    theme.apply(qapp)
    made = Studio(Settings(device="cpu"))
    qtbot.addWidget(made.window)
    made.window.show()
    made.start([], None)
    yield made
    made.end()


def _drop(studio: Studio, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPointF(300, 300).toPoint(), copy, data, left, none)
    QApplication.sendEvent(studio.window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(studio.window, QDropEvent(QPointF(300, 300), copy, data, left, none))


def _wait_read(studio: Studio, qtbot: QtBot) -> None:
    def is_read() -> bool:
        return bool(studio.session.entries) and studio.session.entries[0].reading is not None

    qtbot.waitUntil(is_read, timeout=PATIENCE_MS)


def test_from_drop_to_pdf(studio: Studio, qtbot: QtBot, tmp_path: Path) -> None:
    path = sample()
    assert path is not None
    _drop(studio, path)
    _wait_read(studio, qtbot)
    reading = studio.session.entries[0].reading
    assert reading is not None

    views = reading.answer("views", ViewPrediction)
    assert views.best == "brain"
    assert views.abstained is None
    head = reading.answer("head", HeadMeasurement)
    assert isinstance(head.size, HeadSize)
    assert head.size.hc_mm == pytest.approx(TRUE_HC_MM, abs=3.0)
    age = reading.answer("gestational_age", AgeEstimate)
    assert age is None or age.learned_from_head_size

    target = tmp_path / "report.pdf"
    studio.window.exporting.ask = lambda *_: target
    with qtbot.waitSignal(studio.window.exporting.written, timeout=PATIENCE_MS):
        studio.window.exporting.pdf()
    pages = [page.extract_text() for page in PdfReader(target).pages]
    assert pages
    assert all(RESEARCH_USE_ONLY in page for page in pages)
    assert f"{head.size.hc_mm:.1f}" in "".join(pages)
    assert reading.provenance.model.sha256[:8] in "".join(pages)


def test_a_killed_model_is_a_sentence_and_the_next_reading_starts_a_new_one(studio: Studio, qtbot: QtBot) -> None:
    path = sample()
    assert path is not None
    _drop(studio, path)
    _wait_read(studio, qtbot)
    first = studio.model.pid
    assert first is not None

    os.kill(first, signal.SIGKILL)
    with qtbot.waitSignal(studio.session.trouble, timeout=PATIENCE_MS) as told:
        studio.session.read_again()
    assert told.args[0].code is ErrorCode.WORKER_LOST
    studio.session.read_again()
    _wait_read(studio, qtbot)

    assert studio.window.isVisible()
    assert studio.model.pid != first

"""What is answered stands in its card while the longest task of the reading is still under way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from fakes import FakeEngine, make_clip, make_reading
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.notes import Enters
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.inference.listening import NOBODY, Listener
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.ui.calipers.strip import CaliperStrip
from fetalclip_app.ui.open_clip import ReadState


@dataclass
class Lingering(FakeEngine):
    """Tells what it has before its last task, and goes on when it is let."""

    gate: threading.Event = field(default_factory=threading.Event)

    def read(self, clip: Clip, cancel: CancelToken, report: Report, listener: Listener = NOBODY) -> ClipReading:
        reading = make_reading(clip, identity=self.identity)
        sight = reading.sight
        assert sight is not None
        listener.seen(replace(sight, so_far=reading))
        report(len(clip), 2 * len(clip))
        while not self.gate.wait(0.002):
            cancel.check()
        return reading


@pytest.fixture
def desk(desk_of: Callable):
    made = desk_of(make_clip(12, name="one.dcm"), make_clip(6, name="two.dcm"))
    made.model.engine = engine = Lingering()
    made.start()
    yield made
    engine.gate.set()


def test_cards_are_filled_before_the_reading_is_over_and_nothing_is_written_yet(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    entry, window = desk.session.entries[0], desk.window
    qtbot.waitUntil(lambda: window.findings.age.age.text() == "20w3d")

    assert entry.state is ReadState.READING
    assert entry.reading is None
    assert not window.actions_by_name["export_pdf"].isEnabled()
    assert not window.actions_by_name["export_json"].isEnabled()
    desk.model.engine.gate.set()
    desk.wait_read()
    assert window.actions_by_name["export_pdf"].isEnabled()
    assert entry.so_far is None
    assert window.findings.age.age.text() == "20w3d"


def test_another_model_takes_away_what_the_one_before_had_answered(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    qtbot.waitUntil(lambda: desk.window.findings.age.age.text() == "20w3d")
    desk.model.engine = FakeEngine()
    desk.model.gate.clear()
    desk.session.start_model(EngineRequest())

    assert desk.window.findings.age.age.text() == "–"
    qtbot.waitUntil(lambda: desk.session.info is not None)
    assert desk.window.findings.age.age.text() == "–"


def test_a_value_of_a_reading_that_is_not_over_is_taken_and_begun_from_as_it_is_shown(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    window = desk.window
    qtbot.waitUntil(lambda: window.findings.head.figures["hc"].text().startswith("104.8"))
    qtbot.waitUntil(lambda: window.notebook.clip is not None and window.viewer.on_screen is not None)
    QTest.keyClick(window, Qt.Key.Key_A)
    assert window.notebook.clip.enters[Measure.HC] is Enters.MODEL
    window.viewer.player.seek(6)
    qtbot.waitUntil(lambda: window.viewer.on_screen == 6)
    QTest.keyClick(window, Qt.Key.Key_E)

    assert window.area.findChild(CaliperStrip).from_model.isVisible()
    assert desk.session.entries[0].reading is None


def test_measure_first_holds_back_what_is_answered_so_far(desk, qtbot: QtBot) -> None:
    desk.press("measure_first")
    desk.open("one.dcm")
    window = desk.window
    qtbot.waitUntil(lambda: window.findings.head.figures["hc"].text() == "Hidden")
    assert window.findings.age.age.text() != "20w3d"
    desk.press("measure_first")

    assert window.findings.head.figures["hc"].text().startswith("104.8")

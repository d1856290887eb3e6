"""Measure first: while it is on, nothing of the window tells the model's number before the person has her own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import make_clip, make_reading
from hand_tools import drag, ready
from line_tools import LICENCE, with_lines
from pooled_tools import some_lengths
from pypdf import PdfReader
from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QComboBox, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot
from structure_tools import some_structures

from fetalclip_app.biometry.values import MEASURED, model_values
from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.reading import ClipReading, Finding, LineMeasurements, Measurement
from fetalclip_app.domain.veil import HEAD_MEASURES, veiled
from fetalclip_app.settings import Settings
from fetalclip_app.ui.calipers.strip import CaliperStrip
from fetalclip_app.ui.parts import Caption, Figure
from fetalclip_app.ui.popover import Popover

ENDS = ((40.0, 40.0), (110.0, 45.0))


def _reading(clip) -> ClipReading:
    """Return a reading in which every kind of answer tells a size."""
    one = Measurement("bpd", "head", 61.37, ENDS, 0.02, 0.1, 6, LICENCE)
    lines = LineMeasurements(
        (
            one,
            replace(one, name="ac", structure="abdomen", size_mm=163.91, ends=()),
            replace(one, name="tad", structure="abdomen", size_mm=52.83),
            replace(one, name="apad", structure="abdomen", size_mm=51.47),
            replace(one, name="fl", structure="femur", size_mm=33.29),
        )
    )
    made = with_lines(clip, lines)
    more = (Finding("whole_clip", some_lengths()), Finding("structures", some_structures(clip, 6), 6))
    return replace(made, findings=(*made.findings, *more))


@pytest.fixture
def desk(desk_of):
    """A window with measure-first on, whose model measures everything."""
    clip = make_clip(12, name="one.dcm")
    settings = Settings(measure_first=True, bpd_definition=BpdDefinition.OUTER_OUTER)
    made = desk_of(clip, settings=settings)
    made.model.engine.read = lambda clip, cancel, report, *more: _reading(clip)
    made.start()
    return made


def _numbers(*measures: Measure) -> set[str]:
    """Return what the model's values of some measures look like wherever they are written."""
    reading = make_reading(make_clip(12, name="one.dcm"))
    own = {value.measure: value.size_mm for m in HEAD_MEASURES for value in model_values(reading, m)}
    texts = {Measure.AC: {"163.9", "52.8", "51.5"}, Measure.FL: {"33.3"}}
    pooled = {Measure.HC: {"175.2", "175.0", "175.5"}, Measure.BPD: {"61.4", "48.6"}}
    for measure, size in own.items():
        texts.setdefault(measure, set()).update({f"{size:.1f}", f"{size / 0.5:.0f} px"}, pooled.get(measure, set()))
    if Measure.HC in measures:
        texts[Measure.HC].add("20w3d")
    return set().union(*(texts[measure] for measure in measures))


def _told(window: QWidget) -> Iterator[str]:
    """Yield everything that a window writes, shows on hovering or says to a screen reader."""
    for widget in (window, *window.findChildren(QWidget)):
        yield from (widget.toolTip(), widget.accessibleName(), widget.accessibleDescription(), widget.windowTitle())
        yield from (widget.statusTip(), widget.whatsThis())
        if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
            yield widget.text()
        if isinstance(widget, QComboBox):
            yield from (widget.itemText(row) for row in range(widget.count()))
        if isinstance(widget, QAbstractItemView) and widget.model() is not None:
            yield from _of_model(widget.model())
    for action in window.findChildren(QAction):
        yield from (action.text(), action.toolTip())
    frame = window.area.frame
    yield from (frame.caption, frame.hand.text, *(one.text for one in frame.hand.drawn))


def _of_model(model: QAbstractItemModel) -> Iterator[str]:
    roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
    for row in range(model.rowCount()):
        yield from (str(model.data(model.index(row, 0), role)) for role in roles)


def _leaks(desk, numbers: set[str]) -> set[str]:
    told = "\n".join(_told(desk.window)).replace("\N{THIN SPACE}", " ")
    return {number for number in numbers if re.search(rf"(?<![\d.]){re.escape(number)}", told)}


def _visit(desk) -> None:
    """Look at the frame that the model measured on."""
    desk.window.viewer.player.seek(6)
    desk.qtbot.waitUntil(lambda: desk.window.viewer.on_screen == 6)


def test_the_walk_over_the_window_finds_the_numbers_where_they_are_shown(desk) -> None:
    ready(desk, "one.dcm")
    desk.press("measure_first")
    _visit(desk)

    assert _leaks(desk, _numbers(*MEASURED)) >= _numbers(*MEASURED) - {
        number for number in _numbers(*MEASURED) if number.endswith("px") or number in {"175.0", "175.5", "48.6"}
    }
    assert desk.window.area.frame.head is not None


def test_nothing_of_the_window_tells_a_number_before_it_was_measured_by_hand(desk) -> None:
    frame = ready(desk, "one.dcm")
    _visit(desk)

    assert not _leaks(desk, _numbers(*MEASURED))
    assert frame.head is None and not frame.lines
    assert "skull" not in {one.name for one in frame.structures}
    assert desk.window.findings.head.figures["hc"].text() == "Hidden"
    assert "measure-first" in desk.window.findings.head.note.text()
    assert "measure first" in desk.window.findings.head.heading.text()


def test_what_was_measured_is_shown_with_both_values_and_the_rest_stays_hidden(desk) -> None:
    frame = ready(desk, "one.dcm")
    _visit(desk)
    QTest.keyClick(desk.window, Qt.Key.Key_E)
    assert not desk.window.area.findChild(CaliperStrip).from_model.isVisible()
    drag(frame, (40, 60), (120, 60))
    drag(frame, (80, 80), (80, 90))
    card = desk.window.findings.head
    (models,) = card.others(Measure.HC)

    assert models.text().replace("\N{THIN SPACE}", " ").removeprefix("outline ").removesuffix(" mm") in _numbers(
        Measure.HC
    )
    assert card.source(Measure.HC) == "yours"
    hidden = set(MEASURED) - {Measure.HC}
    assert not _leaks(desk, _numbers(*hidden))
    assert frame.head is None  # its axes are BPD and OFD
    desk.press("undo")
    assert not _leaks(desk, _numbers(*MEASURED))


def test_the_outline_comes_with_the_last_measure_of_the_head(desk) -> None:
    frame = ready(desk, "one.dcm")
    _visit(desk)
    QTest.keyClick(desk.window, Qt.Key.Key_E)
    drag(frame, (40, 60), (120, 60))
    drag(frame, (80, 80), (80, 90))
    strip = desk.window.area.findChild(CaliperStrip)
    for measure, end in ((Measure.BPD, (60, 90)), (Measure.OFD, (60, 95))):
        assert frame.head is None
        QTest.keyClick(desk.window, Qt.Key.Key_C)
        strip.measures[measure].click()
        drag(frame, (60, 40), end)

    assert frame.head is not None
    assert not _leaks(desk, _numbers(Measure.AC, Measure.FL))


def test_no_popover_tells_it(desk, qtbot: QtBot) -> None:
    ready(desk, "one.dcm")
    findings = desk.window.findings
    numbers = [one for one in findings.findChildren(QAbstractButton) if isinstance(one, Figure | Caption)]
    for number in [one for one in numbers if one.isEnabled() and one.isVisible()]:
        number.click()
        for popover in findings.findChildren(Popover):
            assert not _leaks(desk, _numbers(*MEASURED)), number.text()
            popover.close()
        qtbot.waitUntil(lambda: not findings.findChildren(Popover))


def test_a_file_that_is_written_meanwhile_does_not_hold_it(desk, qtbot: QtBot, tmp_path: Path) -> None:
    ready(desk, "one.dcm")
    path = tmp_path / "findings.json"
    desk.window.exporting.ask = lambda *_args: path
    with qtbot.waitSignal(desk.window.exporting.written):
        desk.press("export_json")
    text = path.read_text(encoding="utf-8")

    assert "held_back" in text
    pdf = tmp_path / "report.pdf"
    desk.window.exporting.ask = lambda *_args: pdf
    with qtbot.waitSignal(desk.window.exporting.written):
        desk.press("export_pdf")
    told = "\n".join(page.extract_text() for page in PdfReader(pdf).pages).replace("\N{THIN SPACE}", " ")
    assert "Hidden" in told or "Held back" in told
    for value in ("61.4", "163.9", "52.8", "33.3", "104.8", "20w3d"):
        assert value not in told, value
    for value in ("61.37", "163.91", "52.83", "33.29", "104.8", "20w3d", "gestational_age_days"):
        assert value not in json.dumps(json.loads(text)), value


def test_the_next_clip_starts_hidden_again_and_the_switch_shows_all(desk_of) -> None:
    desk = desk_of(make_clip(3, name="a.dcm"), make_clip(3, name="b.dcm"), settings=Settings(measure_first=True))
    desk.start()
    frame = ready(desk, "a.dcm", "b.dcm")
    QTest.keyClick(desk.window, Qt.Key.Key_E)
    drag(frame, (40, 60), (120, 60))
    drag(frame, (80, 80), (80, 90))
    assert desk.window.findings.head.others(Measure.HC)
    desk.press("next_clip")
    assert desk.window.findings.head.figures["hc"].text() == "Hidden"
    QTest.keyClick(desk.window, Qt.Key.Key_M, Qt.KeyboardModifier.ShiftModifier)

    assert desk.window.findings.head.figures["hc"].text().startswith("104.8")
    assert desk.saved[-1].measure_first is False


def test_a_veil_keeps_reasons_that_name_no_size_and_hides_those_that_do() -> None:
    femur = veiled(make_reading(make_clip(3), best="femur"), frozenset(MEASURED))
    assert femur.finding("head").answer.detail == "no_brain_frame"
    whole = make_reading(make_clip(3))

    assert veiled(veiled(whole, frozenset(MEASURED)), frozenset()) is whole
    assert isinstance(whole.finding("head").answer.ellipse, Ellipse)

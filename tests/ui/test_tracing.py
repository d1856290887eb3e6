"""A number that is clicked tells all that it came from, and what was done to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from fakes import make_clip
from hand_tools import drag, ready
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from study_tools import dated

from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.clip import Origin
from fetalclip_app.settings import Settings
from fetalclip_app.ui.growth.door import Growth
from fetalclip_app.ui.popover import Popover

ORIGIN = Origin(patient_id="P-001", study_date="20260314", instance_uid="1.2.840.1")
WHO = "A. Sonographer"


def told(desk, widget) -> str:
    """Click a number and return what the card beside it says, and close the card."""
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)
    popover = next(one for one in desk.window.findChildren(Popover) if one.isVisible())
    text = "\n".join(label.text() for label in popover.texts).replace("\u2009", " ")
    popover.close()
    desk.qtbot.waitUntil(lambda: not any(one.isVisible() for one in desk.window.findChildren(Popover)))
    return text


def desk_with(desk_of, archive: Archive | None = None):
    settings = Settings(bpd_definition=BpdDefinition.OUTER_INNER, operator=WHO)
    made = desk_of(make_clip(4, name="one.dcm", height=240, width=320, origin=ORIGIN), settings=settings, notes=archive)
    made.start()
    return made


def draw_and_move(desk) -> None:
    """Draw a BPD of 50 pixels by a millimetre's half, then make it two pixels longer."""
    frame = ready(desk, "one.dcm")
    QTest.keyClick(desk.window, Qt.Key.Key_C)
    drag(frame, (60, 40), (60, 90))
    QTest.keyClick(frame, Qt.Key.Key_Down)
    QTest.keyClick(frame, Qt.Key.Key_Down)
    QTest.keyClick(frame, Qt.Key.Key_Escape)
    desk.qtbot.waitUntil(lambda: desk.window.notebook.clip.measured[0].shape.last[1] > 91)


def test_a_number_of_the_model_names_file_instance_region_shape_and_weights(desk_of) -> None:
    desk = desk_with(desk_of)
    ready(desk, "one.dcm")
    text = told(desk, desk.window.findings.head.figures["hc"])
    key = desk.session.entries[0].clip.key

    assert "one.dcm" in text and key in text
    assert "1.2.840.1, frame 3" in text
    assert "A, 0.500 mm/px" in text
    assert "ellipse at 160.0, 134.4" in text and "Ramanujan" in text
    assert desk.model.engine.identity.sha256 in text.replace("\n", "") and "FetalCLIP Studio 0.1.0" in text


def test_a_number_by_hand_tells_each_edit_with_before_after_who_and_when(desk_of) -> None:
    desk = desk_with(desk_of)
    draw_and_move(desk)
    text = told(desk, desk.window.findings.head.figures["bpd"])

    assert f"{WHO}, drawn: 25.0 mm" in text
    assert f"{WHO}, changed: 25.0 mm became 26.0 mm" in text
    assert "line from 60.0, 40.0 to 60.0, 92.0 px" in text
    assert f"{datetime.now().astimezone():%Y-%m-%d} " in text


def test_edits_of_an_earlier_sitting_are_told_too(desk_of, tmp_path, qtbot) -> None:
    archive = Archive(tmp_path / "archive.db")
    first = desk_with(desk_of, archive)
    draw_and_move(first)
    first.qtbot.waitUntil(lambda: len(archive.load_history(first.session.entries[0].clip.key)) >= 2)
    first.window.close()
    second = desk_with(desk_of, archive)
    ready(second, "one.dcm")
    entry, findings = second.session.entries[0], second.window.findings
    qtbot.waitUntil(lambda: len(findings.history_of(entry)) >= 2)

    assert f"{WHO}, drawn: 25.0 mm" in told(second, findings.head.figures["bpd"])
    archive.close()


@pytest.mark.parametrize("measure", [Measure.HC, Measure.OFD])
def test_every_length_of_the_card_has_a_trace_of_its_own(desk_of, measure: Measure) -> None:
    desk = desk_with(desk_of)
    ready(desk, "one.dcm")

    assert "ellipse at 160.0, 134.4" in told(desk, desk.window.findings.head.figures[measure.value])


def test_view_and_age_have_traces_too(desk_of) -> None:
    desk = desk_with(desk_of)
    ready(desk, "one.dcm")
    findings = desk.window.findings

    assert desk.session.entries[0].clip.key in told(desk, findings.age.age)
    assert "arXiv:2502.14807" in told(desk, findings.age.age)


def test_a_size_of_the_study_names_what_it_was_computed_from(desk_of) -> None:
    desk = desk_with(desk_of)
    draw_and_move(desk)
    card = next(one for one in desk.window.features if isinstance(one, Growth)).card
    text = told(desk, card.figure("BPD outer–inner"))

    assert "BPD outer–inner, by hand" in text
    assert f"{WHO}, drawn: 25.0 mm" in text and "enters the report" in text


def test_the_dating_tells_who_dated_and_when_and_what_it_was_before(desk_of) -> None:
    desk = desk_with(desk_of)
    ready(desk, "one.dcm")
    book = desk.window.notebook
    for days in (140, 143):
        book.change_study("Date", replace(book.study, dating=dated(days)))
    QTest.keyClick(desk.window, Qt.Key.Key_W, Qt.KeyboardModifier.ShiftModifier)
    ages = next(one for one in desk.window.features if isinstance(one, Growth)).ages
    value = next(one for one in ages.values if one.accessibleName().startswith("Dated by LMP"))
    QTest.mouseClick(value, Qt.MouseButton.LeftButton)
    popover = next(one for one in ages.findChildren(Popover) if one.isVisible())
    text = "\n".join(label.text() for label in popover.texts)
    popover.close()

    assert f"{WHO}, dated: 20w0d" in text
    assert f"{WHO}, dated anew: 20w0d became 20w3d" in text

"""Twins: a study says how many, each clip is given to one, and nothing measured is anybody's before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes import make_clip
from hand_tools import by_hand, drag, line, ready
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from shelf import ShelfInMemory

from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.notes import ClipNotes, StudyNotes
from fetalclip_app.settings import Settings
from fetalclip_app.ui.clip_rows import FETUS_ROLE

ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def desk(desk_of):
    made = desk_of(make_clip(3, name="a.dcm"), make_clip(3, name="b.dcm"))
    made.start()
    return made


def _badges(desk) -> list[str]:
    return [label.text() for label in desk.window.area.badges.labels]


def _in_list(desk) -> list[str | None]:
    model = desk.window.clips.view.model()
    return [model.data(model.index(row, 0), FETUS_ROLE) for row in range(model.rowCount())]


def test_a_single_pregnancy_asks_nobody_whose_scan_it_is(desk) -> None:
    ready(desk, "a.dcm", "b.dcm")

    assert _badges(desk) == [] and _in_list(desk) == ["", ""]
    assert desk.window.actions_by_name["fetuses_1"].isChecked()
    QTest.keyClick(desk.window, Qt.Key.Key_A, ALT)
    assert "one fetus" in desk.window.area.message.sentence.text()
    assert not desk.window.notebook.clip.fetus


def test_with_two_fetuses_every_clip_asks_whose_and_is_given_by_key(desk) -> None:
    ready(desk, "a.dcm", "b.dcm")
    card = desk.window.findings.head
    desk.press("fetuses_2")
    assert _badges(desk) == ["⚠ Whose?"] and _in_list(desk) == [None, None]
    assert (card._whose.text(), card._whose.property("tone")) == ("Whose?", "doubt")
    QTest.keyClick(desk.window, Qt.Key.Key_B, ALT)

    assert _badges(desk) == ["Fetus B"] and _in_list(desk) == ["B", None]
    assert (card._whose.text(), card._whose.property("tone")) == ("Fetus B", "muted")
    assert desk.window.actions_by_name["fetus_b"].isChecked()
    desk.press("next_clip")
    desk.qtbot.waitUntil(lambda: desk.window.notebook.clip is not None)
    assert _badges(desk) == ["⚠ Whose?"]
    desk.press("undo")
    desk.press("undo")
    assert _badges(desk) == [] and _in_list(desk) == ["", ""]


def test_the_key_again_takes_the_clip_back_and_a_fetus_that_is_not_there_is_refused(desk) -> None:
    ready(desk, "a.dcm")
    desk.press("fetuses_2")
    QTest.keyClick(desk.window, Qt.Key.Key_C, ALT)
    assert "no fetus C" in desk.window.area.message.sentence.text()
    QTest.keyClick(desk.window, Qt.Key.Key_A, ALT)
    QTest.keyClick(desk.window, Qt.Key.Key_A, ALT)

    assert desk.window.notebook.clip.fetus == "" and _badges(desk) == ["⚠ Whose?"]


def test_what_is_measured_is_the_clips_fetuses_and_goes_with_it(desk) -> None:
    frame = ready(desk, "a.dcm")
    desk.press("fetuses_2")
    QTest.keyClick(desk.window, Qt.Key.Key_B, ALT)
    QTest.keyClick(desk.window, Qt.Key.Key_E)
    drag(frame, (40, 60), (120, 60))
    drag(frame, (80, 80), (80, 90))
    (one,) = desk.window.notebook.clip.measured
    assert one.fetus == "B" and frame.hand.drawn[0].text.startswith("B HC ")
    QTest.keyClick(desk.window, Qt.Key.Key_A, ALT)

    assert [one.fetus for one in desk.window.notebook.clip.measured] == ["A"]
    assert frame.hand.drawn[0].text.startswith("A HC ")


def test_no_number_of_one_fetus_is_written_under_the_other_and_none_without_a_name(
    desk_of, qtbot: QtBot, tmp_path: Path
) -> None:
    shelf = ShelfInMemory()
    a, b, c = (make_clip(3, name=f"{name}.dcm", pixel_mm=mm) for name, mm in (("a", 0.5), ("b", 0.6), ("c", 0.7)))
    shelf.clips = {
        a.key: ClipNotes(fetus="A", measured=(by_hand(Measure.FL, line(60), fetus="A"),)),
        b.key: ClipNotes(  # the first was drawn before the clip was given
            fetus="B", measured=(by_hand(Measure.FL, line(64)), by_hand(Measure.FL, line(60), fetus="B"))
        ),
    }
    desk = desk_of(a, b, c, notes=shelf, settings=Settings())
    desk.start()
    ready(desk, "a.dcm", "b.dcm", "c.dcm")
    book = desk.window.notebook
    book.change_study("twins", StudyNotes(fetuses=("A", "B")))
    qtbot.waitUntil(lambda: len(book.clips_of_study()) == 3)
    path = tmp_path / "findings.json"
    desk.window.exporting.ask = lambda *_args: path
    with qtbot.waitSignal(desk.window.exporting.written):
        desk.press("export_json")
    clips = json.loads(path.read_text(encoding="utf-8"))

    assert [clip["fetus"] for clip in clips if "file" in clip] == ["A", "B", None]
    study = next(one for one in clips if "growth" in one)
    sizes = {
        (one["fetus"], *one["clips"]): {row["measure"]: row["enters"]["mm"] for row in one["sizes"]}
        for one in study["growth"]["fetuses"]
    }
    assert {key: round(found["fl"], 3) for key, found in sizes.items()} == {("A", 1): 30.0, ("B", 2): 37.2}
    assert sizes["A", 1]["hc"] != sizes["B", 2]["hc"]
    assert _in_list(desk) == ["A", "B", None]

"""An earlier exam beside: only of the same patient, with its own date, badges, scale and age, both exams' values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from fakes import make_clip
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from test_grid import _ByName

from fetalclip_app.domain.clip import Clip, Origin
from fetalclip_app.domain.dating import Dating
from fetalclip_app.domain.notes import StudyNotes, study_key
from fetalclip_app.tasks.best_frames import best_frames
from fetalclip_app.ui.grid.earlier_panel import EarlierPanel


def _origin(day: str, *, patient: str = "P-001", **more: object) -> Origin:
    title = f"Exam of {day}"
    return Origin(patient_id=patient, study_uid=f"1.2.{day}", study_date=day, study_description=title, **more)


def _now(name: str = "b.dcm", **more: object) -> Clip:
    return make_clip(9, name=name, origin=_origin("20260314"), **more)


def _before(name: str = "old_b.dcm", **more: object) -> Clip:
    return make_clip(7, name=name, origin=_origin("20260214"), **more)


def _desk(desk_of: Callable, *clips: Clip):
    desk = desk_of(*clips)
    desk.model.engine = _ByName()
    desk.start()
    desk.open(*(clip.path.name for clip in clips))
    desk.wait_read()
    book = desk.window.notebook
    keys = {study_key(entry.group) for entry in desk.session.entries}
    desk.qtbot.waitUntil(lambda: all(book.of_study(key) is not None for key in keys))
    desk.qtbot.waitUntil(lambda: all(book.knows(entry.clip.key) for entry in desk.session.entries))
    desk.session.show(next(entry for entry in desk.session.entries if entry.clip.path.name == clips[0].path.name))
    desk.window.activateWindow()
    desk.qtbot.waitUntil(desk.window.isActiveWindow)
    QTest.keyClick(desk.window.area.frame, Qt.Key.Key_X)
    return desk


def _panel(desk) -> EarlierPanel:
    panel = desk.window.area.companion
    assert isinstance(panel, EarlierPanel)
    desk.qtbot.wait(60)
    return panel


def test_the_same_view_is_shown_by_its_best_frame_with_date_and_interval(desk_of) -> None:
    desk = _desk(desk_of, _now(), _before("old_h.dcm"), _before("old_b.dcm"))
    panel = _panel(desk)
    desk.qtbot.waitUntil(lambda: panel.still.pixels is not None)
    entry = next(one for one in desk.session.entries if one.clip.name == "old_b.dcm")
    best = best_frames(entry.reading).frames["brain"]

    np.testing.assert_array_equal(panel.still.pixels, entry.clip.frame(best).pixels)
    assert panel.title.accessibleName() == "2026-02-14"
    assert panel.told.accessibleName() == "28 days before"
    assert panel.still.words.name == "old_b.dcm"
    assert desk.window.actions_by_name["earlier"].isChecked()


def test_values_of_both_stand_side_by_side_and_nothing_is_judged(desk_of) -> None:
    desk = _desk(desk_of, _now(pixel_mm=0.5), _before(pixel_mm=0.4))
    rows = {row.name: row for row in _panel(desk).rows}

    now, then = (float(text.split()[0]) for text in (rows["HC"].now, rows["HC"].then))
    assert then == pytest.approx(0.8 * now, abs=0.1)
    assert "for a person to say" in _panel(desk).meaning.text()


def test_what_has_no_scale_says_so_in_its_own_column_and_badge(desk_of) -> None:
    desk = _desk(desk_of, _now(), _before(pixel_mm=None))
    panel = _panel(desk)
    rows = {row.name: row for row in panel.rows}

    assert any("No scale" in badge.text() for badge in panel.badges.labels)
    assert not any("No scale" in badge.text() for badge in desk.window.area.badges.labels)
    assert "mm" in rows["HC"].now
    assert "mm" not in rows["HC"].then


def test_the_age_is_by_the_dating_on_the_day_of_that_exam(desk_of) -> None:
    desk = _desk(desk_of, _now(), _before())
    panel, book = _panel(desk), desk.window.notebook
    assert panel.age.text() == "Exam of 20260214\nAge that day: no dating was entered."
    book.change_study("date", StudyNotes(dating=Dating.by_lmp(date(2025, 10, 25), "A. Sonographer")))
    desk.qtbot.waitUntil(lambda: "16w0d" in panel.age.text())

    assert panel.age.text().splitlines()[-1] == "Age that day: 16w0d, by LMP as entered for this exam."


def test_another_patients_exam_is_refused_in_a_sentence(desk_of) -> None:
    other = make_clip(7, name="other_b.dcm", origin=_origin("20260214", patient="P-002"))
    desk = _desk(desk_of, _now(), other)
    menu = desk.window.findChild(QMenu, "exams")
    assert [action.text() for action in menu.actions()] == ["P-002 · Exam of 20260214, 2026-02-14"]
    menu.actions()[0].trigger()
    menu.close()

    assert desk.window.area.companion is None
    assert "another patient's" in desk.window.area.message.sentence.text()
    assert not desk.window.actions_by_name["earlier"].isChecked()


def test_an_exam_that_stands_beside_goes_when_another_patient_is_looked_at(desk_of) -> None:
    other = make_clip(7, name="other_b.dcm", origin=_origin("20260301", patient="P-002"))
    desk = _desk(desk_of, _now(), _before(), other)
    menu = desk.window.findChild(QMenu, "exams")
    menu.close()
    panel = _panel(desk)
    desk.qtbot.waitUntil(lambda: panel.still.pixels is not None)
    desk.session.show(next(entry for entry in desk.session.entries if entry.clip.name == "other_b.dcm"))
    desk.qtbot.waitUntil(lambda: panel.still.pixels is None)

    assert "another patient's" in panel.still.message
    assert panel.rows == ()


def test_without_another_exam_it_says_what_to_open(desk_of) -> None:
    desk = _desk(desk_of, _now())

    assert desk.window.area.companion is None
    assert "No other exam is open." in desk.window.area.message.sentence.text()


def test_another_view_here_is_another_view_there_or_a_sentence(desk_of) -> None:
    desk = _desk(desk_of, _now("b.dcm"), _now("f.dcm"), _before("old_b.dcm"))
    panel = _panel(desk)
    desk.qtbot.waitUntil(lambda: panel.still.pixels is not None)
    desk.press("next_clip")
    desk.qtbot.waitUntil(lambda: panel.still.pixels is None)
    assert panel.still.message == "No clip of that exam clearly shows: Femur."
    desk.press("dismiss")

    assert desk.window.area.companion is None

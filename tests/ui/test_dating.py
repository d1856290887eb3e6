"""A person dates the pregnancy by keys; the age stands there at once, and what cannot be is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from fakes import make_clip
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.age import GestationalAge
from fetalclip_app.domain.clip import Origin
from fetalclip_app.domain.dating import DatedBy
from fetalclip_app.settings import Settings
from fetalclip_app.ui.growth.dating_dialog import DatingDialog

EXAM = date(2026, 3, 14)


def _asked(desk: Any, qtbot: QtBot) -> DatingDialog:
    qtbot.waitUntil(lambda: desk.window.notebook.study is not None)
    desk.press("date")
    found = [one for one in desk.window.findChildren(DatingDialog) if one.isVisible()]
    assert len(found) == 1
    return found[0]


def _desk(desk_of: Callable[..., Any], *, dated: bool = True) -> Any:
    origin = Origin(patient_id="P-001", study_date="20260314" if dated else "", study_description="Second trimester")
    desk = desk_of(make_clip(1, name="one.dcm", origin=origin), settings=Settings(operator="A. Sonographer"))
    desk.start()
    desk.open("one.dcm")
    return desk


def test_an_lmp_is_typed_and_kept_and_can_be_undone(desk_of: Callable[..., Any], qtbot: QtBot) -> None:
    desk = _desk(desk_of)
    dialog = _asked(desk, qtbot)

    assert dialog.who.text() == "A. Sonographer" and not dialog.use.isEnabled()
    qtbot.keyClicks(dialog.day, "2025-10-22")
    assert "20w3d on the exam's day, 2026-03-14." in dialog.said.text() and "EDD 2026-07-29" in dialog.said.text()
    qtbot.keyClick(dialog.day, Qt.Key.Key_Return)

    study = desk.window.notebook.study
    assert study is not None and study.dating is not None
    assert study.dating.dated_by is DatedBy.LMP and study.dating.who == "A. Sonographer"
    desk.press("undo")
    assert desk.window.notebook.study is not None and desk.window.notebook.study.dating is None
    desk.press("redo")
    assert desk.window.notebook.study.dating == study.dating


def test_what_cannot_be_is_refused_where_it_is_typed(desk_of: Callable[..., Any], qtbot: QtBot) -> None:
    dialog = _asked(_desk(desk_of), qtbot)
    dialog.by.setCurrentIndex(dialog.by.findData(DatedBy.CRL))
    qtbot.keyClicks(dialog.day, "2026-01-10")
    qtbot.keyClicks(dialog.crl, "120")

    assert "15–95" in dialog.said.text() and dialog.said.property("tone") == "doubt"
    qtbot.keyClick(dialog.crl, Qt.Key.Key_Return)
    assert dialog.isVisible()

    dialog.by.setCurrentIndex(dialog.by.findData(DatedBy.EARLIER_SCAN))
    dialog.day.clear()
    qtbot.keyClicks(dialog.day, "2026-03-14")
    qtbot.keyClicks(dialog.age, "20w3d")
    assert "cannot date its centiles" in dialog.said.text() and not dialog.use.isEnabled()


def test_who_dated_must_be_said(desk_of: Callable[..., Any], qtbot: QtBot) -> None:
    dialog = _asked(_desk(desk_of), qtbot)
    dialog.who.clear()
    qtbot.keyClicks(dialog.day, "2025-10-22")

    assert dialog.said.text() == "Say who dated the pregnancy." and not dialog.use.isEnabled()


def test_the_exams_day_is_asked_where_the_files_do_not_say(desk_of: Callable[..., Any], qtbot: QtBot) -> None:
    desk = _desk(desk_of, dated=False)
    dialog = _asked(desk, qtbot)
    qtbot.keyClicks(dialog.day, "2025-10-22")
    assert "The files do not say when the exam was" in dialog.said.text()
    qtbot.keyClicks(dialog.exam, "2026-03-14")
    assert "20w3d on the exam's day" in dialog.said.text()
    dialog.use.click()

    study = desk.window.notebook.study
    assert study is not None and study.exam_day is not None and study.exam_day.isoformat() == "2026-03-14"


def test_a_dating_is_shown_again_and_can_be_taken_away(desk_of: Callable[..., Any], qtbot: QtBot) -> None:
    desk = _desk(desk_of)
    dialog = _asked(desk, qtbot)
    qtbot.keyClicks(dialog.day, "2025-10-22")
    dialog.use.click()
    qtbot.waitUntil(lambda: not [one for one in desk.window.findChildren(DatingDialog) if one.isVisible()])
    again = _asked(desk, qtbot)

    assert again.day.text() == "2025-10-22" and again.use.isEnabled()
    again.remove.click()
    assert desk.window.notebook.study is not None and desk.window.notebook.study.dating is None


def _choose(dialog: DatingDialog, by: DatedBy, day: str) -> None:
    dialog.by.setCurrentIndex(dialog.by.findData(by))
    dialog.day.clear()
    QTest.keyClicks(dialog.day, day)


def test_crl_edd_and_an_earlier_scan_are_typed_and_kept(desk_of: Callable[..., Any], qtbot: QtBot) -> None:
    desk = _desk(desk_of)
    kept = []
    for by, day, field, said in (
        (DatedBy.CRL, "2026-01-10", "61.2", "21w3d on the exam's day"),
        (DatedBy.EDD, "2026-07-29", "", "20w3d on the exam's day"),
        (DatedBy.EARLIER_SCAN, "2026-01-10", "11w3d", "20w3d on the exam's day"),
    ):
        dialog = _asked(desk, qtbot)
        _choose(dialog, by, day)
        qtbot.keyClicks(dialog.crl if by is DatedBy.CRL else dialog.age, field)
        assert said in dialog.said.text()
        qtbot.keyClick(dialog.day, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda dialog=dialog: not dialog_is_open(desk))
        kept.append(desk.window.notebook.study.dating)

    again = _asked(desk, qtbot)
    assert again.age.text() == "11w3d" and again.crl.text() == "" and again.use.isEnabled()

    assert [one.dated_by for one in kept] == [DatedBy.CRL, DatedBy.EDD, DatedBy.EARLIER_SCAN]
    # 40.9041 + 3.21585 x 61.2^0.5 + 0.348956 x 61.2 = 87.42 days; 63 days later
    assert kept[0].age_on(EXAM).days == 87 + 63 and "61.2 mm" in kept[0].remark
    assert kept[1].age_on(EXAM) == kept[2].age_on(EXAM) == GestationalAge(143)


def test_a_day_of_the_exam_that_is_taken_out_leaves_no_centile(desk_of: Callable[..., Any], qtbot: QtBot) -> None:
    desk = _desk(desk_of, dated=False)
    dialog = _asked(desk, qtbot)
    qtbot.keyClicks(dialog.day, "2025-10-22")
    qtbot.keyClicks(dialog.exam, "2026-03-14")
    dialog.use.click()
    qtbot.waitUntil(lambda: not dialog_is_open(desk))
    again = _asked(desk, qtbot)
    again.exam.clear()
    assert "The files do not say when the exam was" in again.said.text()
    again.use.click()

    study = desk.window.notebook.study
    assert study is not None and study.dating is not None and study.exam_day is None


def test_a_dialog_closes_where_another_pregnancy_comes_forward(desk_of: Callable[..., Any], qtbot: QtBot) -> None:
    origins = [Origin(patient_id=name, study_date="20260314") for name in ("P-001", "P-002")]
    desk = desk_of(*(make_clip(1, name=f"{one.patient_id}.dcm", origin=one) for one in origins))
    desk.start()
    desk.open("P-001.dcm", "P-002.dcm")
    dialog = _asked(desk, qtbot)
    qtbot.keyClicks(dialog.day, "2025-10-22")
    session = desk.window.session
    session.show(next(one for one in session.entries if one is not session.shown))
    qtbot.waitUntil(lambda: not dialog_is_open(desk))

    qtbot.waitUntil(lambda: desk.window.notebook.study is not None)
    assert desk.window.notebook.study.dating is None


def test_the_day_of_one_dating_is_not_taken_for_another(desk_of: Callable[..., Any], qtbot: QtBot) -> None:
    desk = _desk(desk_of)
    dialog = _asked(desk, qtbot)
    qtbot.keyClicks(dialog.day, "2025-10-22")
    dialog.use.click()
    qtbot.waitUntil(lambda: not dialog_is_open(desk))
    again = _asked(desk, qtbot)
    again.by.setCurrentIndex(again.by.findData(DatedBy.CRL))
    qtbot.keyClicks(again.crl, "61.2")

    assert again.day.text() == "" and not again.use.isEnabled()
    again.by.setCurrentIndex(again.by.findData(DatedBy.LMP))
    assert again.day.text() == "2025-10-22" and again.use.isEnabled()


def dialog_is_open(desk: Any) -> bool:
    return any(one.isVisible() for one in desk.window.findChildren(DatingDialog))

"""The rows of the clip list: what is seen, whose scan it is, and whether a person noted anything."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import make_clip, make_reading
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QStyleOptionViewItem

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.notes import FETUSES, StudyNotes
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.ui.clip_list import _PICTURE, title_of
from fetalclip_app.ui.theme import text_font


def _spoken(desk, row: int) -> str:
    return desk.window.clips.view.model().index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole)


def test_a_row_says_what_a_person_noted_and_is_marked(desk) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    book, view = desk.window.notebook, desk.window.clips.view
    desk.qtbot.waitUntil(lambda: book.clip is not None)
    before = view.viewport().grab().toImage()
    assert "chosen" not in _spoken(desk, 0)
    book.change_clip("choose", book.clip.with_best("brain", 2))
    assert _spoken(desk, 0).endswith("best frame chosen")
    assert "best frame chosen" in view.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert view.viewport().grab().toImage() != before
    desk.press("undo")

    assert view.viewport().grab().toImage() == before


def test_whose_scan_it_is_alone_is_no_note(desk) -> None:
    desk.open("one.dcm")
    book = desk.window.notebook
    desk.qtbot.waitUntil(lambda: book.clip is not None and book.study is not None)
    book.change_study("twins", StudyNotes(fetuses=FETUSES[:2]))
    book.change_clip("fetus", replace(book.clip, fetus="A"))

    assert "Fetus A" in _spoken(desk, 0)
    assert not _spoken(desk, 0).endswith("chosen")


@pytest.mark.parametrize("title", ["Cannot tell", "Lips and nose", "Reading …"])
def test_titles_have_room_in_the_row(desk, title: str) -> None:
    desk.open("one.dcm")
    view = desk.window.clips.view
    option = QStyleOptionViewItem()
    option.rect = view.visualRect(view.model().index(0, 0))
    room = option.rect.width() - 8 - _PICTURE.width() - 14 - 4

    assert QFontMetrics(text_font(weight=text_font().Weight.DemiBold)).horizontalAdvance(title) <= room


def test_a_clip_that_the_model_cannot_tell_says_so(desk) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    entry = desk.session.entries[0]
    reading = make_reading(make_clip(12, name="one.dcm"))
    views = replace(reading.answer("views", ViewPrediction), abstained=Abstention(Reason.AMBIGUOUS, "no_clear_view"))
    entry.reading = replace(reading, findings=(replace(reading.findings[0], answer=views), *reading.findings[1:]))

    assert title_of(entry) == "Cannot tell"

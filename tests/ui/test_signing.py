"""A report is signed in the window: by a name, over what is seen, until something changes or it is withdrawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pypdf
import pytest
from fakes import make_clip
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from shelf import ShelfInMemory
from study_tools import drawn

from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.settings import Settings
from fetalclip_app.ui.sign_dialog import SignDialog


@pytest.fixture
def desk(desk_of):
    made = desk_of(make_clip(3, name="one.dcm"), settings=Settings(operator="A. Sonographer"), notes=ShelfInMemory())
    made.start()
    return made


@pytest.fixture
def book(desk, qtbot: QtBot):
    desk.open("one.dcm")
    desk.wait_read()
    made = desk.window.notebook
    qtbot.waitUntil(lambda: made.clip is not None and made.study is not None)
    return made


def asked(desk, qtbot: QtBot) -> SignDialog:
    desk.press("sign_report")
    qtbot.waitUntil(lambda: (found := desk.window.findChild(SignDialog)) is not None and found.isVisible())
    return desk.window.findChild(SignDialog)


def gone(desk, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: desk.window.findChild(SignDialog) is None)


def sign(desk, qtbot: QtBot, name: str = "") -> None:
    dialog = asked(desk, qtbot)
    if name:
        dialog.name.selectAll()
        qtbot.keyClicks(dialog.name, name)
    qtbot.keyClick(dialog.name, Qt.Key.Key_Return)
    gone(desk, qtbot)


def report(desk, qtbot: QtBot, folder: Path) -> str:
    desk.window.exporting.ask = lambda parent, title, suggested, kinds: folder / "report.pdf"
    with qtbot.waitSignal(desk.window.exporting.written, timeout=30_000):
        desk.press("export_pdf")
    return " ".join(" ".join(page.extract_text().split()) for page in pypdf.PdfReader(folder / "report.pdf").pages)


def test_who_signs_stands_in_the_report_and_it_is_no_draft(desk, book, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = asked(desk, qtbot)
    assert dialog.name.text() == "A. Sonographer" and "1 clip that is read" in dialog.said.text()
    qtbot.mouseClick(dialog.close_button, Qt.MouseButton.LeftButton)
    gone(desk, qtbot)
    assert book.study.signed is None and "DRAFT" in report(desk, qtbot, tmp_path)

    sign(desk, qtbot, "Dr. M.  Fischer")
    qtbot.waitUntil(lambda: book.study.signed is not None)
    text = report(desk, qtbot, tmp_path)

    assert book.study.signed.name == "Dr. M. Fischer" and book.study.signed.when.utcoffset() is not None
    assert "DRAFT" not in text and "Signed by Dr. M. Fischer" in text


def test_a_caliper_drawn_afterwards_makes_a_draft_again_and_signing_anew_heals_it(
    desk, book, qtbot: QtBot, tmp_path: Path
) -> None:
    sign(desk, qtbot)
    qtbot.waitUntil(lambda: book.study.signed is not None)
    book.change_clip("FL", replace(book.clip, measured=(drawn(Measure.FL, 33.0),)))
    text = report(desk, qtbot, tmp_path)
    assert "DRAFT" in text and "Draft again" in text
    first = book.study.signed

    dialog = asked(desk, qtbot)
    assert dialog.state.text().startswith("Draft again. Signed by A. Sonographer")
    qtbot.mouseClick(dialog.sign, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: book.study.signed != first)
    assert "DRAFT" not in report(desk, qtbot, tmp_path)


def test_a_signature_is_withdrawn_by_an_act_and_not_by_undo(desk, book, qtbot: QtBot, tmp_path: Path) -> None:
    sign(desk, qtbot)
    qtbot.waitUntil(lambda: book.study.signed is not None)
    desk.press("undo")
    assert book.study.signed is not None
    dialog = asked(desk, qtbot)
    assert not dialog.sign.isEnabled(), "it is signed as it stands"
    qtbot.mouseClick(dialog.withdraw, Qt.MouseButton.LeftButton)

    assert book.study.signed is None
    assert "Nobody has signed" in report(desk, qtbot, tmp_path)


def test_what_changed_while_the_dialog_was_open_is_not_signed(desk, book, qtbot: QtBot) -> None:
    dialog = asked(desk, qtbot)
    book.change_clip("FL", replace(book.clip, measured=(drawn(Measure.FL, 33.0),)))
    qtbot.mouseClick(dialog.sign, Qt.MouseButton.LeftButton)
    message = desk.window.area.message
    qtbot.waitUntil(lambda: "changed meanwhile" in message.sentence.text())

    assert book.study.signed is None


def test_nobody_signs_without_a_name_and_nothing_before_it_is_read(desk, qtbot: QtBot) -> None:
    desk.model.gate.clear()
    desk.open("one.dcm")
    assert not desk.window.actions_by_name["sign_report"].isEnabled()
    desk.model.gate.set()
    desk.wait_read()
    qtbot.waitUntil(lambda: desk.window.notebook.study is not None and desk.window.notebook.clip is not None)
    dialog = asked(desk, qtbot)
    dialog.name.selectAll()
    qtbot.keyClick(dialog.name, Qt.Key.Key_Backspace)

    assert not dialog.sign.isEnabled()


def test_a_signature_is_there_again_when_the_study_is_opened_another_day(desk_of, qtbot: QtBot, tmp_path: Path) -> None:
    texts = []
    for day in (1, 2):
        archive = Archive(tmp_path / "archive.db")
        desk = desk_of(make_clip(3, name="one.dcm"), settings=Settings(operator="A. Sonographer"), notes=archive)
        desk.start()
        desk.open("one.dcm")
        desk.wait_read()
        book = desk.window.notebook
        qtbot.waitUntil(lambda book=book: book.clip is not None and book.study is not None)
        if day == 1:
            sign(desk, qtbot)
            qtbot.waitUntil(lambda book=book: _kept(tmp_path / "archive.db", book.study_key))
        texts.append(report(desk, qtbot, tmp_path))
        desk.jobs.shut_down()
        archive.close()

    assert ["DRAFT" in text for text in texts] == [False, False]
    assert "Signed by A. Sonographer" in texts[1]


def _kept(file: Path, study: str) -> bool:
    """Return whether a signature is on disk."""
    archive = Archive(file)
    try:
        notes = archive.load_study(study)
    finally:
        archive.close()
    return notes is not None and notes.signed is not None

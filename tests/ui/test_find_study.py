"""A study is found again in the window, and opened, handed on, taken in and deleted from there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from deidentify_files import full_dataset
from dicom_files import write
from from_disk import until, until_opened
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from fetalclip_app import settings
from fetalclip_app.archive.checking import check
from fetalclip_app.archive.exporting import Wanted, export
from fetalclip_app.archive.finding import find
from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.kept import Query
from fetalclip_app.domain.notes import Act, ClipNotes, Part
from fetalclip_app.ui import app
from fetalclip_app.ui.keeping.find_window import FindWindow

OTHER = "folder /scans/elsewhere"


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    return write(folder / "one.dcm", full_dataset())


@pytest.fixture
def _before(tmp_path: Path) -> None:
    """Another study, of which something was kept some day."""
    archive = Archive(settings.archive_file())
    act = Act("B. Reader", datetime(2026, 3, 20, 12, tzinfo=UTC))
    archive.save_clip("c" * 16, ClipNotes(best={"femur": 4}, parts=(Part("long part", 0, 4),)), act, study=OTHER)
    archive.close()


def _noted(studio: app.Studio, qtbot: QtBot) -> None:
    book = studio.window.notebook
    assert book.clip is not None
    with qtbot.waitSignal(book.saved):
        book.change_clip("Fetus", replace(book.clip, fetus="A", parts=(Part("upper pole", 0, 0),)))


def _window(studio: app.Studio, qtbot: QtBot, count: int) -> FindWindow:
    """Open the window as a person does once so many studies are kept, and wait for as many."""
    until(qtbot, lambda: not count or _are_kept(count))
    studio.window.actions_by_name["find_study"].trigger()
    window = studio.find_study.window
    assert window is not None
    until(qtbot, lambda: window.list.topLevelItemCount() == count)
    return window


def _rows(window: FindWindow) -> list[str]:
    return [window.list.topLevelItem(row).text(1) for row in range(window.list.topLevelItemCount())]


@pytest.mark.usefixtures("_before")
def test_a_study_is_found_by_name_view_day_and_word_as_it_is_typed(program, scan: Path, qtbot: QtBot) -> None:
    studio = program(scan)
    until_opened(studio, qtbot)
    _noted(studio, qtbot)
    window = _window(studio, qtbot, 2)
    whose = _rows(window)
    assert OTHER in whose and any("Zwölfaxing" in text for text in whose), whose

    qtbot.keyClicks(window.fields.text, "zwolfaxing")
    until(qtbot, lambda: window.list.topLevelItemCount() == 1)
    assert "Zwölfaxing" in _rows(window)[0]
    window.fields.text.clear()
    qtbot.keyClicks(window.fields.text, "long part")
    until(qtbot, lambda: _rows(window) == [OTHER])
    window.fields.text.clear()
    until(qtbot, lambda: window.list.topLevelItemCount() == 2)
    qtbot.keyClicks(window.fields.since, "2026-03-2")
    until(qtbot, lambda: "2026-03-14" in window.said.text())
    assert window.said.property("tone") == "doubt"
    qtbot.keyClicks(window.fields.since, "0")
    qtbot.keyClicks(window.fields.until, "2026-03-20")
    until(qtbot, lambda: _rows(window) == [OTHER])
    window.fields.since.clear()
    window.fields.until.clear()
    until(qtbot, lambda: window.list.topLevelItemCount() == 2)
    qtbot.keyClicks(window.fields.view, "Femur")
    qtbot.keyClick(window.fields.view, Qt.Key.Key_Return)
    window.fields.view.activated.emit(window.fields.view.currentIndex())  # offscreen has no list to drop down
    until(qtbot, lambda: _rows(window) == [OTHER])


def test_a_study_that_was_found_is_opened_where_its_files_still_are(program, scan: Path, qtbot: QtBot) -> None:
    first = program(scan)
    until_opened(first, qtbot)
    _noted(first, qtbot)
    first.window.close()
    first.end()

    second = program()
    window = _window(second, qtbot, 1)
    until(qtbot, lambda: str(scan.parent) in window.files.text())
    qtbot.keyClick(window.fields.text, Qt.Key.Key_Down)
    qtbot.keyClick(window.list, Qt.Key.Key_Return)
    until(qtbot, lambda: len(second.session.entries) == 1)
    until_opened(second, qtbot)
    assert second.window.notebook.clip is not None
    assert second.window.notebook.clip.parts == (Part("upper pole", 0, 0),)
    assert not window.isVisible()


def test_of_files_that_have_gone_it_is_said_and_nothing_is_opened(program, scan: Path, qtbot: QtBot) -> None:
    first = program(scan)
    until_opened(first, qtbot)
    first.window.close()
    first.end()
    scan.unlink()

    second = program()
    window = _window(second, qtbot, 1)
    until(qtbot, lambda: "1 file is not where it was" in window.files.text())
    qtbot.mouseClick(window.open, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: "1 file is not where it was" in window.said.text())
    assert window.said.property("tone") == "doubt"
    assert window.isVisible() and not second.session.entries


@pytest.mark.usefixtures("_before")
def test_a_study_is_deleted_after_a_question_and_not_while_it_is_open(program, scan: Path, qtbot: QtBot) -> None:
    studio = program(scan)
    until_opened(studio, qtbot)
    _noted(studio, qtbot)
    window = _window(studio, qtbot, 2)
    asked: list[str] = []

    def answer(yes: bool) -> Callable[[QWidget, str], bool]:
        return lambda _parent, question: (asked.append(question), yes)[1]

    qtbot.keyClicks(window.fields.text, "zwolfaxing")
    until(qtbot, lambda: window.list.topLevelItemCount() == 1)
    window.ask_sure = answer(True)
    qtbot.mouseClick(window.delete, Qt.MouseButton.LeftButton)
    assert "is open" in window.said.text() and not asked

    window.fields.text.clear()
    qtbot.keyClicks(window.fields.text, "elsewhere")
    until(qtbot, lambda: _rows(window) == [OTHER])
    window.ask_sure = answer(False)
    qtbot.keyClick(window.list, Qt.Key.Key_Delete)
    assert len(asked) == 1 and "1 clip, 1 act" in asked[0]
    window.ask_sure = answer(True)
    qtbot.keyClick(window.list, Qt.Key.Key_Delete)
    until(qtbot, lambda: window.said.text().startswith("Deleted: 1 clip, 1 act"))
    assert window.list.topLevelItemCount() == 0

    checked = check(settings.archive_file())
    assert checked.is_whole
    rows = _trail("SELECT who FROM trail WHERE what = 'deleted'")
    assert rows == [("A. Sonographer",)]


@pytest.mark.usefixtures("_before")
def test_a_study_is_handed_on_and_taken_in(program, qtbot: QtBot, tmp_path: Path) -> None:
    studio = program()
    window = _window(studio, qtbot, 1)
    window.ask_target = lambda _parent, _suggested: tmp_path / "handed"
    qtbot.mouseClick(window.export, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: window.said.text().startswith("handed.fcstudy is written"))
    until(qtbot, lambda: _trail("SELECT who FROM trail WHERE what = 'exported'") == [("A. Sonographer",)])
    qtbot.mouseClick(window.export, Qt.MouseButton.LeftButton)
    assert window.said.text().startswith("handed.fcstudy is there already"), "the dialog asked about another name"

    window.ask_sure = lambda _parent, _question: True
    qtbot.mouseClick(window.delete, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: window.list.topLevelItemCount() == 0)
    window.ask_source = lambda _parent: tmp_path / "handed.fcstudy"
    qtbot.mouseClick(window.add, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: _rows(window) == [OTHER])
    until(qtbot, lambda: "is imported; new are 1 act" in window.said.text())
    qtbot.mouseClick(window.add, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: "was kept already" in window.said.text())

    (tmp_path / "handed.fcstudy").write_bytes(b"no study")
    qtbot.mouseClick(window.add, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: "is damaged" in window.said.text())
    assert check(settings.archive_file()).is_whole


def test_scans_that_came_along_are_opened_from_where_they_were_put(
    program, scan: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    first = program(scan)
    until_opened(first, qtbot)
    _noted(first, qtbot)
    first.window.close()
    first.end()
    sent, act = tmp_path / "sent.fcstudy", Act("A.", datetime.now(UTC))
    (study,) = find(settings.archive_file(), Query())
    export(settings.archive_file(), study.key, sent, act, Wanted(names=True, pictures=True))
    for file in settings.archive_file().parent.glob("archive.*"):
        file.unlink()
    scan.unlink()

    second = program()
    window = _window(second, qtbot, 0)
    window.ask_source = lambda _parent: sent
    (tmp_path / "here").mkdir()
    window.ask_folder = lambda _parent: tmp_path / "here"
    qtbot.mouseClick(window.add, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: any("Zwölfaxing" in text for text in _rows(window)))
    until(qtbot, lambda: "here" in window.files.text())
    qtbot.mouseClick(window.open, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: len(second.session.entries) == 1)
    until_opened(second, qtbot)
    assert second.window.notebook.clip is not None and second.window.notebook.clip.fetus == "A"


def test_names_are_kept_only_where_that_is_wanted(program, scan: Path, qtbot: QtBot) -> None:
    studio = program(scan)
    until_opened(studio, qtbot)
    window = _window(studio, qtbot, 1)
    assert "Zwölfaxing" in _rows(window)[0] and window.keeps.isChecked()

    window.ask_sure = lambda _parent, _question: False
    window.keeps.setFocus()
    qtbot.keyClick(window.keeps, Qt.Key.Key_Space)
    assert window.keeps.isChecked()
    window.ask_sure = lambda _parent, _question: True
    qtbot.keyClick(window.keeps, Qt.Key.Key_Space)
    until(qtbot, lambda: "All names and places are deleted" in window.said.text())
    assert "Zwölfaxing" not in _rows(window)[0]
    assert not studio.window.choices.now.keep_names
    assert _trail("SELECT count(*) FROM places") == [(0,)]


def test_what_the_network_made_of_each_frame_is_kept(program, scan: Path, qtbot: QtBot) -> None:
    studio = program(scan)
    until_opened(studio, qtbot)
    (entry,) = studio.session.entries
    until(qtbot, lambda: bool(_trail("SELECT count(*) FROM embeddings")[0][0]))
    assert entry.reading is not None
    frames, width, rows = _trail("SELECT frames, width, rows FROM embeddings")[0]
    assert (frames, width) == entry.reading.embeddings.shape
    assert rows == entry.reading.embeddings.astype("<f4").tobytes()


def _are_kept(count: int) -> bool:
    try:
        return settings.archive_file().is_file() and _trail("SELECT count(*) FROM studies")[0][0] >= count
    except sqlite3.OperationalError:  # it is being made
        return False


def _trail(query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(settings.archive_file())
    rows = connection.execute(query).fetchall()
    connection.close()
    return rows

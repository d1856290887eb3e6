"""The program keeps what a person did, says so, and brings it back; without an archive it goes on and says that."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from fetalclip_app import settings
from fetalclip_app.archive import schema
from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.calibration import Ruler
from fetalclip_app.domain.dating import Dating
from fetalclip_app.domain.notes import Enters, HandMeasurement, ItemMark, ItemState, Line, Part
from fetalclip_app.ui import app
from fetalclip_app.ui.keeping import recording
from fetalclip_app.ui.notebook import Notebook


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "scans" / "one.png"
    path.parent.mkdir()
    picture = QImage(160, 120, QImage.Format.Format_RGB888)
    picture.fill(0x808080)
    picture.save(str(path))
    return path


def _read(studio: app.Studio, qtbot: QtBot) -> Notebook:
    book = studio.window.notebook
    qtbot.waitUntil(lambda: book.clip is not None and book.study is not None, timeout=30_000)
    qtbot.waitUntil(lambda: all(entry.reading is not None for entry in studio.session.entries), timeout=30_000)
    return book


def _note_everything(book: Notebook) -> None:
    """Do one of everything that notes can hold."""
    clip, study = book.clip, book.study
    assert clip is not None and study is not None
    drawn = HandMeasurement("ab" * 16, Measure.FL, 0, Line((20.0, 30.0), (80.0, 31.5)), book.act(), fetus="A")
    book.change_clip(
        "Everything",
        replace(
            clip,
            rulers=(Ruler((20.0, 20.0), (20.0, 80.0), 30.0),),
            fetus="A",
            named={0: "femur"},
            best={"femur": 0},
            parts=(Part("one", 0, 0),),
            measured=(drawn,),
            enters={Measure.FL: Enters.PERSON},
        ),
    )
    mark = ItemMark(ItemState.SEEN, book.act(), "both sides")
    book.change_study(
        "Everything",
        replace(
            study,
            dating=Dating.by_lmp(date(2025, 10, 24), "A. Sonographer"),
            fetuses=("A", "B"),
            checklist={"kidneys": mark},
        ),
    )


def test_a_study_that_is_opened_again_has_all_that_was_done(program, scan: Path, qtbot: QtBot) -> None:
    first = program(scan)
    book = _read(first, qtbot)
    _note_everything(book)
    clip, study = book.clip, book.study
    first.window.close()
    first.end()

    second = program(scan)
    again = _read(second, qtbot)
    assert again.clip == clip
    assert again.study == study
    calibration = second.session.entries[0].clip.calibration
    assert calibration is not None and calibration.regions[0].spacing.row_mm == pytest.approx(0.5)
    assert second.window.undo.count() == 0


def test_an_act_is_on_disk_within_a_second_and_the_strip_says_when(program, scan: Path, qtbot: QtBot) -> None:
    studio = program(scan)
    book = _read(studio, qtbot)
    done = time.perf_counter()
    book.change_clip("Fetus", replace(book.clip, fetus="A"))
    with qtbot.waitSignal(book.saved):
        pass
    took = time.perf_counter() - done
    other = Archive(settings.archive_file())
    kept = other.load_clip(book.clip_key)
    other.close()

    assert kept is not None and kept.fetus == "A"
    assert took < 1.0
    told = studio.window.status.archive
    assert told.accessibleName().startswith("archive saved ") and told.accessibleName().count(":") == 2
    assert told.property("tone") == "muted"


def test_an_archive_of_a_newer_program_is_left_alone_and_the_work_goes_on(program, scan: Path, qtbot: QtBot) -> None:
    path = settings.archive_file()
    path.parent.mkdir(parents=True)
    newer = sqlite3.connect(path)
    newer.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    newer.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    newer.close()
    content = path.read_bytes()

    studio = program(scan)
    message, told = studio.window.area.message, studio.window.status.archive
    qtbot.waitUntil(message.isVisible)
    assert "newer version" in message.sentence.text()
    book = _read(studio, qtbot)
    message.hide()
    with qtbot.waitSignal(book.failed):
        book.change_clip("Fetus", replace(book.clip, fetus="A"))

    assert book.clip.fetus == "A"
    assert told.accessibleName() == "⚠ archive: not saved" and told.property("tone") == "doubt"
    assert "newer version" in told.toolTip()
    assert message.isHidden()  # it was said once
    assert path.read_bytes() == content


def test_a_damaged_archive_is_set_aside_and_said_and_a_new_one_keeps(program, scan: Path, qtbot: QtBot) -> None:
    path = settings.archive_file()
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no archive at all")
    studio = program(scan)
    message = studio.window.area.message
    qtbot.waitUntil(message.isVisible)
    assert "set aside" in message.sentence.text()
    assert studio.window.status.archive.accessibleName() == "⚠ archive: begun anew"
    (aside,) = path.parent.glob("archive.damaged-*.db")
    assert aside.read_bytes() == b"no archive at all"

    book = _read(studio, qtbot)
    with qtbot.waitSignal(book.saved):
        book.change_clip("Fetus", replace(book.clip, fetus="A"))
    assert studio.window.status.archive.accessibleName().startswith("archive saved ")


def test_what_a_lock_held_up_is_kept_by_itself_once_the_lock_goes(
    program, scan: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "AGAIN_MS", 20)
    studio = program(scan)
    book = _read(studio, qtbot)
    studio.archive._connection.execute("PRAGMA busy_timeout = 1")  # type: ignore[union-attr]
    other = sqlite3.connect(settings.archive_file(), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with qtbot.waitSignal(book.failed):
        book.change_clip("Fetus", replace(book.clip, fetus="A"))
    assert studio.window.status.archive.accessibleName() == "⚠ archive: not saved"

    with qtbot.waitSignal(book.saved):
        other.rollback()
    kept = other.execute("SELECT json FROM notes").fetchone()
    other.close()
    assert '"fetus":"A"' in kept[0]
    assert studio.window.status.archive.accessibleName().startswith("archive saved ")

"""The program keeps what a person did, says so, and brings it back; without an archive it goes on and says that."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from deidentify_files import full_dataset
from deidentify_window_tools import idle, write_to
from dicom_files import write
from fakes import make_reading, spin
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from fetalclip_app import resources, settings
from fetalclip_app.archive import schema
from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.calibration import Ruler
from fetalclip_app.domain.clip import Clip, Pixels
from fetalclip_app.domain.dating import Dating
from fetalclip_app.domain.notes import Enters, HandMeasurement, ItemMark, ItemState, Line, Part
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.imaging.deidentify.mask_book import RememberedMask
from fetalclip_app.imaging.deidentify.texts import SeenText
from fetalclip_app.settings import view_sets_folder
from fetalclip_app.ui import app, deidentify_cases
from fetalclip_app.ui.keeping import recording, records
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


def test_what_a_lock_kept_from_being_read_comes_once_the_lock_goes_and_is_not_overwritten_before(
    program, scan: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "AGAIN_MS", 20)
    first = program(scan)
    book = _read(first, qtbot)
    book.change_clip("Fetus", replace(book.clip, fetus="B"))
    first.end()
    other = sqlite3.connect(settings.archive_file(), isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN IMMEDIATE")
    second = program(scan)
    again = second.window.notebook
    with qtbot.waitSignal(again.failed, timeout=10_000):
        pass
    assert again.clip is None
    assert second.window.status.archive.accessibleName() == "⚠ archive: not saved"

    other.close()
    qtbot.waitUntil(lambda: again.clip is not None, timeout=20_000)
    assert again.clip.fetus == "B"


def test_what_the_model_said_is_kept_with_its_prompts_and_without_the_files_name(program, scan, qtbot: QtBot) -> None:
    studio = program(scan)
    book = _read(studio, qtbot)
    reading = studio.session.entries[0].reading
    other = Archive(settings.archive_file())
    qtbot.waitUntil(lambda: bool(other.readings(book.clip_key)))
    (kept,) = other.readings(book.clip_key)
    row = json.loads(kept.json)

    assert (kept.study, kept.model) == (book.study_key, reading.provenance.model.sha256)
    assert row["views"]["best"] == "brain" and row["frames"] == 1
    assert row["provenance"]["view_sets"]["views"]["sha256"] == reading.provenance.view_sets["views"][1]
    assert "one.png" not in kept.json
    other.close()


def test_a_view_set_is_kept_when_it_is_read_with(program, scan, qtbot: QtBot, monkeypatch) -> None:
    own = view_sets_folder() / "mine.json"
    own.parent.mkdir(parents=True)
    own.write_text('{"hand": ["A hand."]}')
    sha = hashlib.sha256(own.read_bytes()).hexdigest()
    sets = {"views": ("mine", sha), "gestational_age": ("gestational_age", bundled_sha("gestational_age.json"))}

    def with_sets(clip: Clip, *more: object) -> ClipReading:
        made = make_reading(clip)
        return replace(made, provenance=replace(made.provenance, view_sets=sets))

    studio = program()
    monkeypatch.setattr(studio.model.engine, "read", with_sets)
    studio.window.open_menu.open_paths([scan])
    _read(studio, qtbot)
    other = Archive(settings.archive_file())
    qtbot.waitUntil(lambda: other.view_set(sha) is not None)
    assert other.view_set(sha) == ("mine", own.read_bytes())
    assert other.view_set(sets["gestational_age"][1]) is not None
    other.close()


def bundled_sha(name: str) -> str:
    return hashlib.sha256(resources.path(f"prompts/{name}").read_bytes()).hexdigest()


class NoText:
    """An OCR that finds nothing."""

    def read(self, pixels: Pixels) -> tuple[SeenText, ...]:
        return ()


def test_the_mask_of_a_copy_is_kept_under_the_content_of_the_original(
    program, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deidentify_cases, "RapidReader", NoText)
    (tmp_path / "scans").mkdir()
    (tmp_path / "copies").mkdir()
    studio = program(write(tmp_path / "scans" / "one.dcm", full_dataset()))
    qtbot.waitUntil(lambda: bool(studio.session.entries), timeout=30_000)
    door = studio.window.deidentify
    studio.window.actions_by_name["deidentify"].trigger()
    idle(door.window, qtbot)
    case = door.work.case
    write_to(tmp_path / "copies", door.window, qtbot)
    assert case.written is not None
    other = Archive(settings.archive_file())
    qtbot.waitUntil(lambda: bool(other.masks(case.opened.clip.key)))
    (kept,) = other.masks(case.opened.clip.key)
    other.close()

    mask = RememberedMask.model_validate_json(kept).mask()
    assert mask.keep == case.mask.keep
    assert str(tmp_path) not in kept


@pytest.fixture
def mine() -> Path:
    """A set of views of the user's own."""
    path = view_sets_folder() / "mine.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('{"brain": ["A brain."], "hand": ["A hand."]}')
    return path


def _choose(studio: app.Studio, qtbot: QtBot, path: Path) -> None:
    """Choose a set by the entry of the menu."""
    menu = studio.window.model_menu.view_sets
    menu.refresh()
    with qtbot.waitSignal(studio.window.notebook.saved):
        menu.entry("views", path).trigger()


def test_the_view_set_of_a_study_is_noted_undone_and_chosen_again(program, scan, mine: Path, qtbot: QtBot) -> None:
    first = program(scan)
    book = _read(first, qtbot)
    _choose(first, qtbot, mine)
    sha = hashlib.sha256(mine.read_bytes()).hexdigest()
    assert book.study.view_sets["views"] == ("mine", sha)
    qtbot.waitUntil(lambda: first.archive.view_set(sha) is not None)
    first.window.actions_by_name["undo"].trigger()
    qtbot.waitUntil(lambda: first.window.choices.now.views is None)
    assert book.study.view_sets["views"][0] == "planes"
    first.window.actions_by_name["redo"].trigger()
    qtbot.waitUntil(lambda: first.window.choices.now.views == mine)
    first.window.close()
    first.end()

    second = program(scan)
    qtbot.waitUntil(lambda: second.window.choices.now.views == mine, timeout=20_000)
    qtbot.waitUntil(lambda: second.model.started[-1].views == mine)
    assert "read with mine" in second.window.area.message.sentence.text()


def test_a_view_set_that_has_gone_comes_back_from_the_archive(program, scan, mine: Path, qtbot: QtBot) -> None:
    first = program(scan)
    _read(first, qtbot)
    _choose(first, qtbot, mine)
    first.end()
    content = mine.read_bytes()
    mine.write_text('{"brain": ["Another sentence."]}')

    second = program(scan)
    qtbot.waitUntil(lambda: second.window.choices.now.views is not None, timeout=20_000)
    restored = second.window.choices.now.views
    assert restored.name == f"mine-{hashlib.sha256(content).hexdigest()[:8]}.json"
    assert restored.read_bytes() == content


def test_of_several_studies_the_window_says_which_was_read_otherwise(program, scan, mine: Path, qtbot: QtBot) -> None:
    first = program(scan)
    _read(first, qtbot)
    _choose(first, qtbot, mine)
    first.end()

    other = _another(scan)
    second = program(other)
    _read(second, qtbot)
    second.window.open_menu.open_paths([scan])
    qtbot.waitUntil(lambda: len(second.session.entries) == 2)
    second.session.show(next(entry for entry in second.session.entries if entry.clip.path == scan))
    message = second.window.area.message
    qtbot.waitUntil(lambda: "mine" in message.sentence.text())
    assert "is read with another view set now" in message.sentence.text()
    assert second.window.choices.now.views is None


def test_a_set_that_was_chosen_stays_chosen(program, scan, mine: Path, qtbot: QtBot) -> None:
    studio = program(scan)
    book = _read(studio, qtbot)
    _choose(studio, qtbot, mine)
    spin(qtbot, 0.5)

    assert studio.window.choices.now.views == mine
    assert book.study.view_sets["views"][0] == "mine"


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """The search for the files of a study's sets: whether it has begun, and what lets it go."""
    begun, go = threading.Event(), threading.Event()
    find = records.found_view_set

    def slowly(*given: Any) -> Path:
        begun.set()
        go.wait(20)
        return find(*given)

    monkeypatch.setattr(records, "found_view_set", slowly)
    yield begun, go
    go.set()


def test_the_set_of_a_study_that_was_left_meanwhile_is_not_chosen_for_another(
    program, scan, mine: Path, qtbot: QtBot, held
) -> None:
    begun, go = held
    first = program(scan)
    _read(first, qtbot)
    _choose(first, qtbot, mine)
    first.end()
    begun.clear()

    second = program(scan)
    qtbot.waitUntil(begun.is_set, timeout=20_000)
    other = _another(scan)
    second.window.open_menu.open_paths([other])
    qtbot.waitUntil(lambda: len(second.session.entries) == 2)
    second.session.show(next(entry for entry in second.session.entries if entry.clip.path == other))
    go.set()
    book = _read(second, qtbot)
    spin(qtbot, 0.3)
    assert second.window.choices.now.views is None
    assert "mine" not in second.window.area.message.sentence.text()
    assert "views" not in book.study.view_sets

    second.session.show(next(entry for entry in second.session.entries if entry.clip.path == scan))
    qtbot.waitUntil(lambda: "mine" in second.window.area.message.sentence.text())
    assert "is read with another view set now" in second.window.area.message.sentence.text()


def _another(scan: Path) -> Path:
    """Make a picture of another study."""
    other = scan.parent.parent / "other" / "two.png"
    other.parent.mkdir()
    other.write_bytes(scan.read_bytes() + b"\0")
    return other

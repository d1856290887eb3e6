"""What leaves the window as a file is in the archive's trail, and the archive is checked on command."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from pathlib import Path

import pytest
from deidentify_files import full_dataset
from dicom_files import cine, write
from from_disk import until
from pytestqt.qtbot import QtBot

from fetalclip_app import settings
from fetalclip_app.archive.database import connect
from fetalclip_app.archive.trail import Entry, What, entries
from fetalclip_app.report import as_json
from fetalclip_app.ui import app


def _entries(what: What) -> list[Entry]:
    trail = connect(settings.archive_file())
    try:
        return [entry for entry in entries(trail) if entry.what == what]
    finally:
        trail.close()


def _exported() -> list[Entry]:
    return _entries(What.EXPORTED)


@pytest.fixture
def studio(program, tmp_path: Path, qtbot: QtBot) -> app.Studio:
    folder = tmp_path / "scans"
    folder.mkdir()
    made = program(write(folder / "Müller^Anna.dcm", full_dataset(cine(), NumberOfFrames=4)))
    until(qtbot, lambda: bool(made.session.entries) and made.session.entries[0].reading is not None)
    until(qtbot, lambda: made.window.notebook.clip is not None and made.window.viewer.on_screen is not None)
    until(qtbot, lambda: settings.archive_file().is_file() and bool(_entries(What.READING)))
    out = tmp_path / "out"
    out.mkdir()
    made.window.exporting.ask = lambda _parent, _title, suggested, _kinds: out / Path(suggested).name
    made.window.exporting.ask_folder = lambda _parent, _title, _suggested: out
    return made


def test_every_kind_of_file_is_recorded_by_its_hash_and_by_nobodys_name(studio, qtbot: QtBot, tmp_path: Path) -> None:
    wanted = ("export_pdf", "export_json", "export_csv", "export_png", "export_mp4", "export_dicom")
    for count, name in enumerate(wanted, start=1):
        with qtbot.waitSignal(studio.window.exporting.written, timeout=60_000):
            studio.window.actions_by_name[name].trigger()
        until(qtbot, lambda count=count: len(_exported()) == count)
    found = _exported()
    kinds = [json.loads(entry.details)["kind"] for entry in found]
    files = {path.suffix[1:]: path for path in (tmp_path / "out").iterdir() if path.is_file()}

    assert kinds == ["pdf", "json", "csv", "png", "mp4", "dicom"]
    assert [entry.who for entry in found] == ["A. Sonographer"] * 6
    assert all(
        entry.digest == hashlib.sha256(files[kind].read_bytes()).hexdigest()
        for kind, entry in zip(kinds[:5], found, strict=False)
    )
    assert all("Anna" not in f"{entry}" for entry in found)


def test_an_export_that_failed_is_not_recorded(studio, qtbot: QtBot, tmp_path: Path) -> None:
    studio.window.exporting.ask = lambda _parent, _title, _suggested, _kinds: tmp_path / "nowhere" / "a.json"
    with qtbot.waitSignal(studio.window.exporting.failed):
        studio.window.actions_by_name["export_json"].trigger()

    assert _exported() == []


def test_an_export_while_another_program_holds_the_archive_is_recorded_afterwards(studio, qtbot: QtBot) -> None:
    other = sqlite3.connect(settings.archive_file(), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with qtbot.waitSignal(studio.window.notebook.failed, timeout=30_000):
        studio.window.actions_by_name["export_json"].trigger()
    assert _exported() == []
    other.rollback()
    other.close()
    until(qtbot, lambda: len(_exported()) == 1)


def test_an_export_that_ends_while_the_program_is_closed_is_recorded(
    studio, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go, plain = threading.Event(), threading.Event(), as_json.write_table

    def held(*asked: object) -> object:
        begun.set()
        go.wait(60)
        return plain(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(as_json, "write_table", held)
    studio.window.actions_by_name["export_json"].trigger()
    until(qtbot, begun.is_set)
    threading.Timer(0.2, go.set).start()  # the program's end waits for its workers
    studio.end()

    assert [json.loads(entry.details)["kind"] for entry in _exported()] == ["json"]


def test_a_name_with_a_day_gets_its_ending_and_replaces_no_file_unasked(studio, qtbot: QtBot, tmp_path: Path) -> None:
    exporting, out = studio.window.exporting, tmp_path / "out"
    exporting.ask = lambda _parent, _title, _suggested, _kinds: out / "Scan 14.03.2026"
    with qtbot.waitSignal(exporting.written):
        studio.window.actions_by_name["export_json"].trigger()
    assert [path.name for path in out.iterdir()] == ["Scan 14.03.2026.json"]
    with qtbot.waitSignal(exporting.refused):
        studio.window.actions_by_name["export_json"].trigger()

    assert "is there already" in studio.window.area.message.sentence.text()


def test_nothing_is_written_over_the_scan_that_is_open(studio, qtbot: QtBot, tmp_path: Path) -> None:
    scan = studio.session.entries[0].clip.path
    pretended = scan.with_suffix(".json")
    scan.with_suffix(".json").symlink_to(scan)
    before = scan.read_bytes()
    studio.window.exporting.ask = lambda _parent, _title, _suggested, _kinds: pretended
    with qtbot.waitSignal(studio.window.exporting.failed):
        studio.window.actions_by_name["export_json"].trigger()

    assert "nothing is written over it" in studio.window.area.message.sentence.text()
    assert scan.read_bytes() == before and pretended.is_symlink()


def test_the_archive_is_checked_on_command_and_says_what_is_wrong(studio, qtbot: QtBot) -> None:
    message, action = studio.window.area.message, studio.window.actions_by_name["check_archive"]
    action.trigger()
    until(qtbot, lambda: message.sentence.text() == "The archive is whole.")
    assert "Last entry:" in message.details.text()
    until(qtbot, action.isEnabled)

    other = sqlite3.connect(settings.archive_file(), isolation_level=None)
    other.execute("DROP TRIGGER trail_UPDATE_never")
    other.execute("UPDATE trail SET who = 'B. Nobody' WHERE number = 1")
    other.close()
    action.trigger()
    until(qtbot, lambda: message.sentence.text().endswith("things in the archive are wrong."))
    assert "Entry 1 of the trail was changed" in message.details.text()


def test_a_check_where_no_archive_can_be_reached_is_a_sentence(
    studio, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.archive_file().rename(settings.archive_file().with_name("away.db"))
    studio.window.actions_by_name["check_archive"].trigger()
    until(qtbot, lambda: "There is no archive yet" in studio.window.area.message.sentence.text())

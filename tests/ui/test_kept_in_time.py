"""What a person does goes to disk at once, before a reading that is made ready and a long history that is read."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from deidentify_files import full_dataset
from dicom_files import write
from from_disk import until, until_opened
from pytestqt.qtbot import QtBot

from fetalclip_app import settings
from fetalclip_app.archive import notes_json
from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.notes import Act, ClipNotes
from fetalclip_app.ui.keeping import records


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    return write(tmp_path / "one.dcm", full_dataset())


@pytest.fixture
def held_readings(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """Hold each reading while it is made ready: one event tells that it was begun, the other lets it go on."""
    begun, go, plain = threading.Event(), threading.Event(), records.made_of_reading

    def held(*asked: object) -> object:
        begun.set()
        go.wait(60)
        return plain(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(records, "made_of_reading", held)
    return begun, go


def test_an_act_is_on_disk_while_a_reading_is_still_made_ready(
    program, scan: Path, qtbot: QtBot, held_readings: tuple[threading.Event, threading.Event]
) -> None:
    begun, go = held_readings
    studio = program(scan)
    until_opened(studio, qtbot)
    until(qtbot, begun.is_set)
    book = studio.window.notebook
    try:
        with qtbot.waitSignal(book.saved, timeout=30_000):
            book.change_clip("Fetus", replace(book.clip, fetus="A"))
    finally:
        go.set()
    kept = Archive(settings.archive_file())
    until(qtbot, lambda: bool(kept.readings(book.clip_key)))
    kept.close()


def test_an_act_is_on_disk_while_a_long_history_is_still_read(
    program, scan: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go, plain = threading.Event(), threading.Event(), notes_json.read

    def held(kind: type, text: str) -> object:
        if '"ninth"' in text:
            begun.set()
            go.wait(60)
        return plain(kind, text)

    first = program(scan)
    until_opened(first, qtbot)
    key, study = first.window.notebook.clip_key, first.window.notebook.study_key
    first.end()
    archive = Archive(settings.archive_file())
    act = Act("B. Reader", first.window.notebook.act().when)
    archive.save_clip(key, ClipNotes(best={"ninth": 0}), act, study=study)
    archive.save_clip(key, ClipNotes(best={"brain": 0}), act, study=study)
    archive.close()
    monkeypatch.setattr(notes_json, "read", held)
    studio = program(scan)
    until_opened(studio, qtbot)
    until(qtbot, begun.is_set)
    book = studio.window.notebook
    try:
        with qtbot.waitSignal(book.saved, timeout=30_000):
            book.change_clip("Fetus", replace(book.clip, fetus="A"))
    finally:
        go.set()


def test_a_reading_that_nothing_made_ready_before_the_end_is_kept_at_the_end(
    program, scan: Path, qtbot: QtBot, held_readings: tuple[threading.Event, threading.Event]
) -> None:
    begun, go = held_readings
    studio = program(scan)
    until_opened(studio, qtbot)
    until(qtbot, begun.is_set)
    key = studio.window.notebook.clip_key
    threading.Timer(0.2, go.set).start()  # the program's end waits for its workers
    studio.end()
    kept = Archive(settings.archive_file())

    assert len(kept.readings(key)) == 1
    kept.close()

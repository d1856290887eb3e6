"""What a person does goes to disk at once, before a reading that is made ready and a long history that is read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from deidentify_files import full_dataset
from dicom_files import write
from pytestqt.qtbot import QtBot

from fetalclip_app import settings
from fetalclip_app.archive import notes_json
from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.notes import Act, ClipNotes
from fetalclip_app.ui import app
from fetalclip_app.ui.keeping import records


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    return write(tmp_path / "one.dcm", full_dataset())


def _until(qtbot: QtBot, holds: Callable[[], bool]) -> None:
    """Wait for what comes from the disk, which may be a busy one."""
    qtbot.waitUntil(holds, timeout=30_000)


def _read(studio: app.Studio, qtbot: QtBot) -> None:
    book = studio.window.notebook
    _until(qtbot, lambda: book.clip is not None and book.study is not None)
    _until(qtbot, lambda: all(entry.reading is not None for entry in studio.session.entries))


def test_an_act_is_on_disk_while_a_reading_is_still_made_ready(
    program, scan: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go, plain = threading.Event(), threading.Event(), records.made_of_reading

    def held(*asked: object) -> object:
        begun.set()
        go.wait(60)
        return plain(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(records, "made_of_reading", held)
    studio = program(scan)
    _read(studio, qtbot)
    _until(qtbot, begun.is_set)
    book = studio.window.notebook
    try:
        with qtbot.waitSignal(book.saved, timeout=30_000):
            book.change_clip("Fetus", replace(book.clip, fetus="A"))
    finally:
        go.set()
    kept = Archive(settings.archive_file())
    _until(qtbot, lambda: bool(kept.readings(book.clip_key)))
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
    _read(first, qtbot)
    key, study = first.window.notebook.clip_key, first.window.notebook.study_key
    first.end()
    archive = Archive(settings.archive_file())
    act = Act("B. Reader", first.window.notebook.act().when)
    archive.save_clip(key, ClipNotes(best={"ninth": 0}), act, study=study)
    archive.save_clip(key, ClipNotes(best={"brain": 0}), act, study=study)
    archive.close()
    monkeypatch.setattr(notes_json, "read", held)
    studio = program(scan)
    _read(studio, qtbot)
    _until(qtbot, begun.is_set)
    book = studio.window.notebook
    try:
        with qtbot.waitSignal(book.saved, timeout=30_000):
            book.change_clip("Fetus", replace(book.clip, fetus="A"))
    finally:
        go.set()


def test_a_reading_that_nothing_made_ready_before_the_end_is_kept_at_the_end(
    program, scan: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go, plain = threading.Event(), threading.Event(), records.made_of_reading

    def held(*asked: object) -> object:
        begun.set()
        go.wait(60)
        return plain(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(records, "made_of_reading", held)
    studio = program(scan)
    _read(studio, qtbot)
    _until(qtbot, begun.is_set)
    key = studio.window.notebook.clip_key
    threading.Timer(0.2, go.set).start()  # the program's end waits for its workers
    studio.end()
    kept = Archive(settings.archive_file())

    assert len(kept.readings(key)) == 1
    kept.close()

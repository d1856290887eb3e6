"""What a person did is undone by one key, kept at once, and there again; each clip's by its content."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fakes import make_clip
from pytestqt.qtbot import QtBot
from shelf import ShelfInMemory
from study_tools import dated

from fetalclip_app.domain.clip import Origin
from fetalclip_app.domain.content_key import ContentKey
from fetalclip_app.domain.notes import ClipNotes
from fetalclip_app.domain.sign_off import SignOff
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.settings import Settings
from fetalclip_app.ui.jobs import Jobs
from fetalclip_app.ui.notebook import Notebook


@pytest.fixture
def shelf() -> ShelfInMemory:
    return ShelfInMemory()


@pytest.fixture
def desk(desk_of: Callable, shelf: ShelfInMemory):
    clips = make_clip(12, name="one.dcm"), make_clip(1, name="two.png")
    return desk_of(*clips, settings=Settings(operator="A. Sonographer"), notes=shelf)


def _opened(desk, qtbot: QtBot, *names: str) -> Notebook:
    desk.open(*names)
    book = desk.window.notebook
    qtbot.waitUntil(lambda: book.clip is not None and book.study is not None)
    return book


def test_a_choice_is_kept_with_its_author_and_undone_by_the_key(desk, shelf: ShelfInMemory, qtbot: QtBot) -> None:
    book = _opened(desk, qtbot, "one.dcm")
    key = book.clip_key

    with qtbot.waitSignal(book.saved):
        book.change_clip("Best frame", book.clip.with_best("brain", 7))
    assert shelf.clips[key].best == {"brain": 7}
    assert shelf.acts[-1].who == "A. Sonographer"
    assert shelf.acts[-1].when.tzinfo is not None

    with qtbot.waitSignal(book.saved):
        desk.press("undo")
    assert shelf.clips[key] == ClipNotes()

    with qtbot.waitSignal(book.saved):
        desk.press("redo")
    assert book.clip.best == shelf.clips[key].best == {"brain": 7}


def test_notes_belong_to_the_clip_that_is_shown_and_undo_finds_the_right_one(desk, qtbot: QtBot) -> None:
    book = _opened(desk, qtbot, "one.dcm", "two.png")
    first = book.clip_key
    book.change_clip("Fetus", replace(book.clip, fetus="B"))
    desk.press("next_clip")
    qtbot.waitUntil(lambda: book.clip is not None)

    assert book.clip_key != first
    assert not book.clip.fetus
    desk.press("undo")
    assert not book.of_clip(first).fetus
    assert book.clip_key == first  # what is undone is looked at


def test_closing_a_clip_takes_nothing_from_undo_and_what_is_not_seen_is_said(desk, qtbot: QtBot) -> None:
    book = _opened(desk, qtbot, "one.dcm", "two.png")
    first = book.clip_key
    book.change_clip("Fetus", replace(book.clip, fetus="B"))
    desk.press("next_clip")
    qtbot.waitUntil(lambda: book.clip is not None)
    second = book.clip_key
    book.change_clip("Fetus", replace(book.clip, fetus="A"))
    desk.press("close_clip")

    desk.press("undo")
    assert not book.of_clip(second).fetus
    assert desk.window.area.message.isVisible()
    assert book.of_clip(first).fetus == "B"
    desk.press("undo")
    assert not book.of_clip(first).fetus


def test_what_was_kept_is_there_when_the_clip_is_opened_again(desk_of: Callable, shelf, qtbot: QtBot) -> None:
    clip = make_clip(3, name="one.dcm")
    shelf.clips[clip.key] = ClipNotes(fetus="A")
    book = _opened(desk_of(clip, notes=shelf), qtbot, "one.dcm")

    assert book.clip.fetus == "A"
    assert [notes.fetus for _entry, notes in book.clips_of_study()] == ["A"]


def test_the_key_is_taken_off_the_windows_thread_and_until_then_nothing_is_noted(
    desk_of: Callable, shelf, qtbot
) -> None:
    gate = threading.Event()
    threads: list[int] = []

    def take() -> str:
        threads.append(threading.get_ident())
        gate.wait(10)
        return "0123456789abcdef"

    clip = make_clip(3, name="one.dcm")
    clip = replace(clip, content_key=ContentKey(take, 1, "here"), origin=replace(clip.origin, instance_uid="1.2.3"))
    desk = desk_of(clip, notes=shelf)
    desk.open("one.dcm")
    book = desk.window.notebook

    assert book.clip is None
    book.change_clip("Fetus", ClipNotes(fetus="A"))
    assert desk.window.undo.count() == 0
    gate.set()
    qtbot.waitUntil(lambda: book.clip is not None)
    assert threading.get_ident() not in {*threads, *shelf.threads}


def test_an_act_does_not_wait_for_the_hash_of_another_file(desk_of: Callable, shelf, qtbot: QtBot) -> None:
    gate = threading.Event()

    def take() -> str:
        gate.wait(10)
        return "0123456789abcdef"

    slow = make_clip(3, name="slow.dcm")
    slow = replace(slow, content_key=ContentKey(take, 1, "far"), origin=replace(slow.origin, instance_uid="1.2.3"))
    desk = desk_of(make_clip(3, name="one.dcm"), slow, notes=shelf)
    book = _opened(desk, qtbot, "one.dcm")
    one = desk.session.shown
    desk.open("slow.dcm")
    desk.session.show(next(entry for entry in desk.session.entries if entry is not one))
    desk.session.show(one)
    try:
        with qtbot.waitSignal(book.saved, timeout=3000):
            book.change_clip("Fetus", replace(book.clip, fetus="A"))
    finally:
        gate.set()
    assert shelf.clips[book.clip_key].fetus == "A"


def test_two_patients_whose_files_bear_one_study_identifier_share_no_dating(
    desk_of: Callable, shelf: ShelfInMemory, qtbot: QtBot
) -> None:
    both = [
        make_clip(3, name=f"{who}.dcm", patient=who, origin=Origin(patient_id=who, patient_name=who, study_uid="1.2.3"))
        for who in ("Doe", "Roe")
    ]
    desk = desk_of(*both, settings=Settings(operator="A. Sonographer"), notes=shelf)
    book = _opened(desk, qtbot, "Doe.dcm", "Roe.dcm")
    book.change_study("Date", replace(book.study, dating=dated()))
    first = desk.session.shown
    desk.press("next_clip")
    qtbot.waitUntil(lambda: book.study is not None)

    assert desk.session.shown is not first
    assert book.study.dating is None
    assert [entry.clip.name for entry, _notes in book.clips_of_study()] == [desk.session.shown.clip.name]
    assert not [key for key in shelf.studies if "doe" in key.lower() or "roe" in key.lower()]


def test_undo_keeps_a_clips_notes_under_its_own_study(desk_of: Callable, shelf: ShelfInMemory, qtbot: QtBot) -> None:
    both = [make_clip(3, name=f"{who}.dcm", patient=who) for who in ("P-1", "P-2")]
    book = _opened(desk := desk_of(*both, notes=shelf), qtbot, "P-1.dcm", "P-2.dcm")
    clip, study = book.clip_key, book.study_key
    book.change_clip("Fetus", replace(book.clip, fetus="B"))
    desk.press("next_clip")
    assert book.study_key != study
    with qtbot.waitSignal(book.saved):
        desk.press("undo")

    assert shelf.study_of[clip] == study


def test_what_waits_to_be_kept_is_written_before_the_program_ends(desk, shelf: ShelfInMemory, qtbot: QtBot) -> None:
    book = _opened(desk, qtbot, "one.dcm")
    shelf.pause_s = 0.05
    for frame in range(5):
        book.change_clip("Best frame", book.clip.with_best("brain", frame))
    jobs: Jobs = desk.jobs
    jobs.shut_down()

    assert shelf.clips[book.clip_key].best == {"brain": 4}


def test_notes_that_cannot_be_read_are_told_and_not_overwritten(desk, shelf: ShelfInMemory, qtbot: QtBot) -> None:
    shelf.error = UnreadableFile(ErrorCode.FILE_DAMAGED, name="archive")
    desk.open("one.dcm")
    book = desk.window.notebook
    qtbot.waitUntil(desk.window.area.message.isVisible)

    book.change_clip("Fetus", ClipNotes(fetus="A"))
    assert book.clip is None
    assert not shelf.clips


def test_a_scan_whose_file_has_gone_is_told_and_is_no_fault_of_the_archive(desk_of: Callable, shelf, qtbot) -> None:
    def take() -> str:
        raise UnreadableFile(ErrorCode.FILE_DAMAGED, name="gone.dcm")

    gone = make_clip(3, name="gone.dcm", origin=Origin(instance_uid="1.2.3"))
    desk = desk_of(replace(gone, content_key=ContentKey(take, 1, "here")), notes=shelf)
    book = desk.window.notebook
    with qtbot.waitSignal(book.failed):
        desk.open("gone.dcm")

    assert desk.window.area.message.isVisible()
    assert "not saved" not in desk.window.status.archive.accessibleName()


def test_undo_neither_signs_nor_withdraws(desk, qtbot: QtBot) -> None:
    desk.open("one.dcm")
    book = desk.window.notebook
    qtbot.waitUntil(lambda: book.study is not None)
    book.change_study("Twins", replace(book.study, fetuses=("A", "B")))
    signed = SignOff("M. Fischer", datetime(2026, 3, 14, tzinfo=UTC), "ab" * 32)
    book.sign_study(book.study_key, signed)
    desk.press("undo")

    assert book.study.fetuses == () and book.study.signed == signed
    book.sign_study(book.study_key, None)
    desk.press("redo")
    assert book.study.fetuses == ("A", "B") and book.study.signed is None

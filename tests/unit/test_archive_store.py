"""What a person did lies in one file: found again, act by act, and not lost to a lock, a full disk or damage."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from fetalclip_app.archive import schema
from fetalclip_app.archive.database import connect
from fetalclip_app.archive.records import KeptReading
from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.dating import Dating
from fetalclip_app.domain.notes import Act, ClipNotes, HandMeasurement, ItemMark, ItemState, Line, Part, StudyNotes
from fetalclip_app.errors import ArchiveFailed, ErrorCode

CLIP, STUDY = "0123456789abcdef", "study 1.2.3"
ACT = Act("A. Sonographer", datetime(2026, 3, 14, 12, 4, 31, tzinfo=timezone(timedelta(hours=2))))
DATED = StudyNotes(dating=Dating.by_lmp(date(2025, 10, 24), "A. Sonographer"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "archive.db"


@pytest.fixture
def archive(path: Path) -> Iterator[Archive]:
    made = Archive(path)
    yield made
    made.close()


def _notes(frame: int) -> ClipNotes:
    return ClipNotes(best={"brain": frame})


def _reopened(path: Path) -> Archive:
    return Archive(path)


def _code(error: pytest.ExceptionInfo[ArchiveFailed]) -> ErrorCode:
    return error.value.code


def test_notes_are_there_when_the_archive_is_opened_again(archive: Archive, path: Path) -> None:
    assert archive.load_clip(CLIP) is None and archive.load_study(STUDY) is None
    archive.save_clip(CLIP, _notes(7), ACT, study=STUDY)
    archive.save_study(STUDY, DATED, ACT)
    archive.close()

    again = _reopened(path)
    assert again.load_clip(CLIP) == _notes(7)
    assert again.load_study(STUDY) == DATED
    again.close()


def test_every_act_stays_with_who_when_where_and_what_changed(archive: Archive) -> None:
    archive.save_clip(CLIP, _notes(7), ACT, study=STUDY)
    archive.save_clip(CLIP, replace(_notes(9), parts=(Part("heart", 3, 8),)), ACT, study=STUDY)
    first, second = archive.acts()

    assert (first.who, first.at) == ("A. Sonographer", "2026-03-14T12:04:31+02:00")
    assert (first.kind, first.key, first.study) == ("clip", CLIP, STUDY)
    assert json.loads(second.before) == {"best": {"brain": 7}, "parts": []}
    assert json.loads(second.after)["best"] == {"brain": 9}
    assert set(json.loads(second.after)) == {"best", "parts"}


def test_what_two_programs_did_with_one_study_is_all_kept(archive: Archive, path: Path) -> None:
    other = Archive(path)
    for one in (archive, other):
        assert one.load_study(STUDY) is None and one.load_clip(CLIP) is None
    seen = ItemMark(ItemState.SEEN, ACT)
    archive.save_study(STUDY, replace(DATED, checklist={"heart": seen, "spine": seen}), ACT)
    archive.save_clip(CLIP, ClipNotes(measured=(_drawn("a"),)), ACT, study=STUDY)
    other.save_study(STUDY, StudyNotes(checklist={"femur": seen}), ACT)
    other.save_clip(CLIP, ClipNotes(fetus="B", measured=(_drawn("b"),)), ACT, study=STUDY)
    archive.save_study(STUDY, replace(DATED, checklist={"heart": seen}), ACT)
    archive.save_clip(CLIP, ClipNotes(), ACT, study=STUDY)
    other.close()

    again = Archive(path)
    assert again.load_study(STUDY) == replace(DATED, checklist={"heart": seen, "femur": seen})
    assert again.load_clip(CLIP) == ClipNotes(fetus="B", measured=(_drawn("b"),))
    again.close()


def _drawn(letter: str) -> HandMeasurement:
    return HandMeasurement(letter * 32, Measure.FL, 3, Line((1.0, 2.0), (3.0, 4.0)), ACT)


def test_a_dating_is_the_one_persons_or_the_others_and_never_of_both(archive: Archive, path: Path) -> None:
    other = Archive(path)
    archive.save_study(STUDY, DATED, ACT)
    assert other.load_study(STUDY) == DATED
    mine = replace(DATED, dating=Dating.by_lmp(date(2026, 1, 3), "B."))
    archive.save_study(STUDY, StudyNotes(), ACT)
    other.save_study(STUDY, mine, ACT)
    other.close()

    again = Archive(path)
    assert again.load_study(STUDY) == mine
    again.close()


def test_what_changes_nothing_is_no_act(archive: Archive) -> None:
    archive.save_clip(CLIP, _notes(7), ACT, study=STUDY)
    archive.save_clip(CLIP, _notes(7), ACT, study=STUDY)

    assert len(archive.acts()) == 1


@pytest.mark.parametrize("statement", ["UPDATE acts SET who = 'another'", "DELETE FROM acts"])
def test_acts_cannot_be_changed_or_deleted(archive: Archive, path: Path, statement: str) -> None:
    archive.save_clip(CLIP, _notes(7), ACT, study=STUDY)
    other = connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="acts are never"):
        other.execute(statement)
    other.close()

    assert [act.who for act in archive.acts()] == ["A. Sonographer"]


def test_an_act_is_on_disk_at_once(archive: Archive, path: Path) -> None:
    archive.open()
    started = time.perf_counter()
    archive.save_clip(CLIP, _notes(7), ACT, study=STUDY)
    took = time.perf_counter() - started
    other = connect(path)
    (kept,) = other.execute("SELECT json FROM notes").fetchone()
    (synchronous,) = archive._connection.execute("PRAGMA synchronous").fetchone()  # type: ignore[union-attr]
    other.close()

    assert took < 1.0
    assert json.loads(kept)["best"] == {"brain": 7}
    assert synchronous == 2  # FULL: a commit is flushed before it returns


def test_a_folder_whose_name_is_no_text_can_be_kept(archive: Archive) -> None:
    archive.save_study("folder /scans/\udcff", DATED, ACT)

    assert archive.load_study("folder /scans/\udcff") == DATED


def test_notes_that_would_come_back_as_others_are_not_kept(archive: Archive) -> None:
    broken = ClipNotes(named={3: "brain"}, best={"brain": 3.5})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="notes that"):
        archive.save_clip(CLIP, broken, ACT, study=STUDY)

    archive.save_clip(CLIP, _notes(7), ACT, study=STUDY)
    assert archive.load_clip(CLIP) == _notes(7)


def test_an_unknown_field_is_refused_and_stays(archive: Archive, path: Path) -> None:
    archive.save_clip(CLIP, _notes(7), ACT, study=STUDY)
    other = connect(path)
    newer = json.dumps({"best": {"brain": 7}, "of_a_later_program": 1})
    other.execute("UPDATE notes SET json = ?", (newer,))
    with pytest.raises(ArchiveFailed) as refused:
        archive.load_clip(CLIP)
    (kept,) = other.execute("SELECT json FROM notes").fetchone()
    other.close()

    assert _code(refused) is ErrorCode.ARCHIVE_NOTES_UNKNOWN
    assert kept == newer


def test_a_lock_is_waited_for_and_what_waited_is_written_with_the_next_act(path: Path) -> None:
    def impatient(where: Path) -> sqlite3.Connection:
        made = connect(where)
        made.execute("PRAGMA busy_timeout = 1")
        return made

    archive = Archive(path, impatient)
    archive.open()
    other = connect(path)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ArchiveFailed) as refused:
        archive.save_clip(CLIP, _notes(7), ACT, study=STUDY)
    assert _code(refused) is ErrorCode.ARCHIVE_LOCKED
    assert archive.is_waiting
    other.rollback()
    other.close()

    archive.save_study(STUDY, DATED, ACT)
    assert archive.load_clip(CLIP) == _notes(7)
    assert [act.kind for act in archive.acts()] == ["clip", "study"]
    assert not archive.is_waiting
    archive.close()


def test_a_full_disk_keeps_what_was_there_and_writes_the_rest_once_there_is_room(path: Path) -> None:
    made: list[sqlite3.Connection] = []

    def watched(where: Path) -> sqlite3.Connection:
        made.append(connect(where))
        return made[-1]

    archive = Archive(path, watched)
    archive.save_clip(CLIP, _notes(7), ACT, study=STUDY)
    (pages,) = made[0].execute("PRAGMA page_count").fetchone()
    made[0].execute(f"PRAGMA max_page_count = {pages}")
    much = ClipNotes(parts=tuple(Part("part " * 20, first, first + 1) for first in range(2000)))
    with pytest.raises(ArchiveFailed) as refused:
        archive.save_clip(CLIP, much, ACT, study=STUDY)
    assert _code(refused) is ErrorCode.ARCHIVE_FULL
    assert archive.load_clip(CLIP) == _notes(7)

    made[0].execute("PRAGMA max_page_count = 1000000")
    archive.write_waiting()
    assert archive.load_clip(CLIP) == much
    archive.close()


def test_a_read_only_file_is_said_and_stays_as_it_is(archive: Archive, path: Path) -> None:
    archive.save_clip(CLIP, _notes(7), ACT, study=STUDY)
    archive.close()
    connect(path).close()

    closed = Archive(path, lambda where: sqlite3.connect(f"file:{where}?mode=ro&immutable=1", uri=True))
    with pytest.raises(ArchiveFailed) as refused:
        closed.save_clip(CLIP, _notes(8), ACT, study=STUDY)
    assert _code(refused) is ErrorCode.ARCHIVE_READ_ONLY
    with pytest.raises(ArchiveFailed):
        closed.close()
    assert _reopened(path).load_clip(CLIP) == _notes(7)


def test_where_the_folder_cannot_be_made_the_program_goes_on_without_an_archive(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file in the folder's place")
    archive = Archive(tmp_path / "home" / "archive.db")
    with pytest.raises(ArchiveFailed) as refused:
        archive.open()

    assert _code(refused) is ErrorCode.ARCHIVE_UNREACHABLE
    assert archive.load_clip(CLIP) is None
    with pytest.raises(ArchiveFailed):
        archive.save_clip(CLIP, _notes(8), ACT, study=STUDY)
    assert not archive.is_waiting


@pytest.mark.parametrize("content", [b"no archive at all", b"SQLite format 3\0" + b"\xff" * 8000, b"SQLite"])
def test_a_file_that_is_damaged_is_set_aside_whole_and_a_new_one_begun(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    archive = Archive(path)
    with pytest.raises(ArchiveFailed) as refused:
        archive.save_clip(CLIP, _notes(7), ACT, study=STUDY)
    (aside,) = path.parent.glob("archive.damaged-*.db")

    assert _code(refused) is ErrorCode.ARCHIVE_DAMAGED
    assert refused.value.parameters["aside"] == aside.name
    assert aside.read_bytes() == content
    assert archive.load_clip(CLIP) == _notes(7)
    archive.close()


def test_damage_in_the_middle_of_the_work_costs_what_was_kept_and_not_what_is_done(path: Path) -> None:
    archive = Archive(path)
    for number in range(300):
        archive.save_clip(f"{number:016x}", _notes(number), ACT, study=STUDY)
    archive.close()
    pages = bytearray(path.read_bytes())
    pages[4096:] = b"\x5a" * (len(pages) - 4096)
    path.write_bytes(pages)

    again = _reopened(path)
    with pytest.raises(ArchiveFailed) as refused:
        again.save_clip(CLIP, _notes(7), ACT, study=STUDY)
    assert _code(refused) is ErrorCode.ARCHIVE_DAMAGED
    assert again.load_clip(CLIP) == _notes(7)
    assert len(list(path.parent.glob("archive.damaged-*.db"))) == 1
    again.close()


def test_a_newer_archive_is_refused_and_not_touched(archive: Archive, path: Path) -> None:
    archive.save_clip(CLIP, _notes(7), ACT, study=STUDY)
    archive.close()
    later = connect(path)
    later.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    later.close()
    content = path.read_bytes()

    newer = _reopened(path)
    with pytest.raises(ArchiveFailed) as refused:
        newer.open()
    with pytest.raises(ArchiveFailed):
        newer.save_clip(CLIP, _notes(8), ACT, study=STUDY)
    newer.close()
    assert _code(refused) is ErrorCode.ARCHIVE_NEWER
    assert path.read_bytes() == content
    assert {file.name for file in path.parent.iterdir()} == {"archive.db", "archive.head"}


def test_an_older_archive_is_brought_up_to_date_with_all_that_is_in_it(path: Path) -> None:
    path.parent.mkdir()
    old = connect(path)
    for statement in schema.MIGRATIONS[0]:
        old.execute(statement)
    old.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    old.execute("PRAGMA user_version = 1")
    old.execute("INSERT INTO notes (kind, key, json) VALUES ('clip', ?, ?)", (CLIP, '{"best":{"brain":7}}'))
    old.close()

    archive = _reopened(path)
    assert archive.load_clip(CLIP) == _notes(7)
    archive.close()
    brought = connect(path)
    fresh = connect(path.with_name("fresh.db"))
    schema.migrate(fresh)
    assert schema.version_of(brought) == schema.VERSION
    assert _tables(brought) == _tables(fresh)
    brought.close()
    fresh.close()


def _tables(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    return connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()


def test_a_reading_is_kept_once_however_often_it_is_made(archive: Archive, path: Path) -> None:
    reading = KeptReading(CLIP, STUDY, "2026-03-14T12:04:31+02:00", "7f3a", json.dumps({"frames": 60}))
    archive.keep_reading(reading)
    archive.keep_reading(replace(reading, at="2026-03-15T08:00:00+02:00"))
    archive.keep_reading(replace(reading, json="{}"))
    archive.close()

    again = _reopened(path)
    assert [one.json for one in again.readings(CLIP)] == ['{"frames": 60}', "{}"]
    assert again.readings(CLIP)[0] == reading
    assert again.readings("another") == ()
    again.close()


def test_a_view_set_that_was_used_is_kept_byte_by_byte_under_its_hash(archive: Archive) -> None:
    content = b'{"hand": ["A hand."]}\n'
    archive.keep_view_set("mine", content, ACT.when)
    archive.keep_view_set("renamed", content, ACT.when)

    assert archive.view_set(hashlib.sha256(content).hexdigest()) == ("mine", content)
    assert archive.view_set("0" * 64) is None


def test_every_mask_of_a_copy_is_kept(archive: Archive) -> None:
    archive.keep_mask(CLIP, '{"keep": [1]}', ACT)
    archive.keep_mask(CLIP, '{"keep": [2]}', ACT)

    assert archive.masks(CLIP) == ('{"keep": [1]}', '{"keep": [2]}')

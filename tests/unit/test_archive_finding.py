"""Studies are found by name, day, view and any word; and are deleted for good, with a record that names nobody."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import old_archives
import pytest

from fetalclip_app.archive.checking import check
from fetalclip_app.archive.database import connect
from fetalclip_app.archive.finding import find
from fetalclip_app.archive.records import KeptEmbeddings, KeptReading
from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.kept import FlawKind, KeptNames, Place, Query
from fetalclip_app.domain.notes import Act, ClipNotes, ItemMark, ItemState, Part, StudyNotes
from fetalclip_app.errors import ArchiveFailed, ErrorCode

FOLDER = "folder /scans/Mueller-Hansen"
NAMED = "study 1.2.3 00ff00ff00ff00ff"
CLIPS = ("a" * 16, "b" * 16, "c" * 16)


def _act(day: int, who: str = "A. Sonographer") -> Act:
    return Act(who, datetime(2026, 3, day, 12, 4, 31, 123456, tzinfo=UTC))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "archive.db"


@pytest.fixture
def archive(path: Path) -> Iterator[Archive]:
    """Two studies: one whose files name a patient, one that is a folder."""
    made = Archive(path)
    first, second, third = CLIPS
    made.save_clip(
        first, ClipNotes(parts=(Part("Kidney, upper pole", 0, 2),), named={0: "kidney"}), _act(14), study=NAMED
    )
    mark = ItemMark(ItemState.SEEN, _act(14), "seen from both sides")
    made.save_study(NAMED, StudyNotes(checklist={"kidneys": mark}), _act(14))
    made.keep_reading(KeptReading(second, NAMED, _act(14).when.isoformat(), "7f3a", old_archives.READING))
    made.keep_mask(first, '{"secret": "mask"}', _act(14))
    made.keep_embeddings(KeptEmbeddings(second, "7f3a", "p1", "[0,0,9,9]", 1, 2, _sha(b"12345678"), b"12345678", "x"))
    made.remember(
        KeptNames(NAMED, "Müller^Jane", "P-007", "2026-03-12", "Second trimester", _act(14).when.isoformat()),
        Place(first, "/scans/jane/IM0001.dcm"),
    )
    made.save_clip(third, ClipNotes(best={"femur": 4}), _act(20, "B. Reader"), study=FOLDER)
    made.save_study(FOLDER, StudyNotes(exam_day=date(2026, 3, 18)), _act(20, "B. Reader"))
    yield made
    made.close()


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _keys(path: Path, query: Query) -> list[str]:
    return [found.key for found in find(path, query)]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        (Query(), [FOLDER, NAMED]),
        (Query(name="muller"), [NAMED]),
        (Query(name="JANE mül"), [NAMED]),
        (Query(name="P-007"), [NAMED]),
        (Query(name="nobody"), []),
        (Query(since=date(2026, 3, 12), until=date(2026, 3, 12)), [NAMED]),
        (Query(since=date(2026, 3, 18), until=date(2026, 3, 18)), [FOLDER]),
        (Query(since=date(2026, 3, 20)), [FOLDER]),
        (Query(until=date(2026, 3, 1)), []),
        (Query(view="brain"), [NAMED]),
        (Query(view="kidney"), [NAMED]),
        (Query(view="femur"), [FOLDER, NAMED]),
        (Query(view="heart"), []),
        (Query(text="upper pole"), [NAMED]),
        (Query(text="both sides"), [NAMED]),
        (Query(text="second TRIMESTER"), [NAMED]),
        (Query(text="im0001"), [NAMED]),
        (Query(text="reader"), [FOLDER]),
        (Query(text="mueller-hansen"), [FOLDER]),
        (Query(text="upper elbow"), []),
        (Query(text="pole", name="jane", view="kidney", since=date(2026, 3, 1)), [NAMED]),
    ],
)
def test_a_study_is_found_by_what_is_known_of_it(archive: Archive, path: Path, query: Query, wanted: list[str]) -> None:
    assert _keys(path, query) == wanted


def test_what_is_found_says_what_is_kept_and_where_the_files_lay(archive: Archive, path: Path) -> None:
    (found,) = find(path, Query(name="jane"))

    assert found.day == "2026-03-12" and found.clips == 2 and found.acts == 2 and found.readings == 1
    assert found.views == ("brain", "femur", "kidney")
    assert found.places == (Path("/scans/jane/IM0001.dcm"),)
    assert found.last_done.startswith("2026-03-14")


def test_without_an_archive_nothing_is_found_and_none_is_made(tmp_path: Path) -> None:
    assert find(tmp_path / "none.db", Query()) == ()
    assert not (tmp_path / "none.db").exists()


def test_names_go_for_good_when_they_are_not_wanted_and_the_studies_stay(archive: Archive, path: Path) -> None:
    assert archive.forget_names()
    archive.close()

    assert _keys(path, Query(name="jane")) == []
    assert _keys(path, Query()) == [FOLDER, NAMED]
    for secret in ("Müller", "P-007", "IM0001", "Second trimester"):
        assert not _lies_in(path, secret)
    assert check(path).is_whole


def test_a_deleted_study_is_really_gone_and_the_trail_says_that_something_was(archive: Archive, path: Path) -> None:
    taken, is_overwritten = archive.delete_study(NAMED, _act(21, "C. Keeper"))
    assert is_overwritten
    assert (taken.clips, taken.acts, taken.readings, taken.masks, taken.embeddings) == (2, 2, 1, 1, 1)
    # Before the file is closed: what SQLite keeps beside it has nothing of it, either.
    for secret in (
        "1.2.3",
        "00ff00ff00ff00ff",
        "Müller",
        "Kidney, upper pole",
        "both sides",
        "secret",
        "IM0001",
        *CLIPS[:2],
    ):
        assert not _lies_in(path, secret), secret
    assert not _lies_in(path, "12345678")
    archive.close()

    assert _keys(path, Query()) == [FOLDER]
    checked = check(path)
    assert checked.is_whole
    connection = connect(path)
    (who, at, details) = connection.execute("SELECT who, at, details FROM trail WHERE what = 'deleted'").fetchone()
    connection.close()
    assert (who, at) == ("C. Keeper", _act(21).when.isoformat())
    assert json.loads(details) == {"clips": 2, "acts": 2, "readings": 1, "masks": 1, "embeddings": 1, "entries": 4}


def test_what_is_left_and_what_comes_after_a_deletion_is_checked_as_before(archive: Archive, path: Path) -> None:
    archive.delete_study(NAMED, _act(21))
    archive.save_clip(CLIPS[0], ClipNotes(fetus="A"), _act(22), study=NAMED)
    archive.save_clip(CLIPS[2], ClipNotes(best={"femur": 5}), _act(22), study=FOLDER)
    archive.close()
    assert check(path).is_whole
    assert _keys(path, Query()) == [NAMED, FOLDER]

    other = connect(path)
    other.execute("DROP TRIGGER erased_UPDATE_never")
    other.execute("UPDATE erased SET entry = 99 WHERE entry = (SELECT min(entry) FROM erased)")
    other.close()
    assert {FlawKind.DELETION, FlawKind.LOST} <= {flaw.kind for flaw in check(path).flaws}


def test_a_deletion_while_another_window_reads_is_done_and_says_that_traces_wait(archive: Archive, path: Path) -> None:
    reader = connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM acts").fetchone()
    archive.close()
    again = Archive(path, _impatient)
    _taken, is_overwritten = again.delete_study(NAMED, _act(21))
    assert not is_overwritten
    assert _keys(path, Query()) == [FOLDER]

    reader.rollback()
    reader.close()
    again.close()
    assert not _lies_in(path, "Kidney, upper pole")


def test_what_is_not_kept_cannot_be_deleted(archive: Archive, path: Path) -> None:
    with pytest.raises(ArchiveFailed) as refused:
        archive.delete_study("study 9.9.9", _act(21))
    assert refused.value.code is ErrorCode.STUDY_NOT_KEPT
    assert not archive.is_waiting
    assert check(path).is_whole


def _impatient(path: Path) -> sqlite3.Connection:
    made = connect(path)
    made.execute("PRAGMA busy_timeout = 1")
    return made


def _lies_in(path: Path, secret: str) -> bool:
    """Whether a text is somewhere in the files of the archive, as bytes."""
    files = [path, path.with_name(path.name + "-wal"), path.with_suffix(".head")]
    return any(secret.encode() in file.read_bytes() for file in files if file.exists())

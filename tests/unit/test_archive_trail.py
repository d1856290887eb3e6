"""The trail of what was done cannot be changed, cut or shortened without being seen; older archives get one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import old_archives
import pytest

from fetalclip_app.archive import anchor
from fetalclip_app.archive.checking import check
from fetalclip_app.archive.database import connect
from fetalclip_app.archive.records import KeptReading
from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.kept import FlawKind
from fetalclip_app.domain.notes import Act, ClipNotes, Part, StudyNotes
from fetalclip_app.errors import ArchiveFailed, ErrorCode

CLIP, STUDY = "0123456789abcdef", "study 1.2.3"
ACT = Act("A. Sonographer", datetime(2026, 3, 14, 12, 4, 31, tzinfo=UTC))
FRAMES = 6


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "archive.db"


@pytest.fixture
def kept(path: Path) -> Iterator[Path]:
    """An archive with some acts, a reading, a mask and a set of views."""
    archive = Archive(path)
    for frame in range(FRAMES):
        archive.save_clip(CLIP, ClipNotes(best={"brain": frame}), ACT, study=STUDY)
    archive.save_study(STUDY, StudyNotes(fetuses=("A", "B")), ACT)
    archive.keep_reading(KeptReading(CLIP, STUDY, ACT.when.isoformat(), "7f3a", old_archives.READING))
    archive.keep_mask(CLIP, "{}", ACT)
    archive.keep_view_set("planes", b'{"views": []}', ACT.when)
    archive.close()
    yield path


def _tampered(path: Path, *statements: str) -> None:
    """Change the file as somebody would who knows SQLite, and is held up by no trigger."""
    other = connect(path)
    for (name,) in other.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        other.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        other.execute(statement)
    other.close()


def _kinds(path: Path) -> set[FlawKind]:
    return {flaw.kind for flaw in check(path).flaws}


def test_an_untouched_archive_is_whole_and_each_act_has_its_entry(kept: Path) -> None:
    checked = check(kept)

    assert checked.is_whole and checked.is_anchored
    assert checked.acts == FRAMES + 1 and checked.readings == 1
    assert checked.entries == FRAMES + 3
    assert anchor.read(kept) is not None and anchor.read(kept).number <= checked.head.number


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE acts SET who = 'somebody else' WHERE number = 3", FlawKind.CHANGED),
        ('UPDATE acts SET after = \'{"best": {"brain": 99}}\' WHERE number = 6', FlawKind.CHANGED),
        ("DELETE FROM acts WHERE number = 2", FlawKind.LOST),
        ("UPDATE readings SET model = 'ffff'", FlawKind.CHANGED),
        ("UPDATE readings SET json = x'00'", FlawKind.READING),
        ("DELETE FROM masks", FlawKind.LOST),
        ("UPDATE view_sets SET content = x'00'", FlawKind.READING),
        ("UPDATE notes SET json = '{\"best\":{\"brain\":99}}' WHERE kind = 'clip'", FlawKind.NOTES),
        ("DELETE FROM notes WHERE kind = 'study'", FlawKind.NOTES),
        ("UPDATE trail SET who = 'somebody else' WHERE number = 4", FlawKind.HASH),
        ("UPDATE trail SET at = '2020-01-01' WHERE number = 1", FlawKind.HASH),
        ("DELETE FROM trail WHERE number = 4", FlawKind.GAP),
        ("DELETE FROM trail WHERE number > 7", FlawKind.CUT),
        ("INSERT INTO erased VALUES (3, 4)", FlawKind.DELETION),
        (
            "INSERT INTO acts (uid, who, at, kind, key, study, before, after) "
            "VALUES ('', '', '', 'clip', '0123456789abcdef', '', '{}', '{}')",
            FlawKind.UNRECORDED,
        ),
    ],
)
def test_whatever_is_changed_behind_the_programs_back_is_named(kept: Path, statement: str, kind: FlawKind) -> None:
    _tampered(kept, statement)
    assert kind in _kinds(kept)


def test_a_chain_that_was_made_anew_from_the_middle_is_missed_by_the_anchor(kept: Path) -> None:
    """Who cuts acts and entries off, and hides it in the file itself, still leaves the anchor behind."""
    _tampered(
        kept,
        "DELETE FROM trail WHERE number > 8",
        "DELETE FROM masks",
        "UPDATE sqlite_sequence SET seq = 8 WHERE name = 'trail'",
    )
    assert _kinds(kept) == {FlawKind.CUT, FlawKind.TABLES}  # the triggers are missed, too

    archive = Archive(kept)
    archive.save_clip(CLIP, ClipNotes(best={"brain": 40}), ACT, study=STUDY)
    archive.close()
    flaws = [flaw for flaw in check(kept).flaws if flaw.kind is FlawKind.CUT]
    assert [flaw.entry for flaw in flaws] == [9]  # said for good, though the anchor is of the new end


def test_an_anchor_that_lags_behind_is_no_flaw(kept: Path) -> None:
    older = anchor.path_beside(kept).read_bytes()
    archive = Archive(kept)
    archive.save_clip(CLIP, ClipNotes(best={"brain": 50}), ACT, study=STUDY)
    archive.close()
    anchor.path_beside(kept).write_bytes(older)
    assert check(kept).is_whole

    anchor.path_beside(kept).unlink()
    assert check(kept).is_whole and not check(kept).is_anchored


def test_a_damaged_page_is_told_by_the_check(kept: Path) -> None:
    archive = Archive(kept)
    for number in range(200):
        archive.save_clip(f"{number:016x}", ClipNotes(parts=(Part("part " * 20, 0, 1),)), ACT, study=STUDY)
    archive.close()
    content = bytearray(kept.read_bytes())
    content[-4096:-2048] = b"\x5a" * 2048
    kept.write_bytes(content)

    try:
        flaws = _kinds(kept)
    except ArchiveFailed as error:
        assert error.code is ErrorCode.ARCHIVE_DAMAGED
    else:
        assert FlawKind.PAGES in flaws


def test_a_check_of_nothing_makes_nothing(path: Path) -> None:
    with pytest.raises(ArchiveFailed) as refused:
        check(path)
    assert refused.value.code is ErrorCode.ARCHIVE_MISSING
    assert not path.exists()


@pytest.mark.parametrize("version", [1, 2])
def test_an_older_archive_gets_a_trail_over_all_that_it_kept(path: Path, version: int) -> None:
    old_archives.write(path, version)
    archive = Archive(path)
    assert archive.load_clip(CLIP) == ClipNotes(best={"brain": 7}, fetus="A")
    assert [act.who for act in archive.acts()] == ["A. S.", "A. S."]
    assert len(archive.readings(CLIP)) == len(archive.masks(CLIP)) == version - 1
    archive.save_clip(CLIP, ClipNotes(best={"brain": 8}, fetus="A"), ACT, study=STUDY)
    archive.close()

    assert check(path).is_whole
    assert check(path).entries == 1 + 2 + 2 * (version - 1) + 1
    begun = _rows(path, "SELECT what, details FROM trail WHERE number = 1")
    assert begun == [
        ("begun", json.dumps({"acts": 2, "readings": version - 1, "masks": version - 1}, separators=(",", ":")))
    ]
    if version == 2:
        assert _rows(path, "SELECT view FROM seen_views ORDER BY view") == [("brain",), ("femur",)]


def test_a_migration_that_fails_leaves_the_older_archive_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old_archives.write(path, 2)
    before = _rows(path, "SELECT name, sql FROM sqlite_schema ORDER BY name")

    def full(*_anything: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("fetalclip_app.archive.trail.record", full)
    with pytest.raises(ArchiveFailed):
        Archive(path).open()
    assert _rows(path, "SELECT name, sql FROM sqlite_schema ORDER BY name") == before
    assert _rows(path, "PRAGMA user_version") == [(2,)]


def _rows(path: Path, query: str, using: Callable[[Path], sqlite3.Connection] = connect) -> list[tuple[object, ...]]:
    connection = using(path)
    rows = connection.execute(query).fetchall()
    connection.close()
    return rows

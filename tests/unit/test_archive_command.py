"""The archive on the command line: what it prints, what it writes, how it ends."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import old_archives
import pytest

from fetalclip_app import cli, settings
from fetalclip_app.archive.records import KeptReading
from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.kept import KeptNames, Place
from fetalclip_app.domain.notes import Act, ClipNotes

STUDY, PICTURE = "study 1.2.3 00ff00ff00ff00ff", b"a scan"
CLIP = hashlib.sha256(PICTURE).hexdigest()[:16]
ACT = Act("A. Sonographer", datetime(2026, 3, 14, 12, 4, tzinfo=UTC))


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "scans" / "one.dcm"
    path.parent.mkdir()
    path.write_bytes(PICTURE)
    return path


@pytest.fixture(autouse=True)
def _kept(scan: Path) -> None:
    archive = Archive(settings.archive_file())
    archive.save_clip(CLIP, ClipNotes(best={"brain": 1}), ACT, study=STUDY)
    archive.keep_reading(KeptReading(CLIP, STUDY, ACT.when.isoformat(), "7f3a", old_archives.READING))
    archive.remember(
        KeptNames(STUDY, "Müller^Jane", "P-007", "2026-03-12", "", ACT.when.isoformat()), Place(CLIP, str(scan))
    )
    archive.close()


def run(*arguments: object) -> int:
    def no_window(paths: object) -> int:
        raise AssertionError("the window opened")

    return cli.main(["archive", *(str(one) for one in arguments)], no_window, why_no_window=lambda: "")


def test_a_study_is_found_and_told_with_its_key_and_its_files(scan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("find", "--name", "muller", "--view", "femur", "--since", "2026-03-12", "--until", "2026-03-12") == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "2026-03-12 · Müller, Jane, P-007 · Brain, Femur · 1 clip, 1 act, 1 reading",
        f"  {STUDY}",
        f"  {scan}",
    ]
    assert said.err == "1 study\n"

    scan.unlink()
    assert run("find") == 0
    assert f"{scan} (not there any more)" in capsys.readouterr().out
    assert run("find", "elbow") == 0
    assert capsys.readouterr() == ("", "No study that is kept fits.\n")


def test_what_is_found_can_be_read_by_other_programs(scan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("find", "--json", "jane") == 0
    (study,) = json.loads(capsys.readouterr().out)
    assert study["key"] == STUDY and study["patient_id"] == "P-007" and study["files"] == [str(scan)]
    assert study["views"] == ["brain", "femur"] and study["day"] == "2026-03-12"


def test_a_check_ends_well_only_where_nothing_was_changed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "2 entries, 1 act, 1 reading" and said[-1] == "The archive is whole."
    assert said[1].startswith("Last entry: 2, ")

    other = sqlite3.connect(settings.archive_file())
    other.execute("DROP TRIGGER acts_stay_as_they_are")
    other.execute("UPDATE acts SET who = 'B.'")
    other.commit()
    other.close()
    assert run("check") == 1
    said = capsys.readouterr().out
    assert "acts 1 was changed since entry 1 was written." in said
    assert "acts_stay_as_they_are is not as this program makes it." in said
    assert "2 things in the archive are wrong." in said


def test_a_study_goes_to_another_archive_and_back_into_an_emptied_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, other = tmp_path / "jane.fcstudy", tmp_path / "other.db"
    assert run("export", STUDY, "--out", file, "--names", "--pictures", "--by", "C. Keeper") == 0
    assert capsys.readouterr().out == f"{file} is written and holds 1 clip, 1 act, 1 reading, 1 picture.\n"
    assert run("import", file, "--archive", other, "--pictures", tmp_path / "out") == 0
    said = capsys.readouterr().out.splitlines()
    assert said == ["jane.fcstudy is imported; new are 1 act, 1 reading.", str(tmp_path / "out" / f"{CLIP}.dcm")]
    assert Path(said[1]).read_bytes() == PICTURE
    assert run("import", file, "--archive", other) == 0
    assert capsys.readouterr().out == "All of jane.fcstudy was kept already: nothing changed.\n"
    assert run("find", "--archive", other, "--name", "jane") == 0
    found = capsys.readouterr().out
    assert STUDY in found and str(tmp_path / "out" / f"{CLIP}.dcm") in found, "its scans are found where they lie now"
    assert run("check") == 0 and run("check", "--archive", other) == 0
    trail = sqlite3.connect(settings.archive_file())
    assert trail.execute("SELECT who, digest FROM trail WHERE what = 'exported'").fetchall() == [
        ("C. Keeper", hashlib.sha256(file.read_bytes()).hexdigest())
    ]
    trail.close()
    assert run("trail") == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert "C. Keeper · file written · kind study, clips 1, acts 1, pictures 1, name " in last
    assert run("trail", "--json") == 0
    assert json.loads(capsys.readouterr().out)[-1]["details"]["kind"] == "study"


def test_a_study_whose_scans_cannot_be_written_is_not_taken_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, other = tmp_path / "jane.fcstudy", tmp_path / "other.db"
    assert run("export", STUDY, "--out", file, "--pictures") == 0
    (tmp_path / "no folder").write_bytes(b"")
    assert run("import", file, "--archive", other, "--pictures", tmp_path / "no folder") == 1
    assert "no folder could not be written" in capsys.readouterr().err
    assert not other.exists()


def test_a_study_is_deleted_only_by_who_is_sure(scan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run("delete", STUDY)
    assert stopped.value.code == 2
    assert "add --yes" in capsys.readouterr().err
    assert run("delete", STUDY, "--yes", "--by", "C. Keeper") == 0
    assert capsys.readouterr().out.startswith("Deleted: 1 clip, 1 act, 1 reading. The trail says")
    assert run("find") == 0
    assert capsys.readouterr().out == ""
    assert run("check") == 0
    assert scan.read_bytes() == PICTURE


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export", "study 9.9", "--out", "{}/x.fcstudy"), "Nothing is kept of this study."),
        (("delete", "study 9.9", "--yes"), "Nothing is kept of this study."),
        (("import", "{}/nothing.fcstudy"), "nothing.fcstudy"),
        (("import", "{}/scans/one.dcm"), "one.dcm is damaged, or is no study of this program"),
        (("check", "--archive", "{}/none.db"), "There is no archive yet"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert run(*(one.format(tmp_path) for one in arguments)) == 1
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
    assert not (tmp_path / "none.db").exists() and not (tmp_path / "x.fcstudy").exists()

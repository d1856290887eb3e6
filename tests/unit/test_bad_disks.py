"""A full disk, a read-only folder, a locked file, a drive that is gone: a sentence, and nothing half-written."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import sqlite3
import stat
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from bad_disks import fill, make_read_only, refused_by_the_system, small_disk
from deidentify_files import full_dataset
from fakes import make_clip, make_reading
from PIL import Image

from fetalclip_app import atomic, settings, wording
from fetalclip_app.archive import importing
from fetalclip_app.archive.checking import check
from fetalclip_app.archive.database import connect
from fetalclip_app.archive.exporting import Wanted, export
from fetalclip_app.archive.store import Archive
from fetalclip_app.archive.study_file import unpack
from fetalclip_app.domain.kept import KeptNames, Place
from fetalclip_app.domain.notes import Act, ClipNotes, Part
from fetalclip_app.errors import ArchiveFailed, ErrorCode, ExportFailed, FetalClipError
from fetalclip_app.imaging.deidentify.writing import write_plain
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.progress import CancelToken, silent
from fetalclip_app.report import ClipEntry, ReportOptions, build
from fetalclip_app.report.as_csv import write_csv
from fetalclip_app.report.as_json import write_json
from fetalclip_app.report.dicom.export import write_objects
from fetalclip_app.report.movie import write_movie
from fetalclip_app.report.pdf import write_report
from fetalclip_app.report.picture import write_annotated_png
from fetalclip_app.settings import Settings

CLIP, STUDY, OTHER = "0123456789abcdef", "study 1.2.3", "study 4.5.6"
ACT = Act("A. Sonographer", datetime(2026, 3, 14, 12, 4, tzinfo=UTC))


def _entry() -> ClipEntry:
    clip = make_clip(3)
    return ClipEntry(clip, make_reading(clip))


def _write_pdf(folder: Path) -> None:
    write_report(folder / "old", [_entry()], ReportOptions())


def _write_json(folder: Path) -> None:
    write_json(folder / "old", [_entry()])


def _write_png(folder: Path) -> None:
    write_annotated_png(folder / "old", make_clip().frame(0).pixels, caption="clip.dcm, frame 1 of 6")


def _write_copy(folder: Path) -> None:
    dataset = full_dataset()
    write_plain(folder / "old", dataset, io.BytesIO(dataset.PixelData))


def _write_study(folder: Path) -> None:
    kept = Path(os.environ["FETALCLIP_STUDIO_HOME"]) / "kept.db"
    export(kept, STUDY, folder / "old", ACT)


def _write_folder(folder: Path) -> None:
    def objects(place: Path) -> None:
        for name in "abc":
            (place / name).write_bytes(os.urandom(20_000))

    atomic.write_folder(folder / "objects", objects)


def _write_csv(folder: Path) -> None:
    write_csv(folder / "old", [_entry()])


def _write_movie(folder: Path) -> None:
    write_movie(folder / "old", _entry(), CancelToken(), silent)


def _write_scans(folder: Path) -> None:
    """Unpack the scans of a study's file."""
    unpack(importing.read(Path(os.environ["FETALCLIP_STUDIO_HOME"]) / "kept.fcstudy"), folder)


def _write_dicom(folder: Path) -> None:
    scan = Path(os.environ["FETALCLIP_STUDIO_HOME"]) / "a.png"
    Image.fromarray(make_clip().frame(0).pixels).save(scan)
    clip = read_clip(scan)
    write_objects(folder / "objects", build([ClipEntry(clip, make_reading(clip))]))


WRITERS = [
    *(_write_pdf, _write_json, _write_csv, _write_png, _write_movie, _write_copy, _write_study, _write_scans),
    *(_write_folder, _write_dicom),
]
writers = pytest.mark.parametrize("write", WRITERS, ids=lambda one: one.__name__.removeprefix("_write_"))


@pytest.fixture(autouse=True)
def _kept(tmp_path: Path) -> None:
    """An archive to export from, and a study's file with a scan in it."""
    home = Path(os.environ["FETALCLIP_STUDIO_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    archive, scan = Archive(home / "kept.db"), os.urandom(20_000)
    key = hashlib.sha256(scan).hexdigest()[:16]
    (home / "scan.dcm").write_bytes(scan)
    archive.remember(KeptNames(OTHER, "", "", "", "", ACT.when.isoformat()), Place(key, str(home / "scan.dcm")))
    for number in range(3):
        parts = tuple(Part(os.urandom(400).hex(), 0, 1) for _ in range(20))
        archive.save_clip(f"{number:016x}", ClipNotes(parts=parts), ACT, study=STUDY)
    archive.close()
    export(home / "kept.db", OTHER, home / "kept.fcstudy", ACT, Wanted(pictures=True))


def _fails(write: Callable[[Path], None], folder: Path, problem: int) -> None:
    """Assert that nothing is written, that a sentence says so, and that what was there is as it was."""
    (folder / "old").write_bytes(b"as it was")
    _still_fails(write, folder, problem)


def _still_fails(write: Callable[[Path], None], folder: Path, problem: int) -> None:
    before = {path.name: path.stat().st_size for path in folder.iterdir()}
    with pytest.raises(ExportFailed) as refused:
        write(folder)
    said = wording.sentence(refused.value)
    assert os.strerror(problem).lower() in said.lower() and wording.hint(refused.value)
    assert {path.name: path.stat().st_size for path in folder.iterdir()} == before
    assert (folder / "old").read_bytes() == b"as it was"


@writers
def test_a_full_disk(write: Callable[[Path], None], tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 256) as disk:
        (disk / "old").write_bytes(b"as it was")
        fill(disk, leaving=4096)
        _still_fails(write, disk, errno.ENOSPC)


@writers
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_disk_that_refuses_the_last_bytes(
    write: Callable[[Path], None], number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no disk can be mounted, too: the system refuses when the file is brought to the disk."""
    folder = tmp_path / "out"
    folder.mkdir()
    refused_by_the_system(monkeypatch, number)
    _fails(write, folder, number)


@writers
def test_a_read_only_folder(write: Callable[[Path], None], tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 256) as disk:
        (disk / "old").write_bytes(b"as it was")
        make_read_only(disk)
        _still_fails(write, disk, errno.EROFS)


@writers
def test_a_locked_file(write: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Windows says it of a file that another program shows: it is not replaced."""
    folder = tmp_path / "out"
    folder.mkdir()

    def locked(_self: Path, _target: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "replace", locked)
    monkeypatch.setattr(Path, "rename", locked)
    _fails(write, folder, errno.EACCES)


@writers
def test_a_drive_that_goes_away_meanwhile(
    write: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "drive"
    folder.mkdir()
    (folder / "old").write_bytes(b"as it was")
    refused_by_the_system(monkeypatch, errno.ESTALE, first=lambda: shutil.rmtree(folder, ignore_errors=True))
    with pytest.raises(ExportFailed) as refused:
        write(folder)
    assert os.strerror(errno.ESTALE).lower() in wording.sentence(refused.value).lower()
    assert not folder.exists()


@pytest.mark.skipif(os.name != "posix", reason="a folder cannot be brought to the disk here")
@pytest.mark.parametrize("write", [_write_pdf, _write_folder], ids=["file", "folder"])
def test_the_new_name_is_brought_to_the_disk_after_the_content(
    write: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []

    def note(handle: int) -> None:
        found = os.fstat(handle)
        is_outer = found.st_ino == tmp_path.stat().st_ino
        flushed.append("outer folder" if is_outer else "folder" if stat.S_ISDIR(found.st_mode) else "file")

    monkeypatch.setattr(os, "fsync", note)
    write(tmp_path)

    assert flushed[0] == "file" and flushed[-1] == "outer folder" and flushed.count("outer folder") == 1


def test_what_a_killed_program_left_goes_after_an_hour_and_not_before(tmp_path: Path) -> None:
    old, young, other = (tmp_path / name for name in (".a.pdf.00ff.part", ".a.pdf.11ff.part", ".b.pdf.00ff.part"))
    for path in (old, young, other):
        path.write_bytes(b"half")
    for path in (old, other):
        os.utime(path, (time.time() - 7200, time.time() - 7200))
    atomic.write_bytes(tmp_path / "a.pdf", b"whole")

    assert {path.name for path in tmp_path.iterdir()} - {"home"} == {"a.pdf", young.name, other.name}


@pytest.mark.parametrize("letter", ["a", "Ü", "超", "\N{BABY}"])
def test_a_name_as_long_as_the_system_takes_it_is_written(letter: str, tmp_path: Path) -> None:
    path = tmp_path / f"{letter * (245 // len(letter.encode()))}.json"
    atomic.write_bytes(path, b"whole")
    assert path.read_bytes() == b"whole"


def test_settings_that_cannot_be_saved_are_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    settings.save(Settings(operator="A."))
    with monkeypatch.context() as patched:
        refused_by_the_system(patched, errno.ENOSPC)
        with pytest.raises(ExportFailed):
            settings.save(Settings(operator="B."))
    assert settings.load().operator == "A."
    assert [path.name for path in settings.folder().iterdir() if path.suffix == ".part"] == []


def _code(refused: pytest.ExceptionInfo[FetalClipError]) -> ErrorCode:
    assert wording.sentence(refused.value) and wording.hint(refused.value)
    return refused.value.code


def _much(number: int) -> ClipNotes:
    return ClipNotes(parts=tuple(Part(f"part {number}.{part} " * 8, 0, 1) for part in range(40)))


def test_an_archive_on_a_full_disk_keeps_what_it_had_and_writes_the_rest_once_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1024) as disk:
        archive = Archive(disk / "archive.db")
        archive.save_clip(CLIP, ClipNotes(fetus="A"), ACT, study=STUDY)
        filler = fill(disk)
        with pytest.raises(ArchiveFailed) as refused:
            for number in range(200):
                archive.save_clip(f"{number:016x}", _much(number), ACT, study=STUDY)
        assert _code(refused) is ErrorCode.ARCHIVE_FULL
        assert archive.is_waiting and archive.load_clip(CLIP) == ClipNotes(fetus="A")
        filler.unlink()
        archive.write_waiting()
        assert archive.load_clip(f"{number:016x}") == _much(number)
        archive.close()
        assert check(disk / "archive.db").is_whole


def test_an_archive_that_became_read_only_says_so_and_is_whole(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1024) as disk:
        first = Archive(disk / "archive.db")
        first.save_clip(CLIP, ClipNotes(fetus="A"), ACT, study=STUDY)
        first.close()
        shutil.copytree(disk, tmp_path / "copy")
        make_read_only(disk)
        archive = Archive(disk / "archive.db")
        with pytest.raises(ArchiveFailed) as refused:
            archive.save_clip(CLIP, ClipNotes(fetus="B"), ACT, study=STUDY)
        assert _code(refused) in {ErrorCode.ARCHIVE_READ_ONLY, ErrorCode.ARCHIVE_UNREACHABLE}
        assert (disk / "archive.db").read_bytes() == (tmp_path / "copy" / "archive.db").read_bytes()


def test_a_locked_archive_says_so_and_nothing_of_a_deletion_is_half_done(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    archive = Archive(path, _impatient)
    archive.save_clip(CLIP, ClipNotes(fetus="A"), ACT, study=STUDY)
    other = connect(path)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ArchiveFailed) as refused:
        archive.delete_study(STUDY, ACT)
    assert _code(refused) is ErrorCode.ARCHIVE_BUSY
    assert not archive.is_waiting and archive.load_clip(CLIP) == ClipNotes(fetus="A")
    other.rollback()
    other.close()
    assert archive.delete_study(STUDY, ACT)[0].clips == 1
    archive.close()
    assert check(path).is_whole


@pytest.mark.skipif(os.name != "posix", reason="a file that is open cannot be taken away here")
def test_what_is_done_while_the_archives_drive_is_gone_is_written_once_it_is_back(tmp_path: Path) -> None:
    drive, away = tmp_path / "drive", tmp_path / "away"
    archive = Archive(drive / "archive.db")
    archive.save_clip(CLIP, ClipNotes(fetus="A"), ACT, study=STUDY)
    drive.rename(away)
    drive.mkdir()  # a mount point that is empty now
    for fetus in ("B", "C"):
        with pytest.raises(ArchiveFailed) as refused:
            archive.save_clip(CLIP, ClipNotes(fetus=fetus), ACT, study=STUDY)
        assert _code(refused) is ErrorCode.ARCHIVE_UNREACHABLE
    assert archive.is_waiting
    assert not list(drive.iterdir())  # no second archive that would hide the first

    drive.rmdir()
    away.rename(drive)
    archive.write_waiting()
    assert archive.load_clip(CLIP) == ClipNotes(fetus="C")
    assert [act.after.count("fetus") for act in archive.acts()] == [1, 1, 1]
    archive.close()
    assert check(drive / "archive.db").is_whole


def _impatient(path: Path) -> sqlite3.Connection:
    made = connect(path)
    made.execute("PRAGMA busy_timeout = 1")
    return made

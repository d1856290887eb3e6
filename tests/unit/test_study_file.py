"""A study goes from one archive to another as one file: whole, without loss, and the same once more changes nothing."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import old_archives
import pytest

from fetalclip_app import wording
from fetalclip_app.archive import exporting, importing, study_file
from fetalclip_app.archive.checking import check
from fetalclip_app.archive.exporting import Wanted, export
from fetalclip_app.archive.finding import find
from fetalclip_app.archive.records import KeptEmbeddings, KeptReading
from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.kept import Exported, Imported, KeptNames, Place, Query
from fetalclip_app.domain.notes import Act, ClipNotes, HandMeasurement, Line, Part, StudyNotes
from fetalclip_app.errors import ArchiveFailed, ErrorCode, ExportFailed, UnreadableFile
from fetalclip_app.imaging.files.finding import content_at

STUDY, PICTURE = "study 1.2.3 00ff00ff00ff00ff", b"a picture of a scan" * 1000
CLIP = hashlib.sha256(PICTURE).hexdigest()[:16]
VIEWS = b'{"views": []}'
READING = json.dumps(
    {
        **json.loads(old_archives.READING),
        "provenance": {"view_sets": {"views": {"sha256": hashlib.sha256(VIEWS).hexdigest()}}},
    }
)


def _act(minute: int, who: str = "A. Sonographer") -> Act:
    return Act(who, datetime(2026, 3, 14, 12, minute, tzinfo=UTC))


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """An archive with one of everything."""
    path, scan = tmp_path / "mine" / "archive.db", tmp_path / "scans" / "one.dcm"
    scan.parent.mkdir()
    scan.write_bytes(PICTURE)
    archive = Archive(path)
    archive.save_clip(CLIP, ClipNotes(best={"brain": 1}), _act(1), study=STUDY)
    archive.save_clip(CLIP, ClipNotes(best={"brain": 1}, parts=(Part("one", 0, 4),)), _act(2), study=STUDY)
    archive.save_study(STUDY, StudyNotes(fetuses=("A", "B")), _act(3))
    archive.keep_reading(KeptReading(CLIP, STUDY, _act(4).when.isoformat(), "7f3a", READING))
    archive.keep_view_set("planes", VIEWS, _act(4).when)
    archive.keep_view_set("of another study", b"{}", _act(4).when)
    archive.keep_mask(CLIP, '{"mask": 1}', _act(5))
    rows = bytes(range(16))
    digest = hashlib.sha256(rows).hexdigest()
    archive.keep_embeddings(
        KeptEmbeddings(CLIP, "7f3a", "p1", "[0,0,9,9]", 2, 2, digest, rows, _act(4).when.isoformat())
    )
    archive.remember(
        KeptNames(STUDY, "Müller^Jane", "P-007", "2026-03-12", "", _act(5).when.isoformat()), Place(CLIP, str(scan))
    )
    archive.close()
    return path


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    return tmp_path / "theirs" / "archive.db"


@pytest.fixture
def sent(mine: Path, tmp_path: Path) -> Path:
    target = tmp_path / "study.fcstudy"
    export(mine, STUDY, target, _act(10))
    return target


def _imported(archive: Path, file: Path, who: str = "B. Reader") -> Imported:
    opened = Archive(archive)
    held = importing.read(file)
    imported = opened.do(lambda connection: importing.merge(connection, held, _act(30, who)))
    opened.close()
    return imported


def test_a_scan_that_changes_while_it_is_copied_is_in_no_file(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Changing:
        def __init__(self, path: Path) -> None:
            self.key = content_at(path).key

        def open(self) -> io.BytesIO:
            return io.BytesIO(b"another scan by now")

    monkeypatch.setattr(exporting, "content_at", Changing)
    target = tmp_path / "out.fcstudy"
    with pytest.raises(UnreadableFile) as refused:
        export(mine, STUDY, target, _act(9), Wanted(pictures=True))

    assert "changed while it was open" in wording.sentence(refused.value)
    assert not target.exists() and not list(tmp_path.glob(".*.part"))


def test_a_study_arrives_with_all_that_was_kept_of_it(mine: Path, theirs: Path, sent: Path) -> None:
    assert _imported(theirs, sent) == Imported(STUDY, 3, 1, 1, 1, 1, 0)
    archive, origin = Archive(theirs), Archive(mine)

    assert archive.load_clip(CLIP) == origin.load_clip(CLIP)
    assert archive.load_study(STUDY) == origin.load_study(STUDY)
    assert archive.acts() == origin.acts()  # who and when, too
    assert archive.readings(CLIP) == origin.readings(CLIP)
    assert archive.masks(CLIP) == origin.masks(CLIP)
    assert archive.embeddings(CLIP) == origin.embeddings(CLIP)
    assert archive.view_set(hashlib.sha256(VIEWS).hexdigest()) == ("planes", VIEWS)
    archive.close()
    origin.close()
    assert check(theirs).is_whole
    assert [study.views for study in find(theirs, Query(view="brain"))] == [("brain", "femur")]


def test_the_same_file_once_more_changes_nothing(theirs: Path, sent: Path) -> None:
    _imported(theirs, sent)
    before = check(theirs)
    assert _imported(theirs, sent).is_nothing
    assert check(theirs) == before


def test_names_and_pictures_go_along_only_when_they_are_asked_for(mine: Path, sent: Path, tmp_path: Path) -> None:
    for secret in ("Müller", "P-007", "one.dcm"):
        with zipfile.ZipFile(sent) as packed:
            assert all(secret.encode() not in packed.read(name) for name in packed.namelist())
    asked = tmp_path / "with.fcstudy"
    exported = export(mine, STUDY, asked, _act(10), Wanted(names=True, pictures=True))
    assert exported == Exported(1, 3, 1, 1, ())
    held = importing.read(asked)
    assert held.records.names is not None and held.records.names.patient_name == "Müller^Jane"

    (tmp_path / "out").mkdir()
    (picture,) = study_file.unpack(held, tmp_path / "out")
    assert picture.name == f"{CLIP}.dcm" and picture.read_bytes() == PICTURE


def test_a_picture_that_has_gone_or_changed_is_said_to_be_missing(mine: Path, tmp_path: Path) -> None:
    (tmp_path / "scans" / "one.dcm").write_bytes(b"another one")
    exported = export(mine, STUDY, tmp_path / "with.fcstudy", _act(10), Wanted(pictures=True))

    assert exported.pictures == 0 and exported.missing_pictures == (CLIP,)
    assert importing.read(tmp_path / "with.fcstudy").manifest.missing_pictures == (CLIP,)


def test_what_both_sides_did_is_put_together_and_both_come_to_the_same(mine: Path, theirs: Path, sent: Path) -> None:
    _imported(theirs, sent)
    drawn = HandMeasurement("ab" * 16, Measure.FL, 0, Line((1.0, 2.0), (3.0, 4.0)), _act(40))
    one, other = Archive(mine), Archive(theirs)
    notes = one.load_clip(CLIP)
    assert notes is not None
    one.save_clip(CLIP, ClipNotes(best={"brain": 2}, parts=notes.parts, fetus="A"), _act(40), study=STUDY)
    other.load_clip(CLIP)
    other.save_clip(
        CLIP,
        ClipNotes(best={"brain": 1, "femur": 7}, parts=notes.parts, measured=(drawn,)),
        _act(41, "B."),
        study=STUDY,
    )
    one.close()
    other.close()
    back, forth = sent.with_name("back.fcstudy"), sent.with_name("forth.fcstudy")
    export(theirs, STUDY, back, _act(50))
    export(mine, STUDY, forth, _act(50))
    assert _imported(mine, back).joined == 1
    assert _imported(theirs, forth).joined == 1

    wanted = ClipNotes(best={"brain": 2, "femur": 7}, parts=notes.parts, fetus="A", measured=(drawn,))
    for path in (mine, theirs):
        archive = Archive(path)
        assert archive.load_clip(CLIP) == wanted
        assert {act.who for act in archive.acts()} >= {"A. Sonographer", "B."}
        archive.close()
        assert check(path).is_whole


def test_two_archives_that_began_apart_lose_nothing_of_each_other(mine: Path, theirs: Path, sent: Path) -> None:
    """The first act on a clip says all its fields: what nobody touched must not take the place of what somebody did."""
    other = Archive(theirs)
    other.save_clip(CLIP, ClipNotes(fetus="B", named={3: "femur"}), _act(0, "B."), study="folder /elsewhere")
    other.close()
    _imported(theirs, sent)
    archive = Archive(theirs)

    assert archive.load_clip(CLIP) == ClipNotes(
        fetus="B", named={3: "femur"}, best={"brain": 1}, parts=(Part("one", 0, 4),)
    )
    archive.close()
    assert check(theirs).is_whole
    assert {study.key: study.clips for study in find(theirs, Query())} == {STUDY: 0, "folder /elsewhere": 1}


def test_a_study_that_was_deleted_comes_back_from_its_file(mine: Path, sent: Path) -> None:
    archive = Archive(mine)
    archive.delete_study(STUDY, _act(20))
    assert archive.load_clip(CLIP) is None
    archive.close()
    assert _imported(mine, sent).acts == 3

    again = Archive(mine)
    assert again.load_clip(CLIP) == ClipNotes(best={"brain": 1}, parts=(Part("one", 0, 4),))
    again.close()
    assert check(mine).is_whole


def _repacked(sent: Path, change) -> Path:
    """Return the file with its entries changed, as somebody would who packs it anew."""
    with zipfile.ZipFile(sent) as packed:
        entries = {name: packed.read(name) for name in packed.namelist()}
    change(entries)
    target = sent.with_name("changed.fcstudy")
    with zipfile.ZipFile(target, "w") as packed:
        for name, content in entries.items():
            packed.writestr(name, content)
    return target


def _with_manifest_mended(entries: dict[str, bytes]) -> None:
    manifest = json.loads(entries["manifest.json"])
    manifest["files"] = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in entries.items()
        if name != "manifest.json"
    }
    entries["manifest.json"] = json.dumps(manifest).encode()


def _edited(entries: dict[str, bytes]) -> None:
    entries["records.json"] = entries["records.json"].replace(b"A. Sonographer", b"B. Sonographer")


def _edited_notes(entries: dict[str, bytes]) -> None:
    entries["records.json"] = entries["records.json"].replace(rb"\"brain\":1", rb"\"brain\":9", 1)
    _with_manifest_mended(entries)


def _unknown_field(entries: dict[str, bytes]) -> None:
    entries["records.json"] = entries["records.json"].replace(b'"first_kept"', b'"last_kept"', 1)
    _with_manifest_mended(entries)


def _dropped(entries: dict[str, bytes]) -> None:
    del entries[next(name for name in entries if name.startswith("readings/"))]
    _with_manifest_mended(entries)


def _surplus(entries: dict[str, bytes]) -> None:
    entries["pictures/../../elsewhere"] = b"out of the folder"
    _with_manifest_mended(entries)


def _without_manifest(entries: dict[str, bytes]) -> None:
    del entries["manifest.json"]


@pytest.mark.parametrize(
    "change",
    [_edited, _edited_notes, _unknown_field, _dropped, _surplus, _without_manifest],
    ids=lambda one: one.__name__,
)
def test_a_file_that_was_changed_is_refused_and_nothing_of_it_is_taken(theirs: Path, sent: Path, change) -> None:
    with pytest.raises(ArchiveFailed) as refused:
        _imported(theirs, _repacked(sent, change))
    assert refused.value.code is ErrorCode.STUDY_FILE_DAMAGED
    assert find(theirs, Query()) == ()


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_or_damaged_anywhere_is_refused(theirs: Path, sent: Path, at: float) -> None:
    content = sent.read_bytes()
    place = int(at * len(content))
    for damaged in (content[:place], content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :]):
        sent.write_bytes(damaged)
        try:
            held = importing.read(sent)
        except ArchiveFailed as error:
            assert error.code is ErrorCode.STUDY_FILE_DAMAGED
        else:  # a byte that ZIP itself does not look at
            assert held.records.study == STUDY


def test_a_file_of_a_newer_program_is_left_alone(sent: Path) -> None:
    def newer(entries: dict[str, bytes]) -> None:
        manifest = json.loads(entries["manifest.json"])
        entries["manifest.json"] = json.dumps({**manifest, "version": 2, "more": True}).encode()

    with pytest.raises(ArchiveFailed) as refused:
        importing.read(_repacked(sent, newer))
    assert refused.value.code is ErrorCode.STUDY_FILE_NEWER


def test_an_export_that_cannot_be_written_leaves_nothing(mine: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportFailed):
        export(mine, STUDY, tmp_path / "no such folder" / "study.fcstudy", _act(10))
    with pytest.raises(ArchiveFailed) as refused:
        export(mine, "study 9.9", tmp_path / "none.fcstudy", _act(10))
    assert refused.value.code is ErrorCode.STUDY_NOT_KEPT
    assert not list(tmp_path.glob("*fcstudy*"))

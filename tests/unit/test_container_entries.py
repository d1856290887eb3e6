"""A file in a ZIP, or on a medium, is an entry like any other: on the command line, in the JSON and in the report."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import dicom_files as files
import pytest
from fakes import FakeEngine, make_reading

from fetalclip_app.cli import analyze as analyze_module
from fetalclip_app.cli.analyze import read_one
from fetalclip_app.cli.main import main
from fetalclip_app.cli.manifest import from_manifest, from_paths
from fetalclip_app.domain.listing import Notice, NoticeKind
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.report.as_json import as_table
from fetalclip_app.report.build import ClipEntry, UnreadEntry
from fetalclip_app.wording import notice_sentence


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    plain = files.write(tmp_path / "plain", files.dataset_of(files.colour_picture()))
    with zipfile.ZipFile(tmp_path / "study.zip", "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("IMG0007", plain.read_bytes())
        opened.writestr("inner.zip", (b"PK\x05\x06" + bytes(18)))
    plain.unlink()
    return tmp_path / "study.zip"


def test_the_command_line_reads_each_file_of_an_archive(archive: Path) -> None:
    inner, image = sorted((wanted.file for wanted in from_paths([archive], 0.1)), reverse=True)

    assert image == str(archive / "IMG0007")
    assert inner == str(archive / "inner.zip")


def test_a_file_of_an_archive_can_be_named_by_itself_and_in_a_manifest(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("file,pixel_mm\nstudy.zip/IMG0007,0.2\n", encoding="utf-8")
    (named,), (row,) = from_paths([archive / "IMG0007"], None), from_manifest(tmp_path / "list.csv")
    entries = [read_one(FakeEngine(), one) for one in (named, row)]

    assert all(isinstance(entry, ClipEntry) for entry in entries)
    assert isinstance(entries[1], ClipEntry)
    assert entries[1].clip.is_calibrated
    assert entries[1].file == "study.zip/IMG0007"


def test_json_and_report_name_archive_and_file(archive: Path) -> None:
    clip = read_clip(archive / "IMG0007")
    entry = ClipEntry(clip, make_reading(clip), str(clip.path))
    (row,) = as_table([entry])

    assert row["file"] == str(archive / "IMG0007")
    assert entry.name == "study.zip / IMG0007"
    assert replace(entry, file="").name == "study.zip / IMG0007"


def test_what_is_refused_inside_an_archive_is_an_entry_with_its_reason(archive: Path) -> None:
    entries = [read_one(FakeEngine(), wanted) for wanted in from_paths([archive], None)]
    (refused,) = [entry for entry in entries if isinstance(entry, UnreadEntry)]

    assert refused.error.parameters["name"] == "study.zip / inner.zip"


def test_what_a_listing_tells_is_said_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files.write(tmp_path / "IM1", files.dataset_of(files.colour_picture()))
    (tmp_path / "DICOMDIR").write_bytes(b"\0" * 200)
    found = list(from_paths([tmp_path], None))

    assert [wanted.path.name for wanted in found] == ["IM1"]
    assert "DICOMDIR cannot be read: the files of its folder are listed without it." in "".join(capsys.readouterr())


def test_two_files_of_one_clip_are_both_read_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(analyze_module, "load", lambda given=None: FakeEngine())
    for name in ("a", "b"):
        files.write(tmp_path / name, files.dataset_of(files.colour_picture()))
    files.write(tmp_path / "c", files.dataset_of(255 - files.colour_picture(), SOPInstanceUID="1.2.3.9"))
    out = tmp_path / "out.json"
    status = main(
        ["analyze", *(str(tmp_path / name) for name in "abc"), "--json", str(out)],
        lambda paths: 1,
        why_no_window=lambda: "",
    )

    assert status == 0
    assert len(json.loads(out.read_text(encoding="utf-8"))) == 3
    assert f"1 file holds the same clip as one before it: {tmp_path / 'b'}." in "".join(capsys.readouterr())


def test_two_clips_that_share_an_identifier_are_no_copies_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(analyze_module, "load", lambda given=None: FakeEngine())
    for name, picture in (("a", files.colour_picture()), ("b", 255 - files.colour_picture())):
        files.write(tmp_path / name, files.dataset_of(picture))
    given = [str(tmp_path / name) for name in "ab"]
    main(["analyze", *given, "--json", str(tmp_path / "out.json")], lambda paths: 1, why_no_window=lambda: "")
    said = "".join(capsys.readouterr())

    assert (
        f"2 files share a DICOM identifier though their content differs; none is left out: {', '.join(given)}." in said
    )
    assert "same clip" not in said


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_notice_has_a_sentence_for_one_file_and_for_many(kind: NoticeKind) -> None:
    one, many = (notice_sentence(Notice(kind, "exam", names)) for names in (("IM1",), ("IM1", "IM2", "IM3", "IM4")))

    assert one.endswith(".") and many.endswith(".")
    assert "{" not in one + many
    if kind is not NoticeKind.INDEX_DAMAGED:
        assert "IM1" in one
        assert one.startswith("1 ") and many.startswith("4 ")
        assert many.endswith("IM1, IM2, IM3 and 1 more.")

"""What went out is in the trail by hashes: enough to know the file again, and nothing that names anybody."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fetalclip_app import wording
from fetalclip_app.archive.checking import check
from fetalclip_app.archive.handed_out import FileKind, handed_out
from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.notes import Act
from fetalclip_app.errors import ErrorCode, ExportFailed
from fetalclip_app.report.originals import refuse_originals

ACT = Act("A. Sonographer", datetime(2026, 3, 14, 12, 4, tzinfo=UTC))


def test_a_file_that_went_out_is_known_again_by_content_and_by_name(tmp_path: Path) -> None:
    path = tmp_path / "Müller^Anna.pdf"
    path.write_bytes(b"pages")
    made = handed_out(path, FileKind.PDF, clips=2)

    assert made.digest == hashlib.sha256(b"pages").hexdigest()
    assert made.name == hashlib.sha256("Müller^Anna.pdf".encode() + b"\0pages").hexdigest()
    assert made.name != handed_out(path.rename(tmp_path / "other.pdf"), FileKind.PDF, clips=2).name


def test_a_folder_is_known_by_all_of_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "objects"
    (folder / "study_1").mkdir(parents=True)
    (folder / "report.dcm").write_bytes(b"report")
    (folder / "study_1" / "mask.dcm").write_bytes(b"mask")
    made = handed_out(folder, FileKind.DICOM, clips=1)
    (folder / "study_1" / "mask.dcm").write_bytes(b"mark")

    assert handed_out(folder, FileKind.DICOM, clips=1).digest != made.digest
    (folder / "study_1" / "mask.dcm").write_bytes(b"mask")
    assert handed_out(folder, FileKind.DICOM, clips=1) == made


def test_the_trail_tells_who_wrote_what_kind_when_and_names_nobody(tmp_path: Path) -> None:
    path, archive = tmp_path / "Müller^Anna.csv", Archive(tmp_path / "archive.db")
    path.write_bytes(b"table")
    made = handed_out(path, FileKind.CSV, clips=3)
    archive.keep_export(made, ACT)
    (entry,) = archive.entries()
    archive.close()

    assert (entry.what, entry.who, entry.at) == ("exported", ACT.who, ACT.when.isoformat())
    assert entry.digest == made.digest
    assert json.loads(entry.details) == {"kind": "csv", "clips": 3, "name": made.name}
    assert b"Anna" not in (tmp_path / "archive.db").read_bytes()
    assert check(tmp_path / "archive.db").is_whole


def test_a_file_that_is_gone_before_it_is_read_back_is_no_export(tmp_path: Path) -> None:
    with pytest.raises(ExportFailed) as refused:
        handed_out(tmp_path / "gone.pdf", FileKind.PDF, clips=1)

    assert refused.value.code is ErrorCode.EXPORT_FAILED and wording.sentence(refused.value)


def test_nothing_is_written_over_a_scan_whatever_its_path_is_called(tmp_path: Path) -> None:
    scan, link = tmp_path / "scan.dcm", tmp_path / "link.dcm"
    scan.write_bytes(b"pixels")
    link.symlink_to(scan)
    for target in (scan, link, tmp_path / "." / "scan.dcm"):
        with pytest.raises(ExportFailed) as refused:
            refuse_originals(target, [tmp_path / "gone.dcm", scan])
        assert "nothing is written over it" in wording.sentence(refused.value)

    refuse_originals(tmp_path / "report.pdf", [scan])

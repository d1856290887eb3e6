"""The command line writes DICOM objects and shows structured reports."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from dicom_studies import cine, whole_report
from fakes import FakeEngine

from fetalclip_app.cli import analyze
from fetalclip_app.cli.main import main
from fetalclip_app.report.dicom.export import write_objects


def run(*arguments: object) -> int:
    return main([str(one) for one in arguments], lambda paths: 0, why_no_window=lambda: "none")


@pytest.fixture
def _made_up_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyze, "load", lambda given=None: FakeEngine())


def test_analyze_writes_the_objects_of_each_study(
    _made_up_model: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cine(tmp_path / "cine.dcm")
    status = run("analyze", tmp_path / "cine.dcm", "--json", tmp_path / "a.json", "--dicom", tmp_path / "objects")

    assert status == 0
    report = pydicom.dcmread(tmp_path / "objects" / "report.dcm")
    assert (report.PatientID, report.VerificationFlag) == ("P1", "UNVERIFIED")
    assert "DICOM objects: " in capsys.readouterr().err


def test_a_folder_that_holds_something_is_a_wrong_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cine(tmp_path / "cine.dcm")
    with pytest.raises(SystemExit) as refused:
        run("analyze", tmp_path / "cine.dcm", "--json", tmp_path / "a.json", "--dicom", tmp_path)
    assert refused.value.code == 2
    assert "no new or empty folder" in capsys.readouterr().err


def test_a_report_is_shown_and_what_is_none_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = whole_report(tmp_path)
    paths = {path.stem: path for path in write_objects(tmp_path / "out", content)}

    assert run("read-report", paths["report"]) == 0
    said = capsys.readouterr().out.replace("\u2009", " ").splitlines()
    assert said[0] == "OB-GYN Ultrasound Procedure Report, TID 5000"
    assert "Preliminary: nobody has verified it." in said
    assert any(line.strip().startswith("Head Circumference 176 mm · A. Sonographer") for line in said), said
    assert any("143 (−10, +11) d · Compact 1.0" in line for line in said)
    assert run("read-report", paths["report"], content.clips[0].clip.path) == 1
    assert "cine.dcm is no structured report." in capsys.readouterr().err

"""DICOM objects made from real scans: no error that the scan itself had not, and the scan as it was."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pydicom
import pytest
from dicom_studies import entry
from real_scans import REAL, scan

from fetalclip_app.imaging.dicom.structured import read_structured_report
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.report.build import build
from fetalclip_app.report.dicom.export import write_objects

SCANS = (
    *("clearvue650_palette.dcm", "cx50_palette_2frame.dcm", "echo_palette_rle_cine10.dcm", "epiq7c_jpeg_lossless.dcm"),
    *("sonosite_cine30.dcm", "us1_jpeg2000.dcm", "voluson_s8_ob_cine87.dcm"),
)

pytestmark = REAL


def errors_of(path: Path) -> list[str]:
    told = subprocess.run(["dciodvfy", path], check=False, capture_output=True, text=True, errors="replace")
    return [line for line in (told.stdout + told.stderr).splitlines() if line.startswith("Error")]


def is_of_source(error: str, known: list[str]) -> bool:
    """Whether an error is about a value that the source has, such as an identifier of an illegal root."""
    value = re.search('"([^"]+)"', error)
    return error in known or (value is not None and any(value[1] in other for other in known))


@pytest.mark.parametrize("name", SCANS)
@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="skipped, tool missing: dciodvfy")
def test_objects_of_a_real_scan_have_no_error_of_their_own(name: str, tmp_path: Path) -> None:
    source = scan(name)
    before, known = hashlib.sha256(source.read_bytes()).hexdigest(), errors_of(source)
    paths = write_objects(tmp_path / "out", build([entry(read_clip(source))]))

    assert {path.name for path in paths} >= {"report.dcm", "report_pdf.dcm", "segmentation_1.dcm"}
    wrong = [(path.name, error) for path in paths for error in errors_of(path) if not is_of_source(error, known)]
    assert wrong == []
    assert hashlib.sha256(source.read_bytes()).hexdigest() == before
    assert read_structured_report(next(path for path in paths if path.name == "report.dcm")).rows
    uids = [pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in paths]
    assert len(set(uids)) == len(uids)

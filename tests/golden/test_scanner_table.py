"""The table of real scanner files says what the files, dcmdump and the rulers on their screens say today."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from real_scans import REAL, scan

from bench import scanners
from fetalclip_app.imaging.readers import read_clip

PAGE = Path(__file__).parents[2] / "docs" / "scanners.md"

pytestmark = REAL


@pytest.mark.skipif(shutil.which("dcmdump") is None, reason="skipped, tool missing: dcmdump of dcmtk")
def test_the_page_is_what_the_command_writes_and_nothing_differs() -> None:
    page = scanners.table(scan())

    assert page == PAGE.read_text(encoding="utf-8")
    assert "DIFFERS" not in page


@pytest.mark.parametrize("name", scanners.RULERS)
def test_the_scanners_own_ruler_has_the_files_scale(name: str) -> None:
    clip = read_clip(scan(name))
    assert clip.calibration is not None
    (region,) = [region for region in clip.calibration.regions if region.is_usable]
    assert region.spacing is not None
    found_mm, centimetres = scanners.ruler_mm(clip.frame(0).pixels, scanners.RULERS[name])

    assert centimetres >= 4
    assert found_mm == pytest.approx(region.spacing.row_mm, rel=scanners.AGREES)


def test_a_picture_that_was_halved_after_its_region_was_written_is_not_measured_by_it() -> None:
    clip = read_clip(scan("sonosite_cine30.dcm"))

    assert not clip.is_calibrated

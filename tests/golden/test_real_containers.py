"""The real scans in a ZIP, in a medium's order, and as thumbnails."""

from __future__ import annotations

import shutil
import subprocess
import time
import zipfile
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from listed import in_order
from real_scans import REAL, scan

from fetalclip_app.domain.listing import NoticeKind
from fetalclip_app.domain.study import groups_of
from fetalclip_app.imaging.readers import find, read_clip
from fetalclip_app.imaging.thumbnails import small_picture

pytestmark = REAL


@pytest.fixture(scope="module")
def scans() -> tuple[Path, ...]:
    return find([scan()]).files


def test_in_a_zip_they_are_the_same_scans(scans: tuple[Path, ...], tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "exam.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in scans:
            archive.write(path, path.name)
    packed = find([tmp_path / "exam.zip"]).files
    assert [path.name for path in packed] == [path.name for path in scans]

    for outside, inside in zip(map(read_clip, scans), map(read_clip, packed), strict=True):
        assert (inside.key, len(inside), inside.rate) == (outside.key, len(outside), outside.rate)
        assert inside.calibration == outside.calibration
        last = len(inside) - 1
        np.testing.assert_array_equal(inside.frame(last).pixels, outside.frame(last).pixels)


def test_each_patient_s_scans_stand_together(scans: tuple[Path, ...]) -> None:
    ordered = in_order([read_clip(path) for path in scans])
    people = [who for who, _ in groupby((clip.origin.patient_id, clip.origin.patient_name) for clip in ordered)]

    assert len(people) == len(set(people)) == 7
    assert len(set(groups_of(ordered))) == 7


def test_each_thumbnail_has_the_colours_of_its_frame_and_comes_in_time(scans: tuple[Path, ...]) -> None:
    """Asked are 100 ms a clip over an exam; the limit leaves room for a loaded machine and a codec without scaling."""
    clips = [read_clip(path) for path in scans]
    began = time.perf_counter()
    small = [small_picture(clip, height=144, width=192) for clip in clips]
    took = time.perf_counter() - began

    for clip, picture in zip(clips, small, strict=True):
        whole = clip.frame(len(clip) // 2).pixels
        np.testing.assert_allclose(picture.mean((0, 1)), whole.mean((0, 1)), atol=3)
    assert took / len(clips) < 0.2


@pytest.mark.skipif(shutil.which("dcmmkdir") is None, reason="skipped, tool missing: dcmmkdir")
def test_a_medium_made_of_them_by_dcmtk_lists_them_all(scans: tuple[Path, ...], tmp_path: Path) -> None:
    for number, path in enumerate(scans):
        shutil.copy(path, tmp_path / f"IM{number}")
    names = [f"IM{number}" for number in range(len(scans))]
    made = ["dcmmkdir", "--general-purpose", "--no-xfer-check", "--no-encoding-check", "--invent", *names]
    subprocess.run(made, cwd=tmp_path, check=True, capture_output=True)
    named, whole = find([tmp_path / "DICOMDIR"]), find([tmp_path])
    (forgot,) = whole.notices  # dcmtk takes an instance once, and some of the files are copies

    assert named.notices == ()
    assert forgot.kind is NoticeKind.INDEX_FORGOT
    assert [path.name for path in whole.files] == [*(path.name for path in named.files), *forgot.names]
    assert sorted(path.name for path in whole.files) == sorted(names)
    assert len(named.files) >= 8

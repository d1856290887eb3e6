"""A de-identified file: nothing of its patient in any byte, the scan as it was, and others can open it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from deidentify_files import IDENTIFIERS, KEY, KINDS, MASK, SECRET, SECRET_TEXTS, deidentified, rgb
from dicom_files import colour_picture, dataset_of, region, write
from pydicom import dcmread, uid

from fetalclip_app.imaging.deidentify import engine
from fetalclip_app.imaging.deidentify.engine import Seen
from fetalclip_app.imaging.deidentify.identifiers import Identifiers
from fetalclip_app.imaging.readers import read_clip


@pytest.fixture(scope="module", params=KINDS)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The original and its copy, for each kind of file."""
    folder = tmp_path_factory.mktemp("pair")
    original = KINDS[request.param](folder / f"{SECRET}.dcm")
    deidentified(original, folder / "out" / "copy.dcm")
    return original, folder / "out" / "copy.dcm"


def forms(text: str) -> list[bytes]:
    return [text.encode(encoding, "replace") for encoding in ("utf-8", "latin-1", "utf-16-le", "utf-16-be")]


def test_no_byte_of_the_copy_holds_a_text_of_the_original(pair: tuple[Path, Path]) -> None:
    data = pair[1].read_bytes().lower()
    words = {*SECRET_TEXTS, SECRET, "secret", "4711", "1.2.3.47.11.1", "1.2.3.47.11.2", "1.2.3.47.11.3"}
    left = {word for word in words for form in forms(word) if len(form) >= 4 and form.lower() in data}

    assert left == set()
    assert data[:128] == bytes(128)


def test_scale_times_and_every_pixel_inside_are_as_they_were(pair: tuple[Path, Path]) -> None:
    before, after = map(read_clip, pair)
    visible = MASK.visible()

    assert after.calibration == before.calibration
    assert after.calibration is not None
    assert (after.rate, after.times_s, len(after)) == (before.rate, before.times_s, len(before))
    for index in range(len(before)):
        np.testing.assert_array_equal(after.frame(index).pixels[visible], before.frame(index).pixels[visible])


def test_every_pixel_outside_is_black(pair: tuple[Path, Path]) -> None:
    original, copy = pair
    after = read_clip(copy)
    near = 3 if dcmread(copy).file_meta.TransferSyntaxUID == uid.JPEGBaseline8Bit else 0
    far = np.ones((48, 64), np.bool_)
    far[16 - near : 48, 8 - near : 56 + near] = False
    darkest = min(int(table.sum(axis=1).min()) for table in [_table(original)])

    for index in range(len(after)):
        assert int(after.frame(index).pixels[far].astype(int).sum(axis=1).max()) <= darkest + (36 if near else 0)


def _table(path: Path) -> np.ndarray:
    table = getattr(read_clip(path).source, "table", None)
    return np.zeros((1, 3), int) if table is None else np.asarray(table, int)


def test_where_nobody_looked_for_text_nothing_is_said_about_it(tmp_path: Path) -> None:
    opened = engine.open_original(write(tmp_path / "a.dcm", rgb(BurnedInAnnotation="NO")), Identifiers(KEY))
    engine.write(opened, Seen(MASK), tmp_path / "b.dcm")
    copy = dcmread(tmp_path / "b.dcm")

    assert "BurnedInAnnotation" not in copy
    assert copy.DeidentificationMethod[-1] == "Text left in the pixels was not looked for"


def test_the_copy_says_what_was_done(pair: tuple[Path, Path]) -> None:
    copy = dcmread(pair[1])
    codes = [item.CodeValue for item in copy.DeidentificationMethodCodeSequence]

    assert (copy.PatientIdentityRemoved, copy.BurnedInAnnotation) == ("YES", "NO")
    assert copy.LongitudinalTemporalInformationModified == "MODIFIED"
    assert codes == ["113100", "113101", "113107"]
    assert all(len(line) <= 64 for line in copy.DeidentificationMethod)
    assert "SourceApplicationEntityTitle" not in copy.file_meta
    assert copy.file_meta.MediaStorageSOPInstanceUID == copy.SOPInstanceUID == IDENTIFIERS.uid("1.2.3.47.11.1")


@pytest.mark.skipif(shutil.which("dcmdump") is None, reason="skipped, tool missing: dcmdump")
def test_a_foreign_reader_opens_the_copy(pair: tuple[Path, Path], tmp_path: Path) -> None:
    subprocess.run(["dcmdump", "-q", pair[1]], check=True, capture_output=True)
    subprocess.run(
        ["dcmj2pnm", "-q", "--write-16-bit-pnm", pair[1], tmp_path / "x.pnm"], check=True, capture_output=True
    )

    assert (tmp_path / "x.pnm").stat().st_size >= 48 * 64


def test_dates_keep_their_distance_and_times_stay(tmp_path: Path) -> None:
    data = dataset_of(colour_picture(), SequenceOfUltrasoundRegions=[region()])
    data.StudyDate, data.StudyTime, data.ContentDate = "20110525", "112233", "20110601"
    data.LastMenstrualDate, data.PatientBirthDate = "20110301", "19800101"
    deidentified(write(tmp_path / "a.dcm", data), tmp_path / "b.dcm")
    copy = dcmread(tmp_path / "b.dcm")
    days = IDENTIFIERS.days_back("P1")

    assert copy.StudyTime == "112233"
    assert copy.PatientBirthDate == ""
    moved = [int((np.datetime64("2011-05-25") - np.datetime64(_iso(copy.StudyDate))).astype(int))]
    moved += [int((np.datetime64("2011-06-01") - np.datetime64(_iso(copy.ContentDate))).astype(int))]
    moved += [int((np.datetime64("2011-03-01") - np.datetime64(_iso(copy.LastMenstrualDate))).astype(int))]
    assert moved == [days] * 3


def _iso(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:]}"


def test_the_same_key_gives_the_same_copy_another_key_another(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", rgb())
    for name, key in (("one", b"k" * 32), ("two", b"k" * 32), ("three", b"j" * 32)):
        opened = engine.open_original(path, Identifiers(key))
        engine.write(opened, Seen(MASK), tmp_path / name)
    one, two, three = ((tmp_path / name).read_bytes() for name in ("one", "two", "three"))

    assert one == two
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "PatientID", "StudyDate"):
        assert dcmread(tmp_path / "one")[keyword].value != dcmread(tmp_path / "three")[keyword].value
    assert one != three

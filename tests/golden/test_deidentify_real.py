"""The real scans de-identified: no text of theirs left, scale, times and pixels as they were, others open them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from deidentify_files import looked
from pydicom import dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from real_scans import REAL, scan

from fetalclip_app.domain.calibration import Box
from fetalclip_app.errors import ErrorCode, NotDeidentified
from fetalclip_app.imaging.deidentify import engine
from fetalclip_app.imaging.deidentify.engine import Seen, Written
from fetalclip_app.imaging.deidentify.identifiers import Identifiers
from fetalclip_app.imaging.deidentify.mask import Mask, MaskSource
from fetalclip_app.imaging.deidentify.ocr import RapidReader
from fetalclip_app.imaging.deidentify.profile import table
from fetalclip_app.imaging.guard import hush
from fetalclip_app.imaging.readers import read_clip

SOURCES = {
    "clearvue650_palette.dcm": MaskSource.REGIONS,
    "cx50_palette.dcm": MaskSource.REGIONS,
    "cx50_palette_2frame.dcm": MaskSource.REGIONS,
    "cx50_palette_rle.dcm": MaskSource.REGIONS,
    "echo_palette_rle_cine10.dcm": MaskSource.FAN,
    "epiq7c_jpeg_lossless.dcm": MaskSource.REGIONS,
    "sonosite_cine120.dcm": MaskSource.REGIONS,
    "us1_jpeg2000.dcm": MaskSource.FAN,
    "us1_uncompressed.dcm": MaskSource.FAN,
    "voluson_s8_ob_cine87.dcm": MaskSource.REGIONS,
}
STALE = "sonosite_cine30.dcm"
"""Its region was written for a picture of twice its size, and its screen has no border."""

IDENTIFIERS = Identifiers(b"k" * 32)

pytestmark = REAL


def copy_of(name: str, target: Path) -> tuple[Written, Mask]:
    opened = engine.open_original(scan(name), IDENTIFIERS)
    mask = engine.choose_mask(opened)
    return engine.write(opened, Seen(mask), target), mask


@pytest.fixture(scope="module", params=SOURCES)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Written, Mask]:
    """The original's name, its copy, and the mask."""
    name = str(request.param)
    return name, *copy_of(name, tmp_path_factory.mktemp("real") / "copy.dcm")


def texts(dataset: Dataset) -> Iterator[str]:
    """Yield the texts of all that the table names or that is private: read by this test alone."""
    for element in dataset.iterall():
        if (int(element.tag) in table() or element.tag.is_private) and element.VR not in ("SQ", "TM"):
            yield from _texts(element)


def _texts(element: DataElement) -> Iterator[str]:
    if isinstance(element.value, bytes):
        yield element.value.decode("latin-1").strip("\0 ")
        return
    for value in element.value if element.VM > 1 else [element.value]:
        yield str(value).strip("\0 ")
        yield from str(value).split("^") if element.VR == "PN" else ()


def test_no_identifying_text_of_the_original_is_in_any_byte(pair: tuple[str, Written, Mask]) -> None:
    hush()
    name, written, _mask = pair
    original, data = dcmread(scan(name), stop_before_pixels=True), written.path.read_bytes().lower()
    device = f"{original.get('Manufacturer')} {original.get('ManufacturerModelName')}".casefold()
    wanted = {each for each in texts(original) if len(each) >= 5 and each.casefold() not in device}
    wanted = {each for each in wanted if not each.replace(".", "").isdigit() or len(each) >= 8}
    encodings = ("utf-8", "latin-1", "utf-16-le", "utf-16-be")
    left = {each for each in wanted for code in encodings if each.encode(code, "replace").lower() in data}

    assert left == set()
    assert len(wanted) >= 5


def test_scale_times_and_pixels_inside_are_the_original_s(pair: tuple[str, Written, Mask]) -> None:
    name, written, mask = pair
    before, after = read_clip(scan(name)), read_clip(written.path)
    box = mask.keep[0]
    inner = np.s_[box.top + 16 : box.bottom - 16, box.left + 16 : box.right - 16]

    assert mask.source is SOURCES[name]
    assert after.calibration == before.calibration
    assert (after.rate, after.times_s, len(after)) == (before.rate, before.times_s, len(before))
    for index in {0, len(before) // 3, len(before) - 1}:
        np.testing.assert_array_equal(after.frame(index).pixels[inner], before.frame(index).pixels[inner])


@pytest.mark.skipif(shutil.which("dcmj2pnm") is None, reason="skipped, tool missing: dcmj2pnm")
def test_a_foreign_reader_shows_the_copy(pair: tuple[str, Written, Mask], tmp_path: Path) -> None:
    subprocess.run(["dcmdump", "-q", pair[1].path], check=True, capture_output=True)
    subprocess.run(["dcmj2pnm", "-q", "--write-png", pair[1].path, tmp_path / "x.png"], check=True, capture_output=True)

    assert (tmp_path / "x.png").stat().st_size > 1000


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="skipped, tool missing: dciodvfy")
def test_the_copy_breaks_no_rule_that_the_original_kept(pair: tuple[str, Written, Mask]) -> None:
    def errors(path: Path) -> set[str]:
        told = subprocess.run(["dciodvfy", path], check=False, capture_output=True, text=True, errors="replace")
        return {line for line in told.stderr.splitlines() if line.startswith("Error")}

    assert errors(pair[1].path) <= errors(scan(pair[0]))


def test_a_jpeg_cine_does_not_grow(pair: tuple[str, Written, Mask]) -> None:
    name, written, _mask = pair
    if name not in ("voluson_s8_ob_cine87.dcm", "sonosite_cine120.dcm"):
        return

    assert not written.is_recoded
    assert written.bytes_after < written.bytes_before


def test_a_screen_without_border_and_trusted_region_is_refused(tmp_path: Path) -> None:
    opened = engine.open_original(scan(STALE), IDENTIFIERS)
    with pytest.raises(NotDeidentified) as caught:
        engine.choose_mask(opened)

    assert caught.value.code is ErrorCode.SCAN_NOT_FOUND


def test_the_ocr_reads_the_name_in_the_banner_and_none_once_it_is_masked() -> None:
    pytest.importorskip("rapidocr")
    opened = engine.open_original(scan("voluson_s8_ob_cine87.dcm"), IDENTIFIERS)
    whole = Mask(opened.clip.height, opened.clip.width, (Box(0, 0, 975, 743),), MaskSource.GIVEN)
    reader = RapidReader()
    with_banner = looked(opened, whole, reader)
    masked = looked(opened, engine.choose_mask(opened), reader)

    assert sum(text.kind == "identifying" for text in with_banner.texts) >= 3
    assert not [text for text in masked.texts if text.kind == "identifying"]

"""What the fuzzing found and was mended stays mended: one small file for each finding."""

from __future__ import annotations

import struct
import tracemalloc
import zipfile
from pathlib import Path

import av
import av.error
import dicom_files as files
import numpy as np
import pytest
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset
from test_damage import code_of

from bench.fuzz import seeds_containers
from bench.fuzz.archives import raw_zip
from bench.fuzz.bombs import black_jpeg, png, scans_again, zeros_packed
from bench.fuzz.edits import element_bytes, inserted, with_value
from bench.fuzz.seeds_containers import zipped
from bench.fuzz.walker import walk
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging import guard
from fetalclip_app.imaging.dicom import jpeg
from fetalclip_app.imaging.dicom.colour import through_table
from fetalclip_app.imaging.files import budget
from fetalclip_app.imaging.files.content import FileContent
from fetalclip_app.imaging.files.dicomdir import read_index
from fetalclip_app.imaging.readers import list_files, read_clip
from fetalclip_app.imaging.thumbnails import small_picture

RGB = files.colour_picture()
CINE = files.cine(4)


def test_a_deflated_bomb_is_refused_long_before_a_gigabyte(tmp_path: Path) -> None:
    path = files.write(tmp_path / "x.dcm", files.dataset_of(RGB), uid.DeflatedExplicitVRLittleEndian)
    front = path.read_bytes()[: walk(path.read_bytes()).packed_at]
    path.write_bytes(front + zeros_packed(3 << 30))
    tracemalloc.start()
    code = code_of(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert code is ErrorCode.FILE_TOO_LARGE
    assert peak < 1 << 30


def test_a_deflated_black_loop_is_no_bomb(tmp_path: Path) -> None:
    black = np.zeros((20, 480, 640, 3), np.uint8)
    path = files.write(tmp_path / "x.dcm", files.dataset_of(black), uid.DeflatedExplicitVRLittleEndian)

    assert path.stat().st_size < black.nbytes / 500
    assert len(read_clip(path)) == 20


@pytest.mark.parametrize("count", [1_000, 120_000])
def test_a_header_of_elements_without_end_is_refused(count: int, tmp_path: Path) -> None:
    found = walk(files.write(tmp_path / "x.dcm", files.dataset_of(RGB)).read_bytes())
    path = tmp_path / "many.dcm"
    path.write_bytes(inserted(found, 0x00080008, element_bytes(found, 0x00080008, "CS", b"") * count))

    if count < budget.MOST_READS:
        assert read_clip(path).frame(0).height == 48
    else:
        assert code_of(path) is ErrorCode.FILE_DAMAGED


def test_a_frame_in_many_pieces_is_fetched_in_one_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    streams = [files.jpeg_stream(frame) for frame in CINE]
    data = files.dataset_of(CINE, "YBR_FULL_422")
    clip = read_clip(files.encapsulated(tmp_path / "x.dcm", data, streams, fragments=40))
    clip.frame(0)  # asks others what the clip's colours are
    opened: list[None] = []
    opening = FileContent.open
    monkeypatch.setattr(FileContent, "open", lambda content: opened.append(None) or opening(content))
    shown = clip.frame(2).pixels

    assert len(opened) == 1
    assert files.is_near(shown, CINE[2])


def _scans(side: int, count: int, mode: str = "L") -> bytes:
    return scans_again(black_jpeg(side, side, mode, progressive=True), count)


def test_a_large_jpeg_of_scans_without_end_is_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(_scans(4000, 30))
    data = files.dataset_of(np.zeros((1, 1), np.uint8), "MONOCHROME2", Rows=4000, Columns=4000)

    assert code_of(path) is ErrorCode.FILE_DAMAGED
    assert code_of(files.encapsulated(tmp_path / "x.dcm", data, [_scans(4000, 30)])) is ErrorCode.FILE_DAMAGED


def test_no_thumbnail_is_made_of_a_jpeg_of_scans_without_end(tmp_path: Path) -> None:
    data = files.dataset_of(np.zeros((1, 1, 3), np.uint8), "YBR_FULL_422", Rows=4000, Columns=4000)
    clip = read_clip(files.encapsulated(tmp_path / "x.dcm", data, [_scans(4000, 30, "RGB")]))

    with pytest.raises(UnreadableFile):
        small_picture(clip, height=144, width=192)


def test_a_progressive_jpeg_of_the_usual_scans_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(_scans(64, 0))

    assert read_clip(path).frame(0).pixels.max() == 0
    jpeg.check_scans(_scans(64, 200), height=64, width=64)
    jpeg.check_scans(_scans(64, 10), height=8000, width=8000)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_colours_of_a_large_picture_take_little_more_than_the_picture(dtype: type) -> None:
    bits = 8 * np.dtype(dtype).itemsize
    samples = np.arange(2000 * 1000, dtype=np.int64).astype(dtype).reshape(2000, 1000)
    table = np.arange(3 << bits, dtype=np.int64).astype(np.uint8).reshape(-1, 3)
    tracemalloc.start()
    pixels = through_table(samples, table)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    np.testing.assert_array_equal(pixels, table[samples.astype(np.int64) % (1 << bits)])
    assert peak < pixels.nbytes + samples.nbytes + (4 << 20)


@pytest.mark.parametrize("syntax", ["1.2.\x0040.10008", "1." * 200 + "1", "1.2.\n3"])
def test_an_error_repeats_no_odd_letters_of_a_file(syntax: str, tmp_path: Path) -> None:
    data = files.dataset_of(RGB)
    path = files.write(tmp_path / "x.dcm", data)
    found = walk(path.read_bytes())
    old = next(each for each in found.elements if each.tag == 0x00020010)
    path.write_bytes(with_value(found, old, syntax.encode()))
    with pytest.raises(UnreadableFile) as caught:
        read_clip(path)

    told = str(caught.value.parameters.get("syntax", ""))
    assert told.isprintable()
    assert len(told) < 200


def test_an_index_of_records_without_end_is_refused_before_they_are_parsed(tmp_path: Path) -> None:
    disc = next(seed for seed in seeds_containers.seeds() if seed.name == "disc")
    found = walk(disc.content)
    records = found.find(0x00041220)
    assert records is not None
    path = tmp_path / "DICOMDIR"
    path.write_bytes(with_value(found, records, struct.pack("<HHI", 0xFFFE, 0xE000, 0) * 60_000))
    with pytest.raises(UnreadableFile) as caught:
        read_index(FileContent.of(path))

    assert caught.value.code is ErrorCode.FILE_TOO_LARGE


def test_names_in_an_archive_are_short_enough_to_be_shown(tmp_path: Path) -> None:
    path = tmp_path / "study.zip"
    names = ("a" * 60_000, "x/" * 20_000 + "y", "b" * 200 + "/IM1")
    path.write_bytes(zipped(dict.fromkeys(names, b"no scan"), zipfile.ZIP_STORED))
    files = list_files([path])

    assert len(files) == 3
    assert all(len(str(file.relative_to(path))) < 300 for file in files)
    for file in files:
        with pytest.raises(UnreadableFile) as caught:
            read_clip(file)
        assert caught.value.code is ErrorCode.NOT_A_PICTURE
        assert len(str(caught.value.parameters["name"])) < 300


def test_members_of_one_name_are_told_apart_at_once(tmp_path: Path) -> None:
    path = tmp_path / "study.zip"
    path.write_bytes(raw_zip([(b"IM", b"", 0, 0, 0)] * 20_000))
    files = list_files([path])

    assert len(set(files)) == 20_000
    assert {"IM", "IM (2)", "IM (20000)"} <= {file.name for file in files}


def test_a_large_picture_of_16_bits_is_widened_once(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(png(2000, 2000, "16 bits"))
    tracemalloc.start()
    pixels = read_clip(path).frame(0).pixels
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert pixels.shape == (2000, 2000, 3)
    assert peak < 3 * pixels.nbytes


@pytest.mark.parametrize("slope", ["1e308", "-1e308"])
@pytest.mark.parametrize("has_table", [True, False])
def test_display_values_without_bound_are_damage_and_no_warning(slope: str, has_table: bool, tmp_path: Path) -> None:
    table = Dataset()
    table.LUTDescriptor, table.LUTData = [256, 0, 8], struct.pack("<256H", *range(256))
    table["LUTData"].VR = "OW"
    tags = {"VOILUTSequence": [table]} if has_table else {}
    data = files.dataset_of(files.grey_picture().astype(np.uint8), "MONOCHROME2", RescaleIntercept="0", **tags)
    data.RescaleSlope = slope

    assert code_of(files.write(tmp_path / "x.dcm", data)) is ErrorCode.FILE_DAMAGED


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (av.error.MemoryError(12, "Cannot allocate memory"), ErrorCode.FILE_DAMAGED),
        (MemoryError(), ErrorCode.FILE_TOO_LARGE),
    ],
)
def test_a_size_that_a_damaged_video_makes_up_is_damage(error: Exception, code: ErrorCode, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile) as caught, guard.reading(tmp_path):
        raise error

    assert caught.value.code is code


def test_a_library_that_logs_an_error_of_a_file_says_it_to_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "x.tif"
    Image.fromarray(RGB).save(path, "TIFF")
    held = bytearray(path.read_bytes())
    entry = held.index(struct.pack("<HHI", 277, 3, 1))
    held[entry + 4 : entry + 8] = struct.pack("<I", 8000)
    path.write_bytes(bytes(held))

    assert code_of(path) is ErrorCode.FILE_DAMAGED
    assert caplog.records == []

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

from bench.fuzz import seeds_containers
from bench.fuzz.archives import raw_zip
from bench.fuzz.bombs import black_jpeg, png, scans_again, zeros_packed
from bench.fuzz.edits import element_bytes, inserted, overwritten, spliced, with_value
from bench.fuzz.seeds_containers import zipped
from bench.fuzz.walker import walk
from fetalclip_app.domain.calibration import Distrust
from fetalclip_app.domain.measuring import measure
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


def code_of(path: Path) -> ErrorCode:
    with pytest.raises(UnreadableFile) as caught:
        read_clip(path).frame(0)
    return caught.value.code


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


def _regions(tmp_path: Path, *items: Dataset, **tags: object) -> bytes:
    data = files.dataset_of(RGB, SequenceOfUltrasoundRegions=list(items), **tags)
    return files.write(tmp_path / "x.dcm", data).read_bytes()


def _mm(path: Path, content: bytes) -> float | None:
    path.write_bytes(content)
    return measure(read_clip(path).calibration, (3, 5), (13, 5)).length_mm


@pytest.mark.parametrize("kind", ["FL", "SL", "US", "DS", "LO", "AT", "SS"])
@pytest.mark.parametrize("tag", [0x00186018, 0x0018601C, 0x00186024, 0x00186012, 0x0018602C, 0x0018602E])
def test_a_lie_about_the_kind_of_a_value_changes_no_millimetres(tag: int, kind: str, tmp_path: Path) -> None:
    content = _regions(tmp_path, files.region((1, 2, 60, 40)), PixelSpacing=[0.7, 0.7])
    element = next(each for each in walk(content).elements if each.tag == tag)

    assert _mm(tmp_path / "y.dcm", overwritten(content, element.start + 4, kind.encode())) == pytest.approx(2.0)


@pytest.mark.parametrize("kind", ["UN", "OB", "UT", "OW"])
def test_a_sequence_of_regions_that_hides_as_something_else_hands_over_to_no_pixel_spacing(
    kind: str, tmp_path: Path
) -> None:
    content = _regions(tmp_path, files.region((1, 2, 60, 40)), PixelSpacing=[0.7, 0.7])
    element = next(each for each in walk(content).elements if each.tag == 0x00186011)

    length = _mm(tmp_path / "y.dcm", overwritten(content, element.start + 4, kind.encode()))
    assert length is None or length == pytest.approx(2.0)


@pytest.mark.parametrize("tag", [0x00186018, 0x00186024, 0x0018602C, 0x0018602E])
def test_two_values_where_one_belongs_are_not_trusted(tag: int, tmp_path: Path) -> None:
    content = _regions(tmp_path, files.region((1, 2, 60, 40)))
    found = walk(content)
    element = next(each for each in found.elements if each.tag == tag)

    assert _mm(tmp_path / "y.dcm", with_value(found, element, 2 * found.value(element))) is None


@pytest.mark.parametrize("centimetres", [1e300, 1e9, 1.1, 9e-5, 1e-300])
def test_a_pixel_that_no_ultrasound_has_is_not_trusted(centimetres: float, tmp_path: Path) -> None:
    content = _regions(tmp_path, files.region((1, 2, 60, 40), delta=(centimetres, 0.02)))
    clip = read_clip(tmp_path / "x.dcm")

    assert _mm(tmp_path / "y.dcm", content) is None
    assert clip.calibration is not None
    assert [region.distrust for region in clip.calibration.regions] == [Distrust.IMPLAUSIBLE]


@pytest.mark.parametrize("tag", [0x00186018, 0x0018601A, 0x0018601C, 0x0018601E])
def test_a_region_that_cannot_be_placed_lends_its_place_to_no_other_scale(tag: int, tmp_path: Path) -> None:
    inset = files.region((2, 2, 30, 30), delta=(0.01, 0.01))
    content = _regions(tmp_path, files.region((1, 2, 60, 40)), inset)
    found = walk(content)
    corner = [each for each in found.elements if each.tag == tag][1]
    lost = spliced(found, corner.start, corner.end, b"", corner.parents)

    assert _mm(tmp_path / "y.dcm", lost) is None
    calibration = read_clip(tmp_path / "y.dcm").calibration
    assert calibration is not None
    assert [region.distrust for region in calibration.regions] == [Distrust.BESIDE_UNPLACED]


@pytest.mark.parametrize("tag", [0x0018602C, 0x0018602E, 0x00186012])
def test_a_region_that_swallowed_the_next_one_takes_the_trust_from_all(tag: int, tmp_path: Path) -> None:
    content = _regions(tmp_path, *[files.region((1, 2, 60, 40), delta=(0.02 * each, 0.02)) for each in (1, 2, 3)])
    element = [each for each in walk(content).elements if each.tag == tag][1]

    assert _mm(tmp_path / "y.dcm", overwritten(content, element.length_at, b"\0\0")) is None
    assert _mm(tmp_path / "y.dcm", overwritten(content, element.length_at, b"\x38\x46")) is None


def test_a_scanners_own_elements_in_a_region_are_lived_with(tmp_path: Path) -> None:
    item = files.region((1, 2, 60, 40))
    item.private_block(0x200D, "A SCANNER", create=True).add_new(1, "LO", "x")

    assert _mm(tmp_path / "y.dcm", _regions(tmp_path, item)) == pytest.approx(2.0)


def test_regions_by_the_thousand_are_not_trusted(tmp_path: Path) -> None:
    assert _mm(tmp_path / "y.dcm", _regions(tmp_path, *[files.region()] * 1001)) is None
    assert _mm(tmp_path / "y.dcm", _regions(tmp_path, *[files.region()] * 3)) == pytest.approx(2.0)


@pytest.mark.parametrize("syntax", ["1.2.\x0040.10008", "1." * 200 + "1", "1.2.\n3"])
def test_an_error_repeats_no_odd_letters_of_a_file(syntax: str, tmp_path: Path) -> None:
    data = files.dataset_of(RGB)
    path = files.write(tmp_path / "x.dcm", data)
    found = walk(path.read_bytes())
    old = next(each for each in found.elements if each.tag == 0x00020010)
    raw = syntax.encode() + b"\0" * (len(syntax) % 2)
    new = found.data[old.start : old.length_at] + len(raw).to_bytes(2, "little") + raw
    path.write_bytes(found.data[: old.start] + new + found.data[old.end :])
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

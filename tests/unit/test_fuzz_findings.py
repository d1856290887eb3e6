"""What the fuzzing found and was mended stays mended: one small file for each finding."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import dicom_files as files
import numpy as np
import pytest
from PIL import Image
from pydicom import uid

from bench.fuzz.bombs import zeros_packed
from bench.fuzz.edits import element_bytes, inserted
from bench.fuzz.walker import walk
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging import budget, jpeg
from fetalclip_app.imaging.colour import through_table
from fetalclip_app.imaging.content import FileContent
from fetalclip_app.imaging.readers import read_clip

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
    opened: list[None] = []
    opening = FileContent.open
    monkeypatch.setattr(FileContent, "open", lambda content: opened.append(None) or opening(content))
    difference = np.abs(clip.frame(2).pixels.astype(int) - CINE[2]).mean()

    assert len(opened) == 1
    assert difference < 3


def _scans(side: int, count: int) -> bytes:
    held = io.BytesIO()
    Image.new("L", (side, side)).save(held, "JPEG", progressive=True)
    stream = held.getvalue()
    return stream[:-2] + stream[stream.rindex(b"\xff\xda") : -2] * count + b"\xff\xd9"


def test_a_large_jpeg_of_scans_without_end_is_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(_scans(4000, 30))
    data = files.dataset_of(np.zeros((1, 1), np.uint8), "MONOCHROME2", Rows=4000, Columns=4000)

    assert code_of(path) is ErrorCode.FILE_DAMAGED
    assert code_of(files.encapsulated(tmp_path / "x.dcm", data, [_scans(4000, 30)])) is ErrorCode.FILE_DAMAGED


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
    raw = syntax.encode() + b"\0" * (len(syntax) % 2)
    new = found.data[old.start : old.length_at] + len(raw).to_bytes(2, "little") + raw
    path.write_bytes(found.data[: old.start] + new + found.data[old.end :])
    with pytest.raises(UnreadableFile) as caught:
        read_clip(path)

    told = str(caught.value.parameters.get("syntax", ""))
    assert told.isprintable()
    assert len(told) < 200

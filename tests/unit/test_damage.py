"""Whatever a file holds, the worst that comes out is an `UnreadableFile` with the code that fits."""

from __future__ import annotations

import os
import struct
import warnings
import zlib
from pathlib import Path

import dicom_files as files
import numpy as np
import pytest
from pydicom import dcmread, uid
from pydicom.dataset import Dataset

from bench.fuzz.bombs import chunk
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging import guard
from fetalclip_app.imaging.readers import read_clip

RGB = files.colour_picture()
CINE = files.cine(4)


def code_of(path: Path) -> ErrorCode:
    """Return the code with which a file is refused, on opening or at its first frame."""
    with pytest.raises(UnreadableFile) as caught:
        read_clip(path).frame(0)
    assert caught.value.parameters["name"] == path.name
    assert not any(os.sep in str(value) for value in caught.value.parameters.values())
    return caught.value.code


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_missing_empty_and_folder(tmp_path: Path) -> None:
    assert code_of(tmp_path / "gone.dcm") is ErrorCode.FILE_MISSING
    assert code_of(tmp_path / "gone" / "gone.dcm") is ErrorCode.FILE_MISSING
    assert code_of(tmp_path / "nul\0.dcm") is ErrorCode.FILE_MISSING
    assert code_of(written(tmp_path / "empty.dcm", b"")) is ErrorCode.FILE_EMPTY
    assert code_of(tmp_path) is ErrorCode.NOT_A_PICTURE


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.dcm")
    assert code_of(tmp_path / "pipe.dcm") is ErrorCode.NOT_A_PICTURE


@pytest.mark.parametrize(
    "content",
    [b"Patient: none\nView: brain\n" * 20, b"x", b"\0" * 500, b"<html></html>", bytes(range(256)) * 8, b"\x08\x00"],
)
def test_what_is_no_picture_is_called_so(content: bytes, tmp_path: Path) -> None:
    assert code_of(written(tmp_path / "scan.dcm", content)) is ErrorCode.NOT_A_PICTURE


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04\x14\x00\x01\x00" + b"x" * 100, ErrorCode.FILE_ENCRYPTED),
        (b"PK\x03\x04\x14\x00\x00\x00" + b"x" * 100, ErrorCode.NOT_A_PICTURE),
        (b"%PDF-1.7\n" + b"x" * 5000 + b"trailer << /Encrypt 5 0 R >>", ErrorCode.FILE_ENCRYPTED),
        (b"%PDF-1.7\n" + b"x" * 5000 + b"trailer << /Root 5 0 R >>", ErrorCode.NOT_A_PICTURE),
        (b"0\x82\x10\x00\x06\x09*\x86H\x86\xf7\x0d\x01\x07\x03\xa0\x82" + b"x" * 100, ErrorCode.FILE_ENCRYPTED),
        (b"-----BEGIN PGP MESSAGE-----\n", ErrorCode.FILE_ENCRYPTED),
        (b"Salted__12345678" + b"x" * 100, ErrorCode.FILE_ENCRYPTED),
        (b"KRETZFILE 1.0   " + b"x" * 100, ErrorCode.NO_CODEC),
    ],
)
def test_wrappers_are_known(content: bytes, code: ErrorCode, tmp_path: Path) -> None:
    assert code_of(written(tmp_path / "scan.dcm", content)) is code


def _report() -> Dataset:
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID, data.PatientID = "1.2.840.10008.5.1.4.1.1.88.33", "1.2.3", "P1"
    return data


def test_a_dicom_file_without_a_picture_is_no_damaged_one(tmp_path: Path) -> None:
    assert code_of(files.write(tmp_path / "report.dcm", _report())) is ErrorCode.STRUCTURED_REPORT


@pytest.mark.parametrize("records", [0, 2])
def test_an_index_of_a_disc_has_no_picture(records: int, tmp_path: Path) -> None:
    data = Dataset()
    data.FileSetID, data.DirectoryRecordSequence = "DISC", [_report() for _ in range(records)]

    assert code_of(files.write(tmp_path / "DICOMDIR", data)) is ErrorCode.NO_PIXELS


def test_pixels_that_are_encrypted_away_are_called_so(tmp_path: Path) -> None:
    data, item = _report(), Dataset()
    item.EncryptedContentTransferSyntaxUID, item.EncryptedContent = uid.ExplicitVRLittleEndian, b"\x30\x82"
    data.EncryptedAttributesSequence = [item]

    assert code_of(files.write(tmp_path / "x.dcm", data)) is ErrorCode.FILE_ENCRYPTED


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("kind", files.stills())
def test_a_still_that_was_cut_is_truncated(kind: str, share: float, tmp_path: Path) -> None:
    path = files.stills()[kind](tmp_path / "scan.dcm")
    whole = path.read_bytes()
    code = code_of(written(path, whole[: int(len(whole) * share)]))

    assert code in (ErrorCode.FILE_TRUNCATED, ErrorCode.FILE_DAMAGED)
    if kind != "deflated":  # a deflated stream that breaks off looks like a damaged one
        assert code is ErrorCode.FILE_TRUNCATED


def test_a_header_that_was_cut_is_truncated_and_not_without_pixels(tmp_path: Path) -> None:
    path = files.write(tmp_path / "x.dcm", files.dataset_of(RGB))
    start = path.read_bytes().index(b"\xe0\x7f\x10\x00")

    assert code_of(written(path, path.read_bytes()[: start - 3])) is ErrorCode.FILE_TRUNCATED


@pytest.mark.parametrize("table", ["basic", "none"])
@pytest.mark.parametrize("kind", ["uncompressed", "jpeg", "jpeg in pieces"])
def test_the_whole_frames_of_a_cine_that_was_cut_can_be_seen_and_the_lost_ones_are_counted(
    kind: str, table: str, tmp_path: Path
) -> None:
    path = tmp_path / "cine.dcm"
    if kind == "uncompressed":
        files.write(path, files.dataset_of(CINE))
    else:
        streams = [files.jpeg_stream(frame) for frame in CINE]
        data = files.dataset_of(CINE, "YBR_FULL_422")
        files.encapsulated(path, data, streams, table=table, fragments=3 if "pieces" in kind else 1)
    whole = path.read_bytes()
    clip = read_clip(written(path, whole[: -len(whole) // 3]))

    assert len(clip) + clip.missing_frames == 4
    assert len(clip) == 2
    for index in range(2):
        assert files.is_near(clip.frame(index).pixels, CINE[index])
    with pytest.raises(IndexError):
        clip.frame(2)


def test_a_cine_without_one_whole_frame_is_truncated(tmp_path: Path) -> None:
    path = files.write(tmp_path / "cine.dcm", files.dataset_of(CINE))
    start = path.read_bytes().index(b"\xe0\x7f\x10\x00")

    assert code_of(written(path, path.read_bytes()[: start + 500])) is ErrorCode.FILE_TRUNCATED


def _with(tmp_path: Path, keyword: str, value: int) -> Path:
    data = files.dataset_of(CINE)
    setattr(data, keyword, value)
    return files.write(tmp_path / "huge.dcm", data)


@pytest.mark.parametrize(("keyword", "value"), [("NumberOfFrames", 2_000_000_000), ("Rows", 65535)])
def test_an_absurd_size_is_refused_before_anything_is_allocated(keyword: str, value: int, tmp_path: Path) -> None:
    data = files.dataset_of(CINE, Columns=65535) if keyword == "Rows" else files.dataset_of(CINE)
    setattr(data, keyword, value)

    assert code_of(files.write(tmp_path / "huge.dcm", data)) is ErrorCode.FILE_TOO_LARGE


@pytest.mark.parametrize(("keyword", "value"), [("Rows", 0), ("NumberOfFrames", -3), ("Columns", 0)])
def test_a_picture_of_no_size_is_damaged(keyword: str, value: int, tmp_path: Path) -> None:
    assert code_of(_with(tmp_path, keyword, value)) is ErrorCode.FILE_DAMAGED


def test_a_png_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")

    assert code_of(written(tmp_path / "bomb.png", b"\x89PNG\r\n\x1a\n" + header + body)) is ErrorCode.FILE_TOO_LARGE


@pytest.mark.parametrize("kind", ["jpeg", "jpeg 2000", "jpeg lossless"])
def test_a_stream_that_is_larger_than_its_header_says_is_not_decoded(kind: str, tmp_path: Path) -> None:
    path = files.stills()[kind](tmp_path / "x.dcm")
    held = bytearray(path.read_bytes())
    if kind == "jpeg 2000":
        place = held.index(b"\xff\x4f\xff\x51") + 8
        held[place : place + 8] = struct.pack(">II", 60000, 60000)
    else:
        place = held.index(b"\xff\xc0" if kind == "jpeg" else b"\xff\xc3", held.index(b"\xff\xd8\xff")) + 5
        held[place : place + 4] = struct.pack(">HH", 60000, 60000)

    assert code_of(written(path, bytes(held))) is ErrorCode.FILE_DAMAGED


def test_a_deflated_file_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fetalclip_app.imaging.dicom.header._MAX_INFLATED", 5000)
    path = files.write(tmp_path / "x.dcm", files.dataset_of(RGB), uid.DeflatedExplicitVRLittleEndian)

    assert code_of(path) is ErrorCode.FILE_TOO_LARGE


def test_a_palette_that_is_not_there_is_damage(tmp_path: Path) -> None:
    path = files.write(tmp_path / "x.dcm", files.dataset_of(files.grey_picture().astype(np.uint8), "PALETTE COLOR"))
    assert code_of(path) is ErrorCode.FILE_DAMAGED


def test_compressed_pixels_without_items_are_damage(tmp_path: Path) -> None:
    path = files.write(tmp_path / "x.dcm", files.dataset_of(RGB))
    held = path.read_bytes()
    old = b"UI\x14\x00" + uid.ExplicitVRLittleEndian.encode() + b"\0"
    new = b"UI\x16\x00" + uid.JPEGBaseline8Bit.encode()
    assert old in held

    assert code_of(written(path, held.replace(old, new))) is ErrorCode.FILE_DAMAGED


def test_items_where_the_header_says_uncompressed_are_not_shown_as_pixels(tmp_path: Path) -> None:
    streams = [files.jpeg_stream(RGB, quality=100)]
    path = files.encapsulated(tmp_path / "x.dcm", files.dataset_of(RGB[:16, :16].copy()), streams)
    held = path.read_bytes()
    old = b"UI\x16\x00" + uid.JPEGBaseline8Bit.encode()
    new = b"UI\x14\x00" + uid.ExplicitVRLittleEndian.encode() + b"\0"
    assert old in held

    assert code_of(written(path, held.replace(old, new))) is ErrorCode.FILE_DAMAGED


def test_an_error_names_neither_patient_nor_folder(tmp_path: Path) -> None:
    folder = tmp_path / "Doe, Jane"
    folder.mkdir()
    with pytest.raises(UnreadableFile) as caught:
        read_clip(written(folder / "IM1", b"nothing"))

    assert "Doe" not in str(caught.value)


def test_hushing_does_not_touch_warnings_about_writing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        guard.hush()
        guard.hush()
        count = sum(1 for entry in warnings.filters if entry[3] is not None and "pydicom" in str(entry[3]))
        warnings.warn_explicit("quiet", UserWarning, "values.py", 1, module="pydicom.values")
        with pytest.raises(UserWarning):
            warnings.warn_explicit("loud", UserWarning, "valuerep.py", 1, module="pydicom.valuerep")
    assert count == 1


def test_a_scan_of_an_unknown_photometric_says_which(tmp_path: Path) -> None:
    path = files.write(tmp_path / "x.dcm", files.dataset_of(RGB))
    data = dcmread(path)
    data.PhotometricInterpretation = "HSV"
    with pytest.raises(UnreadableFile) as caught:
        read_clip(files.write(path, data))

    assert caught.value.code is ErrorCode.NO_CODEC
    assert "HSV" in str(caught.value.parameters["syntax"])

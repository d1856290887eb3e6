"""A file that holds more frames than its header says shows them all, where the pixel data prove them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import dicom_files as files
import jpeg_ls
import numpy as np
import pytest
from deidentify_files import deidentified, full_dataset
from PIL import Image
from pydicom import dcmread, uid
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames

from bench.fuzz import lossless_jpeg
from bench.fuzz.dicom_objects import compressed
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.readers import read_clip

CINE = files.cine(6)
_NATIVE_IN_ITEMS = "1.2.840.10008.1.2.1.98"


def _run_lengths(frame: np.ndarray) -> bytes:
    data = files.dataset_of(frame)
    compressed(data, uid.RLELossless)
    return next(generate_frames(data.PixelData, number_of_frames=1))


def _jpeg_2000(frame: np.ndarray) -> bytes:
    held = io.BytesIO()
    Image.fromarray(frame).save(held, "JPEG2000", no_jp2=True, mct=1, irreversible=False)
    return held.getvalue()


KINDS: dict[str, tuple[str, str, Callable[[np.ndarray], bytes]]] = {
    "jpeg": (uid.JPEGBaseline8Bit, "YBR_FULL_422", files.jpeg_stream),
    "jpeg lossless": (uid.JPEGLosslessSV1, "RGB", lossless_jpeg.encode),
    "jpeg-ls": (uid.JPEGLSLossless, "RGB", lambda frame: bytes(jpeg_ls.encode_array(frame, interleave_mode=2))),
    "jpeg 2000": (uid.JPEG2000Lossless, "YBR_RCT", _jpeg_2000),
    "rle": (uid.RLELossless, "RGB", _run_lengths),
    "native in items": (_NATIVE_IN_ITEMS, "RGB", lambda frame: frame.tobytes()),
}
every_kind = pytest.mark.parametrize("kind", KINDS)
says_fewer = pytest.mark.parametrize("said", [None, 1, 3])


def saying(data: Dataset, said: int | None) -> Dataset:
    """Return the data set with another NumberOfFrames, or none."""
    if said is None:
        del data.NumberOfFrames
    else:
        data.NumberOfFrames = said
    return data


def loop(kind: str, said: int | None) -> tuple[Dataset, list[bytes], str]:
    syntax, photometric, encode = KINDS[kind]
    return saying(files.dataset_of(CINE, photometric), said), [encode(frame) for frame in CINE], syntax


def shows(path: Path, count: int = 6) -> bool:
    """Whether the clip has so many frames, each in its place."""
    clip = read_clip(path)
    apart = [np.abs(clip.frame(index).pixels.astype(int) - CINE[index]).mean() for index in range(len(clip))]
    return len(clip) == count and max(apart) < 3


@every_kind
@says_fewer
@pytest.mark.parametrize("table", ["basic", "extended", "none"])
def test_every_frame_is_shown_that_opens_with_a_header_of_its_own(
    table: str, said: int | None, kind: str, tmp_path: Path
) -> None:
    path = files.encapsulated(tmp_path / "x", *loop(kind, said), table=table)

    assert read_clip(path).missing_frames == 0
    assert shows(path)


@says_fewer
def test_frames_in_pieces_are_counted_by_their_first(said: int | None, tmp_path: Path) -> None:
    path = files.encapsulated(tmp_path / "x", *loop("jpeg", said), table="none", fragments=3)

    assert shows(path)


@says_fewer
@pytest.mark.parametrize("odd", [False, True])
def test_uncompressed_frames_are_counted_by_their_length(odd: bool, said: int | None, tmp_path: Path) -> None:
    frames = CINE[:5, :47, :63] if odd else CINE
    clip = read_clip(files.write(tmp_path / "x", saying(files.dataset_of(frames), said)))

    assert (len(clip), clip.missing_frames) == (len(frames), 0)
    for index, frame in enumerate(frames):
        np.testing.assert_array_equal(clip.frame(index).pixels, frame)


def test_a_length_that_fits_no_number_of_frames_proves_none(tmp_path: Path) -> None:
    data = saying(files.dataset_of(CINE), 3)
    data.PixelData = bytes(data.PixelData) + bytes(100)

    assert shows(files.write(tmp_path / "x", data), 3)


@every_kind
def test_a_header_that_promises_more_is_still_missing_frames(kind: str, tmp_path: Path) -> None:
    path = files.encapsulated(tmp_path / "x", *loop(kind, 9))

    assert read_clip(path).missing_frames == 3
    assert shows(path)


def test_of_a_loop_that_breaks_off_the_frame_that_was_begun_is_missing(tmp_path: Path) -> None:
    path = files.encapsulated(tmp_path / "x", *loop("jpeg", 2))
    path.write_bytes(path.read_bytes()[:-200])

    assert read_clip(path).missing_frames == 1
    assert shows(path, 5)


@pytest.mark.parametrize("kind", ["jpeg", "jpeg-ls", "jpeg 2000"])
def test_a_still_in_pieces_is_one_frame(kind: str, tmp_path: Path) -> None:
    data, streams, syntax = loop(kind, None)

    assert shows(files.encapsulated(tmp_path / "x", data, streams[:1], syntax, table="none", fragments=4), 1)


def test_a_thumbnail_behind_a_still_is_no_frame_of_it(tmp_path: Path) -> None:
    data, streams, syntax = loop("jpeg", 1)
    thumbnail = files.jpeg_stream(CINE[1][::4, ::4])

    assert shows(files.encapsulated(tmp_path / "x", data, [streams[0], thumbnail], syntax, table="none"), 1)


def test_a_size_behind_a_long_profile_is_found(tmp_path: Path) -> None:
    data, streams, syntax = loop("jpeg", 1)
    profile = b"\xff\xe2" + (40_002).to_bytes(2) + bytes(40_000)

    assert shows(files.encapsulated(tmp_path / "x", data, [each[:2] + profile + each[2:] for each in streams], syntax))


def test_more_frames_than_any_scan_has_are_refused(tmp_path: Path) -> None:
    data = files.dataset_of(np.zeros((1, 1), np.uint8), "MONOCHROME2")
    data.PixelData = bytes(200_000)
    with pytest.raises(UnreadableFile) as refused:
        read_clip(files.write(tmp_path / "x", data))

    assert refused.value.code is ErrorCode.FILE_TOO_LARGE


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.RLELossless, uid.JPEGBaseline8Bit])
def test_a_de_identified_copy_says_how_many_frames_it_holds(syntax: str, tmp_path: Path) -> None:
    data = full_dataset(files.cine(), "YBR_FULL_422" if syntax == uid.JPEGBaseline8Bit else "RGB")
    count = len(files.cine())
    if syntax == uid.JPEGBaseline8Bit:
        path = files.encapsulated(tmp_path / "x", data, [files.jpeg_stream(frame) for frame in files.cine()])
    else:
        writer = files.write if syntax == uid.ExplicitVRLittleEndian else files.compressed
        path = writer(tmp_path / "x", data, syntax)
    data.NumberOfFrames = 1
    files.write(path, data, syntax)
    deidentified(path, tmp_path / "y")

    assert dcmread(tmp_path / "y").NumberOfFrames == count > 1

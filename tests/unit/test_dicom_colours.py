"""Stored samples of every kind are shown in their right colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dicom_files as files
import numpy as np
import pytest
from pydicom import uid

from bench.fuzz import lossless_jpeg
from bench.fuzz.dicom_objects import palette
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.readers import read_clip

RGB = files.colour_picture()


MARKS = {
    "none": b"",
    "JFIF": files.JFIF,
    "Adobe, no transform": files.adobe(0),
    "Adobe, YCbCr": files.adobe(1),
}


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_lossless_jpeg_is_what_the_header_says(photometric: str, mark: str, tmp_path: Path) -> None:
    """The lossless process knows no colour transform, so a mark of colours, which some writers add, says nothing."""
    stored = RGB if photometric == "RGB" else files.to_ycc(RGB)
    stream = lossless_jpeg.encode(stored)
    marked = stream[:2] + MARKS[mark] + stream[2:]
    data = files.dataset_of(stored, photometric)
    pixels = read_clip(files.encapsulated(tmp_path / "x", data, [marked], uid.JPEGLosslessSV1)).frame(0).pixels

    np.testing.assert_allclose(pixels.astype(int), RGB, atol=0 if photometric == "RGB" else 3)


def test_lossless_jpeg_of_sixteen_bits_is_refused_by_name(tmp_path: Path) -> None:
    path = files.jpeg_lossless(tmp_path / "x", files.dataset_of(files.grey_picture(top=4095), "MONOCHROME2"))
    with pytest.raises(UnreadableFile) as caught:
        read_clip(path).frame(0)

    assert caught.value.code is ErrorCode.NO_CODEC
    assert caught.value.parameters["syntax"] == "JPEG process C3, 16 bits"


@pytest.mark.parametrize("photometric", ["YBR_FULL", "YBR_FULL_422"])
def test_stored_ycbcr_is_shown_as_rgb(photometric: str, tmp_path: Path) -> None:
    grey_left = RGB.copy()
    grey_left[:, :, 1:] = grey_left[:, :, :1]
    ycc = files.to_ycc(grey_left)
    data = files.dataset_of(ycc, "YBR_FULL")
    if photometric == "YBR_FULL_422":
        pairs = ycc.reshape(48, 32, 2, 3)
        packed = np.stack([pairs[..., 0, 0], pairs[..., 1, 0], pairs[..., 0, 1], pairs[..., 0, 2]], axis=-1)
        data.PixelData, data.PhotometricInterpretation = packed.tobytes(), photometric

    pixels = read_clip(files.write(tmp_path / "ycc", data)).frame(0).pixels

    np.testing.assert_allclose(pixels.astype(int), grey_left, atol=2)


def test_422_that_was_never_subsampled_is_told_by_its_size(tmp_path: Path) -> None:
    data = files.dataset_of(files.to_ycc(RGB), "YBR_FULL")
    data.PhotometricInterpretation = "YBR_FULL_422"

    np.testing.assert_allclose(read_clip(files.write(tmp_path / "x", data)).frame(0).pixels.astype(int), RGB, atol=3)


def _jpeg(tmp_path: Path, stream: bytes, photometric: str) -> np.ndarray:
    data = files.dataset_of(RGB, photometric)
    return read_clip(files.encapsulated(tmp_path / "jpeg", data, [stream])).frame(0).pixels


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL_422", "YBR_FULL", "YBR_PARTIAL_422"])
def test_a_jfif_stream_is_ycbcr_whatever_the_header_says(photometric: str, tmp_path: Path) -> None:
    assert files.is_near(_jpeg(tmp_path, files.jpeg_stream(RGB), photometric), RGB)


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL_422"])
def test_an_adobe_stream_without_transform_is_rgb_whatever_the_header_says(photometric: str, tmp_path: Path) -> None:
    stream = files.jpeg_stream(RGB, keep_rgb=True)
    marked = stream[:2] + files.adobe(0) + files.without_marker(stream, 0xEE)[2:]

    assert files.is_near(_jpeg(tmp_path, marked, photometric), RGB)


def test_a_stream_without_marks_is_what_the_header_says(tmp_path: Path) -> None:
    ycc = files.without_marker(files.jpeg_stream(RGB), 0xE0)
    # The same stream under the other label: its YCbCr values are shown as if they were red, green and blue.
    assert files.is_near(_jpeg(tmp_path, ycc, "YBR_FULL"), RGB)
    assert files.is_near(_jpeg(tmp_path, ycc, "RGB"), files.to_ycc(RGB))


def test_a_subsampled_stream_without_marks_is_ycbcr_though_the_header_says_rgb(tmp_path: Path) -> None:
    smooth = np.repeat(np.repeat(RGB[::8, ::8], 8, axis=0), 8, axis=1)
    stream = files.without_marker(files.jpeg_stream(smooth, subsampling=2), 0xE0)

    assert np.abs(_jpeg(tmp_path, stream, "RGB").astype(int) - smooth).mean() < 25
    assert not files.is_near(_jpeg(tmp_path, stream, "RGB"), files.to_ycc(smooth))


def test_letters_as_component_numbers_mean_rgb(tmp_path: Path) -> None:
    stream = files.without_marker(files.without_marker(files.jpeg_stream(RGB, keep_rgb=True), 0xEE), 0xE0)
    assert b"\x52\x11\x00\x47\x11\x00\x42\x11\x00" in stream

    assert files.is_near(_jpeg(tmp_path, stream, "YBR_FULL_422"), RGB)


def test_jpeg_2000_that_was_transformed_is_not_transformed_twice(tmp_path: Path) -> None:
    """A header that says YBR_FULL of a stream whose own transform the decoder undoes: green and purple elsewhere."""
    data = files.dataset_of(RGB, "YBR_RCT")
    path = files.compressed(tmp_path / "j2k", data, uid.JPEG2000Lossless)
    np.testing.assert_array_equal(read_clip(path).frame(0).pixels, RGB)
    data.PhotometricInterpretation = "YBR_FULL"
    files.write(path, data, uid.JPEG2000Lossless)

    np.testing.assert_array_equal(read_clip(path).frame(0).pixels, RGB)


def _palette(entries: int, first: int, dtype: str, *, scale: int, bits: int = 16) -> dict[str, Any]:
    ramp = (np.arange(entries) * scale).astype(dtype)
    return palette([np.roll(ramp, shift) for shift in range(3)], first=first, bits=bits)


@pytest.mark.parametrize(
    ("dtype", "scale", "bits"), [("<u2", 257, 16), ("<u2", 1, 16), ("u1", 1, 8)], ids=["16 bits", "8 in 16", "8 bits"]
)
def test_a_palette_gives_its_colours(dtype: str, scale: int, bits: int, tmp_path: Path) -> None:
    values = files.grey_picture().astype(np.uint8)
    data = files.dataset_of(values, "PALETTE COLOR", **_palette(256, 0, dtype, scale=scale, bits=bits))
    pixels = read_clip(files.write(tmp_path / "palette", data)).frame(0).pixels.astype(int)

    for shift in range(3):
        np.testing.assert_array_equal(pixels[..., shift], (values.astype(int) - shift) % 256)


def test_values_outside_a_palette_take_the_colour_at_its_end(tmp_path: Path) -> None:
    values = files.grey_picture().astype(np.uint8)
    data = files.dataset_of(values, "PALETTE COLOR", **_palette(100, 50, "<u2", scale=512))
    pixels = read_clip(files.write(tmp_path / "palette", data)).frame(0).pixels

    np.testing.assert_array_equal(pixels[..., 0], np.clip(values.astype(int) - 50, 0, 99) * 2)


@pytest.mark.parametrize(("first", "written"), [(-128, -128), (-28, -28), (-128, 65408)])
def test_signed_values_take_their_own_place_in_a_palette(first: int, written: int, tmp_path: Path) -> None:
    values = np.arange(-128, 128).repeat(12).reshape(48, 64).astype(np.int8)
    data = files.dataset_of(values, "PALETTE COLOR", **_palette(256, first, "<u2", scale=257))
    for colour in ("Red", "Green", "Blue"):
        element = data[f"{colour}PaletteColorLookupTableDescriptor"]
        element.VR, element.value = "SS" if written < 0 else "US", [256, written, 16]
    pixels = read_clip(files.write(tmp_path / "x", data)).frame(0).pixels.astype(int)

    np.testing.assert_array_equal(pixels[..., 0], np.clip(values.astype(int) - first, 0, 255))

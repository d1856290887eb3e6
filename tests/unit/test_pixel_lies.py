"""Where header and stream disagree, the stream is right: depth, number of samples, planes, colours."""

from __future__ import annotations

import io
import struct
import time
from pathlib import Path
from typing import Any

import dicom_files as files
import jpeg_ls
import numpy as np
import pytest
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset

from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.dicom.jpeg_2000 import parse
from fetalclip_app.imaging.readers import read_clip

RGB = files.colour_picture()
DEEP = RGB.astype(np.uint16) * 257


def jls(picture: np.ndarray, **options: Any) -> bytes:
    return bytes(jpeg_ls.encode_array(picture, **options))


def j2k(picture: np.ndarray, *, wrapped: bool = True, mct: int = 0) -> bytes:
    held = io.BytesIO()
    Image.fromarray(picture).save(held, "JPEG2000", no_jp2=not wrapped, mct=mct, irreversible=False)
    return held.getvalue()


def shown(tmp_path: Path, data: Dataset, stream: bytes, syntax: str) -> np.ndarray:
    return read_clip(files.encapsulated(tmp_path / "x", data, [stream], syntax)).frame(0).pixels


def test_colours_in_planes_of_a_jpeg_ls_stream(tmp_path: Path) -> None:
    stream = jpeg_ls.encode_pixel_data(
        RGB.transpose(2, 0, 1).tobytes(),
        rows=48,
        columns=64,
        samples_per_pixel=3,
        bits_stored=8,
        planar_configuration=1,
    )

    np.testing.assert_array_equal(shown(tmp_path, files.dataset_of(RGB), bytes(stream), uid.JPEGLSLossless), RGB)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_jpeg_ls_stream_that_was_cut_is_refused_at_once(share: float, tmp_path: Path) -> None:
    """CharLS by itself looks for the next marker for many seconds, beyond the last byte."""
    whole = jls(RGB, interleave_mode=2)
    began = time.perf_counter()
    with pytest.raises(UnreadableFile):
        shown(tmp_path, files.dataset_of(RGB), whole[: int(len(whole) * share)], uid.JPEGLSLossless)

    assert time.perf_counter() - began < 3


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("kind", ["jpeg-ls", "jpeg 2000"])
def test_the_planar_configuration_of_a_codestream_is_its_own(kind: str, planar: int, tmp_path: Path) -> None:
    stream, syntax = {
        "jpeg-ls": (jls(RGB, interleave_mode=2), uid.JPEGLSLossless),
        "jpeg 2000": (j2k(RGB), uid.JPEG2000Lossless),
    }[kind]
    data = files.dataset_of(RGB, PlanarConfiguration=planar)

    np.testing.assert_array_equal(shown(tmp_path, data, stream, syntax), RGB)


@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize("label", ["RGB", "YBR_RCT", "YBR_ICT", "YBR_FULL"])
def test_a_jpeg_2000_stream_that_was_transformed_is_rgb_under_any_label(
    label: str, wrapped: bool, tmp_path: Path
) -> None:
    pixels = shown(tmp_path, files.dataset_of(RGB, label), j2k(RGB, wrapped=wrapped, mct=1), uid.JPEG2000Lossless)

    np.testing.assert_array_equal(pixels, RGB)


@pytest.mark.parametrize("label", ["RGB", "YBR_FULL"])
def test_a_jp2_wrapper_that_names_ycc_is_believed(label: str, tmp_path: Path) -> None:
    stream = j2k(files.to_ycc(RGB))
    place = stream.index(b"colr\x01") + 7
    assert stream[place : place + 4] == struct.pack(">I", 16)
    ycc = stream[:place] + struct.pack(">I", 18) + stream[place + 4 :]

    np.testing.assert_allclose(
        shown(tmp_path, files.dataset_of(RGB, label), ycc, uid.JPEG2000Lossless).astype(int), RGB, atol=3
    )


def test_a_jpeg_2000_stream_without_a_transform_is_what_the_header_says(tmp_path: Path) -> None:
    data = files.dataset_of(RGB, "YBR_FULL")
    pixels = shown(tmp_path, data, j2k(files.to_ycc(RGB), wrapped=False), uid.JPEG2000Lossless)

    np.testing.assert_allclose(pixels.astype(int), RGB, atol=2)


@pytest.mark.parametrize("length", [0, 3, 20, 44, 58])
def test_a_jpeg_2000_header_that_ends_is_truncated(length: int) -> None:
    with pytest.raises(ValueError, match="truncated"):
        parse(j2k(RGB, wrapped=False)[:length])


@pytest.mark.parametrize("kind", ["plain", "rle", "jpeg 2000", "jpeg-ls"])
def test_sixteen_bits_of_a_colour_are_shown_in_eight(kind: str, tmp_path: Path) -> None:
    path, data = tmp_path / "x", files.dataset_of(DEEP)
    if kind == "plain":
        files.write(path, data)
    elif kind == "jpeg-ls":
        files.encapsulated(path, data, [jls(DEEP, interleave_mode=2)], uid.JPEGLSLossless)
    else:
        files.compressed(path, data, uid.RLELossless if kind == "rle" else uid.JPEG2000Lossless)

    np.testing.assert_array_equal(read_clip(path).frame(0).pixels, RGB)


def test_a_stream_of_more_bits_than_the_header_promises_does_not_wrap(tmp_path: Path) -> None:
    ramp = files.grey_picture(top=65535)
    pixels = shown(tmp_path, files.dataset_of(ramp, "MONOCHROME2", bits_stored=12), jls(ramp), uid.JPEGLSLossless)
    grey = pixels[..., 0].reshape(-1).astype(int)

    assert (np.diff(grey) >= 0).all()
    assert (grey[0], grey[-1]) == (0, 255)


@pytest.mark.parametrize("kind", ["jpeg 2000", "jpeg-ls", "rle"])
def test_signed_samples_keep_their_order_in_every_codec(kind: str, tmp_path: Path) -> None:
    ramp = (files.grey_picture(top=4095).astype(np.int32) - 2048).astype(np.int16)
    path, data = tmp_path / "x", files.dataset_of(ramp, "MONOCHROME2", bits_stored=12)
    if kind == "jpeg-ls":
        about = {"rows": 48, "columns": 64, "samples_per_pixel": 1, "bits_stored": 12}
        files.encapsulated(path, data, [bytes(jpeg_ls.encode_pixel_data(ramp.tobytes(), **about))], uid.JPEGLSLossless)
    else:
        files.compressed(path, data, uid.RLELossless if kind == "rle" else uid.JPEG2000Lossless)

    np.testing.assert_array_equal(read_clip(path).frame(0).pixels[..., 0], (ramp.astype(np.int64) + 2048) * 255 // 4095)


@pytest.mark.parametrize("kind", ["jpeg", "jpeg-ls", "jpeg 2000"])
def test_colours_in_a_file_that_calls_itself_grey_are_shown(kind: str, tmp_path: Path) -> None:
    stream, syntax = {
        "jpeg": (files.jpeg_stream(RGB), uid.JPEGBaseline8Bit),
        "jpeg-ls": (jls(RGB, interleave_mode=2), uid.JPEGLSLossless),
        "jpeg 2000": (j2k(RGB, mct=1), uid.JPEG2000Lossless),
    }[kind]
    pixels = shown(tmp_path, files.dataset_of(RGB[..., 0], "MONOCHROME2"), stream, syntax)

    assert np.abs(pixels.astype(int) - RGB).mean() < 3


@pytest.mark.parametrize("kind", ["jpeg", "jpeg-ls", "jpeg 2000"])
def test_grey_in_a_file_that_promises_colours_is_shown(kind: str, tmp_path: Path) -> None:
    one = RGB[..., 0].copy()
    stream, syntax = {
        "jpeg": (files.jpeg_stream(one), uid.JPEGBaseline8Bit),
        "jpeg-ls": (jls(one), uid.JPEGLSLossless),
        "jpeg 2000": (j2k(one), uid.JPEG2000Lossless),
    }[kind]
    pixels = shown(tmp_path, files.dataset_of(RGB, "YBR_FULL_422"), stream, syntax)

    assert np.abs(pixels.astype(int) - one[..., None]).mean() < 3


@pytest.mark.parametrize("label", ["", "YBR FULL 422", "YCBCR"])
@pytest.mark.parametrize("picture", [RGB, RGB[..., 0]], ids=["colour", "grey"])
def test_a_lossy_jpeg_needs_no_label(picture: np.ndarray, label: str, tmp_path: Path) -> None:
    data = files.dataset_of(picture, "RGB" if picture.ndim == 3 else "MONOCHROME2")
    data.PhotometricInterpretation = label
    pixels = shown(tmp_path, data, files.jpeg_stream(picture), uid.JPEGBaseline8Bit)

    assert np.abs(pixels.astype(int) - (picture if picture.ndim == 3 else picture[..., None])).mean() < 3


@pytest.mark.parametrize("photometric", ["HSV", "ARGB", "CMYK", "YBR_PARTIAL_420", "", "PALETTE"])
def test_colours_that_nobody_decodes_are_refused_by_name(photometric: str, tmp_path: Path) -> None:
    path = files.write(tmp_path / "x", files.dataset_of(RGB, photometric))
    with pytest.raises(UnreadableFile) as caught:
        read_clip(path)

    assert caught.value.code is ErrorCode.NO_CODEC
    assert (photometric or "no photometric") in str(caught.value.parameters["syntax"])


def _segmented(values: list[int]) -> bytes:
    """Return a segmented table: 20 entries as they are, then a line to the last value (PS3.3 C.7.9.2)."""
    discrete, line = values[:20], values[-1]
    return struct.pack(f"<2H{len(discrete)}H3H", 0, len(discrete), *discrete, 1, 236, line)


def test_a_segmented_palette_gives_its_colours(tmp_path: Path) -> None:
    grey = files.grey_picture().astype(np.uint8)
    data = files.dataset_of(grey, "PALETTE COLOR")
    for top, colour in ((255, "Red"), (128, "Green"), (60, "Blue")):
        ramp = np.linspace(0, top, 256).round().astype(int) * 256
        data.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [256, 0, 16])
        data.add_new(f"Segmented{colour}PaletteColorLookupTableData", "OW", _segmented(ramp.tolist()))
    pixels = read_clip(files.write(tmp_path / "x", data)).frame(0).pixels.astype(int)

    for channel, top in enumerate((255, 128, 60)):
        np.testing.assert_allclose(pixels[..., channel], grey * (top / 255), atol=1.5)


def test_a_palette_of_sixteen_bit_samples(tmp_path: Path) -> None:
    values = files.grey_picture(top=1023)
    data = files.dataset_of(values, "PALETTE COLOR", bits_stored=10)
    for colour in ("Red", "Green", "Blue"):
        data.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [1024, 0, 16])
        data.add_new(f"{colour}PaletteColorLookupTableData", "OW", (np.arange(1024) * 64).astype("<u2").tobytes())
    pixels = read_clip(files.write(tmp_path / "x", data)).frame(0).pixels

    np.testing.assert_array_equal(pixels[..., 2], values >> 2)

"""Grey values of any depth are shown through the transforms that the file asks for."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import dicom_files as files
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset

from fetalclip_app.imaging.dicom.grey_display import grey_table
from fetalclip_app.imaging.dicom.pixels import DicomFrames
from fetalclip_app.imaging.readers import read_clip


def _grey(tmp_path: Path, picture: np.ndarray, photometric: str = "MONOCHROME2", **tags: Any) -> np.ndarray:
    pixels = read_clip(files.write(tmp_path / "grey", files.dataset_of(picture, photometric, **tags))).frame(0).pixels
    assert (pixels[..., 0] == pixels[..., 1]).all()
    assert (pixels[..., 0] == pixels[..., 2]).all()
    return pixels[..., 0].astype(int)


def test_eight_grey_bits_are_shown_as_they_are(tmp_path: Path) -> None:
    ramp = files.grey_picture().astype(np.uint8)
    np.testing.assert_array_equal(_grey(tmp_path, ramp), ramp)


def test_monochrome1_shows_zero_as_white(tmp_path: Path) -> None:
    ramp = files.grey_picture().astype(np.uint8)
    np.testing.assert_array_equal(_grey(tmp_path, ramp, "MONOCHROME1"), 255 - ramp.astype(int))


def test_sixteen_bits_show_the_full_range_of_what_is_stored(tmp_path: Path) -> None:
    ramp = files.grey_picture(top=4095)
    shown = _grey(tmp_path, ramp, bits_stored=12)

    np.testing.assert_array_equal(shown, ramp.astype(int) * 255 // 4095)
    assert (shown.min(), shown.max()) == (0, 255)


def test_signed_values_begin_below_zero(tmp_path: Path) -> None:
    ramp = files.grey_picture(top=4095).astype(np.int32) - 2048
    shown = _grey(tmp_path, ramp.astype(np.int16), bits_stored=12)

    np.testing.assert_array_equal(shown, (ramp + 2048) * 255 // 4095)


def test_a_window_is_applied_by_the_standard_s_formula(tmp_path: Path) -> None:
    ramp = files.grey_picture(top=4095)
    shown = _grey(tmp_path, ramp, bits_stored=12, WindowCenter=1000, WindowWidth=500)
    expected = np.clip((ramp - 999.5) / 499 + 0.5, 0, 1) * 255

    np.testing.assert_allclose(shown, expected, atol=1)
    assert shown[ramp <= 750].max() == 0
    assert shown[ramp >= 1250].min() == 255


def test_a_rescale_comes_before_the_window(tmp_path: Path) -> None:
    ramp = files.grey_picture().astype(np.uint8)
    plain = _grey(tmp_path, ramp, WindowCenter=100, WindowWidth=50)
    moved = _grey(
        tmp_path, ramp, WindowCenter=210, WindowWidth=100, RescaleSlope=2, RescaleIntercept=10, VOILUTFunction="LINEAR"
    )
    np.testing.assert_allclose(moved, plain, atol=3)


RAMP = files.grey_picture().astype(np.uint8)


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "rle"])
@pytest.mark.parametrize(("stored", "high"), [(12, 11), (12, 15), (10, 12), (9, 8)])
def test_the_high_bit_says_where_the_value_lies_and_other_bits_are_nothing(
    stored: int, high: int, compressed: bool, tmp_path: Path
) -> None:
    ramp = files.grey_picture(top=(1 << stored) - 1)
    shift = high - stored + 1
    rubbish = np.random.default_rng(0).integers(0, 1 << 16, ramp.shape).astype(np.uint16)
    mask = np.uint16((1 << stored) - 1 << shift)
    data = files.dataset_of((ramp << shift & mask) | (rubbish & ~mask), "MONOCHROME2", bits_stored=stored, HighBit=high)
    write = files.compressed if compressed else files.write
    path = write(tmp_path / "x", data, uid.RLELossless if compressed else uid.ExplicitVRLittleEndian)

    np.testing.assert_array_equal(
        read_clip(path).frame(0).pixels[..., 0], ramp.astype(np.int64) * 255 // ((1 << stored) - 1)
    )


def test_signed_values_below_a_high_bit_keep_their_sign(tmp_path: Path) -> None:
    ramp = files.grey_picture(top=1023).astype(np.int32) - 512
    data = files.dataset_of((ramp << 4).astype(np.int16), "MONOCHROME2", bits_stored=10, HighBit=13)
    source = read_clip(files.write(tmp_path / "x", data)).source
    assert isinstance(source, DicomFrames)

    np.testing.assert_array_equal(source.pixels(0)[..., 0], (ramp + 512) * 255 // 1023)
    np.testing.assert_array_equal(source.stored(0)[0], ramp)


@pytest.mark.parametrize("high", [0, 40])
def test_a_high_bit_that_cannot_be_is_not_believed(high: int, tmp_path: Path) -> None:
    assert _grey(tmp_path, files.grey_picture(top=4095), bits_stored=12, HighBit=high).max() == 255


@pytest.mark.parametrize(
    ("photometric", "shape", "inverted"),
    [
        ("MONOCHROME1", "", True),
        ("MONOCHROME1", "INVERSE", True),
        ("MONOCHROME2", "", False),
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME2", "INVERSE", True),
        ("MONOCHROME1", "IDENTITY", False),
        ("MONOCHROME1", "odd", True),
    ],
)
def test_the_presentation_shape_comes_after_the_photometric_interpretation(
    photometric: str, shape: str, inverted: bool, tmp_path: Path
) -> None:
    tags = {"PresentationLUTShape": shape} if shape else {}
    shown = _grey(tmp_path, RAMP, photometric, **tags)

    np.testing.assert_array_equal(shown, 255 - RAMP.astype(int) if inverted else RAMP)


def test_monochrome1_is_inverted_after_the_window(tmp_path: Path) -> None:
    window = {"WindowCenter": 60, "WindowWidth": 40}
    plain = _grey(tmp_path, RAMP, **window)
    inverted = _grey(tmp_path, RAMP, "MONOCHROME1", **window)

    np.testing.assert_allclose(inverted, 255 - plain, atol=1)
    assert inverted[RAMP < 40].min() == 255


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_and_the_rest_is_as_it_was(photometric: str, tmp_path: Path) -> None:
    plain = _grey(tmp_path, RAMP, photometric)
    padded = _grey(tmp_path, RAMP, photometric, PixelPaddingValue=200, PixelPaddingRangeLimit=210)
    is_padding = (RAMP >= 200) & (RAMP <= 210)

    assert padded[is_padding].max() == 0
    np.testing.assert_array_equal(padded[~is_padding], plain[~is_padding])


def test_one_padding_value_without_a_limit(tmp_path: Path) -> None:
    padded = _grey(tmp_path, RAMP, PixelPaddingValue=255)

    assert padded[RAMP == 255].max() == 0
    assert padded[RAMP == 254].min() == 254


def _lut(entries: np.ndarray, first: int, bits: int) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(entries), first, bits])
    item.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
    return item


def test_a_voi_table_says_what_is_shown_and_its_bits_what_is_white(tmp_path: Path) -> None:
    squares = np.arange(256) ** 2 // 16  # up to 4064 of 4095
    shown = _grey(tmp_path, RAMP, VOILUTSequence=[_lut(squares, 0, 12)])

    np.testing.assert_allclose(shown, squares[RAMP] * 255 / 4095, atol=1)


def test_a_voi_table_whose_bits_are_a_lie_is_not_shown_black(tmp_path: Path) -> None:
    shown = _grey(tmp_path, RAMP, VOILUTSequence=[_lut(np.arange(256), 0, 16)])

    np.testing.assert_array_equal(shown, RAMP)


def test_a_voi_table_comes_before_a_window(tmp_path: Path) -> None:
    both = {"VOILUTSequence": [_lut(np.arange(256)[::-1], 0, 8)], "WindowCenter": 10, "WindowWidth": 5}

    np.testing.assert_array_equal(_grey(tmp_path, RAMP, **both), 255 - RAMP.astype(int))


def test_a_modality_table_comes_before_the_window(tmp_path: Path) -> None:
    item = _lut(np.arange(256) * 4 + 100, 0, 16)
    item.ModalityLUTType = "US"
    shown = _grey(tmp_path, RAMP, ModalityLUTSequence=[item], WindowCenter=612, WindowWidth=512)
    expected = np.clip((RAMP.astype(float) * 4 + 100 - 611.5) / 511 + 0.5, 0, 1) * 255

    np.testing.assert_allclose(shown, expected, atol=1)


windows = st.tuples(st.floats(-500, 4500), st.floats(1.5, 6000))


@given(windows, st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]))
def test_every_window_is_that_of_the_standard(window: tuple[float, float], function: str) -> None:
    """PS3.3 C.11.2.1.2.1 and C.11.2.1.3, written down once more."""
    centre, width = window
    data = Dataset()
    data.WindowCenter, data.WindowWidth, data.VOILUTFunction = f"{centre:.6f}", f"{width:.6f}", function
    x = np.arange(4096.0)
    if function == "SIGMOID":
        expected = 255 / (1 + np.exp(np.clip(-4 * (x - centre) / width, -700, 700)))
    elif function == "LINEAR_EXACT":
        expected = ((x - centre) / width + 0.5) * 255
    else:
        expected = ((x - (centre - 0.5)) / (width - 1) + 0.5) * 255
    shown = grey_table(data, 12, signed=False, photometric="MONOCHROME2")[:, 0]

    np.testing.assert_allclose(shown, np.clip(expected, 0, 255), atol=1.01)


@pytest.mark.skipif(shutil.which("dcmj2pnm") is None, reason="skipped, tool missing")
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("shape", ["", "IDENTITY", "INVERSE"])
@pytest.mark.parametrize("window", [{}, {"WindowCenter": "1500", "WindowWidth": "900"}], ids=["whole", "window"])
def test_another_reader_shows_the_same(photometric: str, shape: str, window: dict[str, str], tmp_path: Path) -> None:
    tags = {**window, **({"PresentationLUTShape": shape} if shape else {})}
    data = files.dataset_of(files.grey_picture(top=4095), photometric, bits_stored=12, **tags)
    path = files.write(tmp_path / "x", data)
    command = ["dcmj2pnm", "+op", *(("+Wi", "1") if window else ()), path, tmp_path / "x.ppm"]
    subprocess.run(command, check=True, capture_output=True)
    theirs = np.asarray(Image.open(tmp_path / "x.ppm").convert("L")).astype(int)

    # dcmtk rounds inverted pictures its own way: white to black is 255 to 1 there.
    np.testing.assert_allclose(read_clip(path).frame(0).pixels[..., 0], theirs, atol=2)

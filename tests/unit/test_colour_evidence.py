"""A label under which a scan would be green is not believed, and every other label is."""

from __future__ import annotations

from pathlib import Path

import dicom_files as files
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import uid

from fetalclip_app.imaging.dicom.colour_evidence import evident_colours
from fetalclip_app.imaging.readers import read_clip


def scan(height: int = 64, width: int = 96) -> np.ndarray:
    """Return a grey fan on black with a colour box of a tenth of its width: (H, W, 3)."""
    y, x = np.mgrid[0:height, 0:width]
    inside = np.hypot(x - width / 2, y) < height * 0.9
    grey = np.where(inside, 40 + 30 * np.sin(x / 5) + 20 * np.cos(y / 3), 0).astype(np.uint8)
    picture = np.repeat(grey[..., None], 3, axis=2)
    picture[20:30, 40:50] = (200, 30, 10)
    return picture


SCAN = scan()


def _near(pixels: np.ndarray) -> bool:
    return bool(np.abs(pixels.astype(int) - SCAN).mean() < 2)


@pytest.mark.parametrize("label", ["RGB", "YBR_FULL"])
@pytest.mark.parametrize("truth", ["RGB", "YBR_FULL"])
@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.RLELossless, uid.JPEG2000Lossless])
def test_a_scan_keeps_its_colours_under_either_label(syntax: str, truth: str, label: str, tmp_path: Path) -> None:
    data = files.dataset_of(SCAN if truth == "RGB" else files.to_ycc(SCAN), "RGB")
    path = tmp_path / "x"
    files.write(path, data) if syntax == uid.ExplicitVRLittleEndian else files.compressed(path, data, syntax)
    data.PhotometricInterpretation = label
    files.write(path, data, syntax)

    assert _near(read_clip(path).frame(0).pixels)


def _marked(kind: str, picture: np.ndarray = SCAN) -> bytes:
    """Return a stream of a picture; the word before the dash is what is stored, the one after what marks say."""
    stored, marks = kind.split("-")
    stream = files.jpeg_stream(picture, keep_rgb=True) if stored == "rgb" else files.jpeg_stream(picture)
    bare = files.without_marker(files.without_marker(stream, 0xEE), 0xE0)
    if stored == "rgb":  # letters say RGB, numbers nothing
        for letter, number in zip(b"RGB", (1, 2, 3), strict=True):
            bare = bare.replace(bytes((letter, 0x11, 0)), bytes((number, 0x11, 0)))
            bare = bare.replace(bytes((letter, 0x00)), bytes((number, 0x00)))
    return bare[:2] + {"none": b"", "jfif": files.JFIF, "adobe": files.adobe(0)}[marks] + bare[2:]


@pytest.mark.parametrize("label", ["RGB", "YBR_FULL", "YBR_FULL_422"])
@pytest.mark.parametrize("kind", ["rgb-none", "rgb-jfif", "rgb-adobe", "ycc-none", "ycc-jfif", "ycc-adobe"])
def test_a_jpeg_scan_keeps_its_colours_whatever_label_and_marks_say(kind: str, label: str, tmp_path: Path) -> None:
    path = files.encapsulated(tmp_path / "x", files.dataset_of(SCAN, label), [_marked(kind)])

    assert _near(read_clip(path).frame(0).pixels)


def test_the_flow_s_colours_are_kept_as_well(tmp_path: Path) -> None:
    path = files.encapsulated(tmp_path / "x", files.dataset_of(SCAN, "YBR_FULL_422"), [_marked("rgb-jfif")])
    red, green, blue = read_clip(path).frame(0).pixels[25, 45].astype(int)

    assert red > 180
    assert max(green, blue) < 50


@given(st.sampled_from(["RGB", "YBR_FULL"]), st.floats(0.01, 0.44), st.integers(0, 2**32 - 1))
def test_grey_of_less_than_half_a_frame_proves_nothing(label: str, share: float, seed: int) -> None:
    """A teal or green ground is some picture's own colour: (20, 128, 128) would be black, read as YCbCr."""
    tiles = np.full((16 * 16, 3), (200, 30, 10), np.uint8)
    grey = (40, 40, 40) if label == "RGB" else (20, 128, 128)
    tiles[np.random.default_rng(seed).permutation(len(tiles))[: int(share * len(tiles))]] = grey
    picture = tiles.reshape(16, 16, 3).repeat(4, axis=0).repeat(4, axis=1)

    assert evident_colours(picture) == ""


@pytest.mark.parametrize(("other", "found"), [(0.0, "YBR_FULL"), (0.01, "YBR_FULL"), (0.05, ""), (0.2, "")])
def test_a_picture_that_is_grey_either_way_proves_nothing(other: float, found: str) -> None:
    picture = np.full((80, 400, 3), (20, 128, 128), np.uint8)
    picture[:, : round(400 * other)] = (60, 60, 60)

    assert evident_colours(picture) == found


@pytest.mark.parametrize(("telling", "found"), [(0.3, ""), (0.7, "RGB")])
def test_mid_grey_does_not_count_as_grey_of_either_kind(telling: float, found: str) -> None:
    picture = np.full((80, 80, 3), 130, np.uint8)
    picture[:, : int(80 * telling)] = 30

    assert evident_colours(picture) == found


@pytest.mark.parametrize("tinted", [(60, 70, 50), (60, 48, 60), (20, 138, 118), (20, 128, 116)])
def test_a_tint_is_no_grey(tinted: tuple[int, int, int]) -> None:
    assert evident_colours(np.full((16, 16, 3), tinted, np.uint8)) == ""


@given(st.integers(0, 2**32 - 1))
def test_a_picture_full_of_colours_proves_nothing(seed: int) -> None:
    stored = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)

    assert evident_colours(stored) == ""


@given(st.integers(112, 144))
def test_an_even_grey_that_both_labels_show_alike_proves_nothing(level: int) -> None:
    assert evident_colours(np.full((16, 16, 3), level, np.uint8)) == ""


@given(st.sampled_from(["RGB", "YBR_FULL"]), st.integers(0, 2**32 - 1), st.floats(0, 0.05))
def test_noise_and_a_little_colour_do_not_hide_what_a_scan_is(label: str, seed: int, coloured: float) -> None:
    random = np.random.default_rng(seed)
    picture = SCAN.copy()
    picture[random.random(picture.shape[:2]) < coloured] = (10, 60, 220)
    stored = picture if label == "RGB" else files.to_ycc(picture)
    noisy = np.clip(stored.astype(int) + random.integers(-1, 2, stored.shape), 0, 255).astype(np.uint8)

    assert evident_colours(noisy) == label

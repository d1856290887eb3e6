from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from fakes import fan_picture, make_clip
from hypothesis import given
from hypothesis import strategies as st

from fetalclip_app.domain.calibration import (
    Box,
    Calibration,
    CalibrationSource,
    Distrust,
    PixelSpacing,
    Region,
    RegionKind,
)
from fetalclip_app.domain.clip import Frame
from fetalclip_app.imaging.fan import find_fan
from fetalclip_app.imaging.preprocess import (
    Letterbox,
    PreprocessSpec,
    crop_of,
    model_spacing_mm,
    prepare,
    scaled,
)

sides = st.integers(2, 1200)


@given(left=st.integers(0, 300), top=st.integers(0, 300), width=sides, height=sides, x=st.floats(-10, 1300))
def test_to_frame_undoes_to_model(left: int, top: int, width: int, height: int, x: float) -> None:
    box = Letterbox(Box(left, top, left + width, top + height), 224)

    there_and_back = box.to_frame(box.to_model(np.array([[x, x / 2]])))

    np.testing.assert_allclose(there_and_back, [[x, x / 2]], atol=1e-6)


def test_a_dot_lands_where_the_geometry_says() -> None:
    pixels = np.zeros((300, 500, 3), np.uint8)
    cv2.circle(pixels, (360, 220), 12, (255, 255, 255), -1)
    box = Letterbox(Box(100, 50, 500, 300), 224)

    seen = prepare(Frame(pixels), PreprocessSpec(), box.crop)[0]
    weights = seen - seen.min()
    rows, columns = np.mgrid[:224, :224]
    found = [np.average(columns, weights=weights), np.average(rows, weights=weights)]

    np.testing.assert_allclose(found, box.to_model(np.array([360.0, 220.0])), atol=0.1)


def test_a_map_returns_to_the_same_place_in_the_frame() -> None:
    box = Letterbox(Box(100, 50, 500, 300), 224)
    values = np.zeros((224, 224), np.float32)
    values[100:110, 60:70] = 1.0

    on_frame = box.map_to_frame(values, 300, 500)
    rows, columns = np.nonzero(on_frame > 0.5)

    expected = box.to_frame(np.array([64.5, 104.5]))
    np.testing.assert_allclose([columns.mean(), rows.mean()], expected, atol=1.0)
    assert on_frame[:50].max() == 0


def test_prepare_is_the_published_resize_of_a_padded_square() -> None:
    """Restated from fetalclip.md 2.0: pad centred, bicubic to 224, CLIP's mean and standard deviation."""
    from PIL import Image  # noqa: PLC0415

    pixels = np.random.default_rng(0).integers(0, 256, (60, 100, 3), dtype=np.uint8)
    padded = Image.new("RGB", (100, 100))
    padded.paste(Image.fromarray(pixels), (0, 20))
    small = np.asarray(padded.resize((224, 224), Image.Resampling.BICUBIC), np.float64) / 255
    expected = (small - [0.48145466, 0.4578275, 0.40821073]) / [0.26862954, 0.26130258, 0.27577711]

    seen = prepare(Frame(pixels), PreprocessSpec(), Box(0, 0, 100, 60))

    np.testing.assert_allclose(seen, expected.transpose(2, 0, 1), atol=1e-5)


def test_a_grey_picture_gets_the_same_digits_as_a_coloured_one() -> None:
    grey = np.random.default_rng(3).integers(0, 256, (300, 300), dtype=np.uint8)
    tinted = np.stack([grey, grey, 255 - grey], axis=-1)

    plain = scaled(np.repeat(grey[..., None], 3, axis=2), 224)

    np.testing.assert_array_equal(plain[..., :2], scaled(tinted, 224)[..., :2])


def test_the_fingerprint_changes_with_every_field() -> None:
    plain = PreprocessSpec()
    changed = [
        replace(plain, size=256),
        replace(plain, mean=(0.5, 0.5, 0.5)),
        replace(plain, std=(0.5, 0.5, 0.5)),
        replace(plain, resize="other"),
        replace(plain, crop="fan-2"),
    ]

    assert len({spec.fingerprint() for spec in [plain, *changed]}) == 6


def test_network_spacing_is_that_of_the_padded_square() -> None:
    spacing_mm = model_spacing_mm(Box(0, 0, 800, 540), PixelSpacing.square(0.1), PreprocessSpec())

    assert spacing_mm == pytest.approx(800 / 224 * 0.1)


def test_a_picture_that_is_mostly_scan_stays_whole() -> None:
    pixels = np.random.default_rng(0).integers(20, 200, (200, 300, 3), dtype=np.uint8)

    assert find_fan(pixels) == Box(0, 0, 300, 200)


def _screen() -> np.ndarray:
    """A scanner's screen: banner on top, text left, ruler right, a fan in the middle."""
    screen = np.zeros((600, 800, 3), np.uint8)
    screen[:40] = 90
    fan = fan_picture(360, 420)
    screen[120:480, 200:620] = fan
    for row in range(120, 400, 18):
        cv2.putText(screen, "Gn 70 MI 1.1", (6, row), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (200, 200, 200), 1)
    screen[100:500:20, 780:790] = 255
    return screen


def test_a_whole_screen_is_cut_to_its_fan() -> None:
    lit = np.argwhere(_screen()[60:, 150:700].max(axis=2) > 3)
    (top, left), (bottom, right) = lit.min(axis=0), lit.max(axis=0)

    crop = find_fan(_screen())

    assert crop.top > 40, "the banner is cut off"
    assert crop.left > 100, "the text is cut off"
    assert crop.right < 760, "the ruler is cut off"
    assert abs(crop.left - (left + 150)) < 25
    assert abs(crop.right - (right + 150)) < 25
    assert abs(crop.bottom - (bottom + 60)) < 25
    assert abs(crop.top - (top + 60)) < 25


def test_the_files_region_is_taken_as_it_is() -> None:
    assert find_fan(_screen(), Box(150, 60, 700, 550)) == Box(150, 60, 700, 550)


def test_a_region_that_is_a_speck_is_not_the_scan() -> None:
    assert find_fan(_screen(), Box(0, 0, 1, 1)).area > 0.05 * 600 * 800


def test_a_stated_scale_does_not_move_the_crop() -> None:
    clip = make_clip(frames=1, pixel_mm=0.5, height=240, width=320)
    region = Region(Box(10, 20, 200, 230), RegionKind.TISSUE, PixelSpacing.square(0.4))
    clip = replace(clip, calibration=Calibration(CalibrationSource.ULTRASOUND_REGION, (region,)))
    silent = replace(region, spacing=None, distrust=Distrust.NO_DELTA)
    without = replace(clip, calibration=Calibration(CalibrationSource.ULTRASOUND_REGION, (silent,)))

    assert crop_of(clip) == crop_of(clip.with_pixel_mm(0.2, override=True)) == region.box
    assert crop_of(without) == crop_of(without.with_pixel_mm(0.2)) == region.box


def test_a_black_picture_stays_whole() -> None:
    assert find_fan(np.zeros((50, 70, 3), np.uint8)) == Box(0, 0, 70, 50)


def test_one_crop_serves_the_whole_clip() -> None:
    clip = make_clip(frames=9, pixel_mm=None)

    crop = crop_of(clip)

    lit = np.argwhere(np.max([clip.frame(i).pixels.max(axis=2) for i in range(9)], axis=0) > 3)
    assert crop.area <= clip.height * clip.width
    assert crop.contains(*lit.mean(axis=0)[::-1])

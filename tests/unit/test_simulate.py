"""Simulated heads: the truth that they carry is the truth that they show."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.encaps import generate_frames

from fetalclip_app import resources
from fetalclip_app.biometry.ellipse import circumference, fit_ellipse, lengths
from fetalclip_app.domain.clip import PixelSpacing
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.views import BRAIN_PLANES
from training import make_sample
from training.section import SimulatedPicture
from training.simulate import HC_RANGE_MM, RATIO_RANGE, head, random_head, random_spec

SAMPLE = resources.path(make_sample.SAMPLE)


def along(picture: SimulatedPicture, share: float, *, facing: bool = True) -> NDArray[np.float64]:
    """Return grey along the ellipse, grown by ``share``; ``facing``: only where it lies across the beam."""
    e = picture.ellipse
    grown = Ellipse(e.cx, e.cy, e.a * (1 + share), e.b * (1 + share), e.angle_deg)
    points = grown.at(np.linspace(0, 2 * math.pi, 720, endpoint=False))
    steps = np.roll(points, -1, axis=0) - points
    if facing:
        points = points[np.abs(steps[:, 1]) < 0.35 * np.abs(steps[:, 0])]
    grey = picture.pixels[..., 0].astype(np.float32)
    x, y = points.T.astype(np.float32)
    return np.asarray(cv2.remap(grey, x[None], y[None], cv2.INTER_LINEAR)[0], np.float64)


def line_of(picture: SimulatedPicture) -> Ellipse:
    """Measure the drawn line without looking at the truth: fit the brightest points, where there is bone to see."""
    e = picture.ellipse
    shares = np.linspace(-0.12, 0.12, 97)
    rows = np.array([along(picture, float(share), facing=False) for share in shares])
    weight = np.maximum(rows - 0.6 * rows.max(axis=0), 0)
    offset = (weight * shares[:, None]).sum(axis=0) / weight.sum(axis=0)
    seen = rows.max(axis=0) > 150
    points = e.at(np.linspace(0, 2 * math.pi, 720, endpoint=False)) - (e.cx, e.cy)
    points = (points * (1 + offset[:, None]) + (e.cx, e.cy))[seen]
    (cx, cy), (first, second), angle = cv2.fitEllipse(points.astype(np.float32))
    first, second, angle = (second, first, angle + 90) if second > first else (first, second, angle)
    return Ellipse(cx, cy, first / 2, second / 2, (angle + 90) % 180 - 90)


@pytest.fixture(scope="module")
def pictures() -> list[SimulatedPicture]:
    return [random_head(np.random.default_rng(seed)) for seed in range(24)]


def test_a_seed_makes_one_picture_and_another_seed_another() -> None:
    first, again, other = (random_head(np.random.default_rng(seed)) for seed in (5, 5, 6))

    assert np.array_equal(first.pixels, again.pixels)
    assert first.ellipse == again.ellipse
    assert not np.array_equal(first.pixels, other.pixels)


def test_pictures_are_grey_with_three_equal_channels(pictures: list[SimulatedPicture]) -> None:
    for picture in pictures:
        assert picture.pixels.shape == (480, 640, 3)
        assert picture.pixels.dtype == np.uint8
        assert (picture.pixels == picture.pixels[..., :1]).all()


def test_the_ellipse_has_the_stated_circumference(pictures: list[SimulatedPicture]) -> None:
    for picture in pictures:
        size = lengths(picture.ellipse, PixelSpacing.square(picture.pixel_mm))

        assert size.circumference_mm == pytest.approx(picture.hc_mm, abs=1e-6)
        assert HC_RANGE_MM[0] <= picture.hc_mm <= HC_RANGE_MM[1]
        assert RATIO_RANGE[0] <= size.minor_mm / size.major_mm <= RATIO_RANGE[1]


def test_the_head_lies_wholly_inside_the_picture(pictures: list[SimulatedPicture]) -> None:
    for picture in pictures:
        x, y = picture.ellipse.points().T

        assert x.min() >= 0 and x.max() <= 639
        assert y.min() >= 0 and y.max() <= 479


def test_the_ellipse_lies_on_the_bright_line(pictures: list[SimulatedPicture]) -> None:
    on_line = np.array([along(picture, 0.0).mean() for picture in pictures])
    beside = np.array([[along(picture, share).mean() for share in (-0.08, 0.08)] for picture in pictures])

    assert (on_line > 1.5 * beside[:, 0]).all()
    assert np.median(on_line / beside.max(axis=1)) > 2
    assert (on_line > beside.max(axis=1)).mean() > 0.95


def test_the_brightest_ring_is_the_ellipse_without_a_bias(pictures: list[SimulatedPicture]) -> None:
    shares = np.linspace(-0.08, 0.08, 65)
    peaks = [shares[np.argmax([along(p, float(s)).mean() for s in shares])] for p in pictures]

    assert abs(np.median(peaks)) <= 0.005
    assert np.max(np.abs(peaks)) <= 0.03


def test_the_skull_fades_where_the_beam_runs_along_it() -> None:
    spec = replace(random_spec(np.random.default_rng(1)), angle_deg=0.0, x_mm=0.0)
    spec = replace(spec, bone=replace(spec.bone, dropout_db=50.0, gaps_db=0.0, sutures=0))
    picture = head(spec, np.random.default_rng(1))
    grey, ellipse = along(picture, 0.0, facing=False), picture.ellipse
    phase = np.linspace(0, 360, 720, endpoint=False)
    top_and_bottom, sides = np.abs(np.abs(phase - 180) - 90) < 20, np.abs(np.abs(phase - 180) - 90) > 75

    assert ellipse.angle_deg == 0
    assert grey[top_and_bottom].mean() > 2 * grey[sides].mean()


def test_pictures_are_black_outside_the_fan() -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        spec = random_spec(rng)
        picture, fan, view = head(spec, rng), spec.fan, spec.view
        x = np.arange(view.width) * view.pixel_mm + view.left_mm
        y = (np.arange(view.height) * view.pixel_mm + view.top_mm + fan.radius_mm)[:, None]
        radius, angle = np.hypot(x, y), np.abs(np.arctan2(x, y))
        outside = (radius < fan.radius_mm - 1) | (radius > fan.radius_mm + fan.depth_mm + 1)
        outside |= angle > fan.half_angle + 0.015

        assert picture.pixels[outside].max(initial=0) == 0
        assert picture.pixels[~outside].mean() > 5


def test_every_section_shows_other_landmarks() -> None:
    spec = random_spec(np.random.default_rng(2))
    spec = replace(spec, hc_mm=220.0, brain=replace(spec.brain, detail=1.0))
    shown = [head(replace(spec, plane=plane), np.random.default_rng(2)) for plane in BRAIN_PLANES]

    assert [picture.plane for picture in shown] == list(BRAIN_PLANES)
    assert not np.array_equal(shown[0].pixels, shown[1].pixels)
    assert not np.array_equal(shown[1].pixels, shown[2].pixels)


def test_an_unknown_section_and_an_impossible_head_are_refused() -> None:
    spec = random_spec(np.random.default_rng(0))

    with pytest.raises(ValueError, match="no section"):
        replace(spec, plane="abdomen")
    with pytest.raises(ValueError, match="a head of"):
        replace(spec, hc_mm=0.0)


def test_the_mask_is_the_filled_ellipse(pictures: list[SimulatedPicture]) -> None:
    fitted = fit_ellipse(pictures[0].mask)

    assert fitted is not None
    assert circumference(fitted.a, fitted.b) * pictures[0].pixel_mm == pytest.approx(pictures[0].hc_mm, rel=0.005)


@pytest.fixture(scope="module")
def sample() -> pydicom.FileDataset:
    return pydicom.dcmread(SAMPLE)


def test_the_sample_is_small_and_says_that_it_is_simulated(sample: pydicom.FileDataset) -> None:
    assert SAMPLE.stat().st_size < 3_000_000
    assert "SIMULATED" in sample.ImageType
    assert str(sample.PatientName) == "Simulated^Sample"
    assert sample.PatientID == "SIMULATED"
    assert f"True HC {make_sample.HC_MM:.1f} mm" in sample.ImageComments
    assert f"**{make_sample.HC_MM:.1f} mm" in (SAMPLE.parent / "README.md").read_text(encoding="utf-8")


def test_the_sample_plays_at_its_stated_rate(sample: pydicom.FileDataset) -> None:
    assert sample.NumberOfFrames == make_sample.FRAMES == 48
    assert 25 <= 1000 / float(sample.FrameTime) <= 30
    assert sample.FrameIncrementPointer == 0x00181063


def test_the_samples_header_is_what_the_program_writes(sample: pydicom.FileDataset) -> None:
    fresh = make_sample.header()
    stored = pydicom.Dataset({e.tag: e for e in sample if e.keyword not in ("PixelData", "LossyImageCompressionRatio")})

    assert pydicom.Dataset({e.tag: e for e in fresh}).to_json_dict() == stored.to_json_dict()


def test_the_samples_frames_are_what_the_program_draws(sample: pydicom.FileDataset) -> None:
    """Not byte by byte: another processor or another libjpeg rounds differently in places."""
    tissue, box = make_sample.sample_tissue(), make_sample.fan_box()
    for index in (0, 23, 47):
        screen = make_sample.sample_frame(index, tissue)[0]
        drawn = cv2.imdecode(np.frombuffer(make_sample.encode(screen), np.uint8), cv2.IMREAD_COLOR)
        inside = np.s_[box.top : box.bottom, box.left : box.right]
        difference = drawn[inside].astype(int) - sample_frame_pixels(sample, index)[inside]

        assert np.abs(difference).mean() < 0.5


def test_a_frame_drawn_twice_has_the_same_bytes() -> None:
    first, second = (make_sample.sample_frame(7, make_sample.sample_tissue())[0] for _ in range(2))

    assert make_sample.encode(first) == make_sample.encode(second)


def test_the_samples_region_gives_the_stated_circumference_back(sample: pydicom.FileDataset) -> None:
    region = sample.SequenceOfUltrasoundRegions[0]
    assert (region.RegionSpatialFormat, region.RegionDataType) == (1, 1)
    assert (region.PhysicalUnitsXDirection, region.PhysicalUnitsYDirection) == (3, 3)
    pixel_mm = region.PhysicalDeltaX * 10

    tissue = make_sample.sample_tissue()
    for index in (0, 16, 24, 32, 47):
        picture = make_sample.sample_frame(index, tissue)[1]
        truth = lengths(picture.ellipse, PixelSpacing.square(pixel_mm)).circumference_mm
        stored = SimulatedPicture(sample_frame_pixels(sample, index), picture.ellipse, pixel_mm, truth, picture.plane)
        measured = lengths(line_of(stored), PixelSpacing.square(pixel_mm)).circumference_mm

        assert truth == pytest.approx(make_sample.HC_MM, abs=1e-6)
        assert measured == pytest.approx(make_sample.HC_MM, abs=1.0)


def sample_frame_pixels(sample: pydicom.FileDataset, index: int) -> NDArray[np.uint8]:
    data = list(generate_frames(sample.PixelData, number_of_frames=make_sample.FRAMES))[index]
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def test_the_samples_region_holds_the_whole_fan_and_nothing_else(sample: pydicom.FileDataset) -> None:
    region = sample.SequenceOfUltrasoundRegions[0]
    grey = make_sample.sample_frame(24, make_sample.sample_tissue())[1].pixels[..., 0].copy()
    top, bottom = region.RegionLocationMinY0, region.RegionLocationMaxY1
    left, right = region.RegionLocationMinX0, region.RegionLocationMaxX1
    fan = grey[top : bottom + 1, left : right + 1].copy()
    grey[top : bottom + 1, left : right + 1] = 0

    assert 0 <= left < right < make_sample.WIDTH
    assert 0 <= top < bottom < make_sample.HEIGHT
    assert grey.max() == 0
    assert fan[-3:].max() > 0
    assert fan[:, :8].max() > 0


def test_writing_the_sample_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_sample, "FRAMES", 2)
    monkeypatch.setattr(make_sample, "sample_frame", lambda *_: (np.zeros((600, 800, 3), np.uint8), None))
    path = tmp_path / "two.dcm"
    digest = make_sample.write_sample(path)

    assert digest == hashlib.sha256(path.read_bytes()).hexdigest() == make_sample.write_sample(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["two.dcm"]
    assert pydicom.dcmread(path).NumberOfFrames == 2

"""The bundled sample: it is what its header, its notes and the program that makes it say."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.encaps import generate_frames
from skull_line import flank, line_of, room_mm

from fetalclip_app import resources
from fetalclip_app.biometry.ellipse_lengths import circumference, lengths
from fetalclip_app.domain.calibration import PixelSpacing
from fetalclip_app.domain.overlay import Ellipse
from training import make_sample
from training.section import SimulatedPicture

SAMPLE = resources.path(make_sample.SAMPLE)


@pytest.fixture(scope="module")
def sample() -> pydicom.FileDataset:
    return pydicom.dcmread(SAMPLE)


def test_the_sample_is_small_and_says_that_it_is_simulated(sample: pydicom.FileDataset) -> None:
    assert SAMPLE.stat().st_size < 3_000_000
    assert "SIMULATED" in sample.ImageType
    assert str(sample.PatientName) == "Simulated^Sample"
    assert sample.PatientID == "SIMULATED"
    assert f"True HC {make_sample.HC_MM:.1f} mm in every frame, along the outer edge" in sample.ImageComments
    assert "BPD 49.3 mm, OFD 62.4 mm, outer to outer" in sample.ImageComments
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
        drawn = np.asarray(cv2.imdecode(np.frombuffer(make_sample.encode(screen), np.uint8), cv2.IMREAD_COLOR))
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
        picture, outline = make_sample.sample_frame(index, tissue)[1], make_sample.sample_spec(index).outline
        truth = lengths(picture.ellipse, PixelSpacing.square(pixel_mm)).circumference_mm
        stored = SimulatedPicture(sample_frame_pixels(sample, index), picture.ellipse, pixel_mm, truth, picture.plane)
        line_mm = lengths(line_of(stored), PixelSpacing.square(pixel_mm)).circumference_mm
        peak_mm, edge_mm = flank(stored)

        assert truth == pytest.approx(make_sample.HC_MM, abs=1e-6)
        assert line_mm == pytest.approx(circumference(outline.a_mm, outline.b_mm), abs=1.0)
        assert peak_mm == pytest.approx(-1.3, abs=0.2)
        assert edge_mm == pytest.approx(-0.15, abs=0.15)


def test_the_samples_skull_stays_inside_fan_and_picture_in_every_frame() -> None:
    for index in range(make_sample.FRAMES):
        spec = make_sample.sample_spec(index)
        a_mm, b_mm = spec.outer_axes_mm
        view, edge = spec.view, Ellipse(spec.x_mm, spec.y_mm, a_mm, b_mm, spec.angle_deg).points()
        x, y = ((edge - (view.left_mm, view.top_mm)) / view.pixel_mm).T

        assert room_mm(spec) > 15
        assert x.min() > 100 and x.max() < make_sample.WIDTH - 100
        assert y.min() > 100 and y.max() < make_sample.HEIGHT - 100


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

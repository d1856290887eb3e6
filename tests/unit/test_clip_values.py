from __future__ import annotations

import numpy as np
import pytest
from fakes import make_clip

from fetalclip_app.domain.age import GestationalAge
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
from fetalclip_app.domain.measuring import region_of_box
from fetalclip_app.errors import ErrorCode, UnreadableFile


def test_an_age_is_written_as_clinicians_do() -> None:
    assert str(GestationalAge.from_weeks(22, 3)) == "22w3d"


@pytest.mark.parametrize("days", [-1, 45 * 7 + 1])
def test_an_impossible_age_cannot_exist(days: int) -> None:
    with pytest.raises(ValueError, match="no gestational age"):
        GestationalAge(days)


@pytest.mark.parametrize("millimetres", [0.0, -0.1, float("nan"), float("inf")])
def test_an_impossible_pixel_cannot_exist(millimetres: float) -> None:
    with pytest.raises(ValueError, match="a pixel of"):
        PixelSpacing.square(millimetres)


def test_a_frame_is_read_only() -> None:
    frame = Frame(np.zeros((4, 5, 3), np.uint8))

    with pytest.raises(ValueError, match="read-only"):
        frame.pixels[0, 0, 0] = 1


def test_the_files_own_scale_wins_over_the_stated_one() -> None:
    clip = make_clip(pixel_mm=0.5)

    assert clip.with_pixel_mm(0.2) is clip


def test_an_override_keeps_what_the_file_said() -> None:
    clip = make_clip(pixel_mm=0.5).with_pixel_mm(0.2, override=True)

    assert clip.calibration is not None
    assert clip.calibration.source is CalibrationSource.USER_OVERRIDE
    assert clip.calibration.overridden is not None
    assert clip.calibration.overridden.regions[0].spacing == PixelSpacing.square(0.5)


def test_a_stated_scale_serves_where_the_file_is_silent() -> None:
    clip = make_clip(pixel_mm=None).with_pixel_mm(0.2)

    assert clip.calibration is not None
    assert clip.calibration.source is CalibrationSource.USER


def test_two_scales_over_one_crop_give_none() -> None:
    halves = [
        Region(Box(0, 0, 100, 100), RegionKind.TISSUE, PixelSpacing.square(0.2)),
        Region(Box(0, 0, 100, 90), RegionKind.TISSUE, PixelSpacing.square(0.3)),
    ]
    calibration = Calibration(CalibrationSource.ULTRASOUND_REGION, tuple(halves))

    assert region_of_box(calibration, Box(10, 10, 60, 60)) is None
    assert region_of_box(calibration, Box(0, 0, 100, 100)) is None


def test_a_distrusted_region_gives_no_scale() -> None:
    region = Region(Box(0, 0, 9, 9), RegionKind.TISSUE, PixelSpacing.square(0.2), Distrust.OUTSIDE_PICTURE)

    assert not Calibration(CalibrationSource.ULTRASOUND_REGION, (region,)).is_usable


def test_an_error_survives_the_way_between_processes() -> None:
    import pickle  # noqa: PLC0415

    error = pickle.loads(pickle.dumps(UnreadableFile(ErrorCode.FILE_EMPTY, name="a.dcm")))

    assert isinstance(error, UnreadableFile)
    assert (error.code, error.parameters) == (ErrorCode.FILE_EMPTY, {"name": "a.dcm"})

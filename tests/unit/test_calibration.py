"""Millimetres come from the file, region by region, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dicom_files as files
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydicom.dataset import Dataset

from fetalclip_app.domain.calibration import (
    Box,
    Calibration,
    CalibrationSource,
    Distrust,
    PixelSpacing,
    Region,
    RegionKind,
    Verdict,
)
from fetalclip_app.domain.measuring import region_of_box
from fetalclip_app.domain.region_axes import Axis, DataType, RegionFacts, SpatialFormat, Unit
from fetalclip_app.imaging.dicom.calibration import calibration_of
from fetalclip_app.imaging.readers import read_clip

HEIGHT, WIDTH = 48, 64


def calibrated(*items: Dataset, **tags: Any) -> Calibration | None:
    data = Dataset()
    if items:
        data.SequenceOfUltrasoundRegions = list(items)
    for keyword, value in tags.items():
        setattr(data, keyword, value)
    return calibration_of(data, HEIGHT, WIDTH)


def only(item: Dataset) -> Region:
    calibration = calibrated(item)
    assert calibration is not None
    (region,) = calibration.regions
    return region


def test_centimetres_become_millimetres_and_the_axes_stay_apart() -> None:
    region = only(files.region(delta=(0.02, 0.03)))

    assert region.spacing is not None
    assert (region.spacing.row_mm, region.spacing.column_mm) == (pytest.approx(0.3), pytest.approx(0.2))
    assert region.is_usable


def test_an_axis_that_points_backwards_has_the_same_length() -> None:
    assert only(files.region(delta=(0.02, -0.02))).spacing == PixelSpacing(0.2, 0.2)


def test_the_last_pixel_belongs_to_the_region() -> None:
    assert only(files.region((2, 3, 10, 20))).box == Box(2, 3, 11, 21)


@pytest.mark.parametrize("box", [(0, 0, 63, 47), (0, 0, 64, 47), (0, 0, 63, 48), (0, 0, 64, 48), (-1, -1, 63, 47)])
def test_one_pixel_of_overhang_is_clipped(box: tuple[int, int, int, int]) -> None:
    item = files.region((0, 0, 63, 47))
    for keyword, value in zip(("MinX0", "MinY0", "MaxX1", "MaxY1"), box, strict=True):
        if value >= 0:
            setattr(item, f"RegionLocation{keyword}", value)
    region = only(item)

    assert region.box == Box(0, 0, WIDTH, HEIGHT)
    assert region.is_usable


@pytest.mark.parametrize("box", [(0, 0, 65, 47), (0, 0, 63, 49), (84, 31, 595, 414), (64, 0, 64, 47)])
def test_a_region_outside_the_picture_is_not_trusted(box: tuple[int, int, int, int]) -> None:
    region = only(files.region(box))

    assert region.distrust is Distrust.OUTSIDE_PICTURE
    assert region.box == Box(box[0], box[1], box[2] + 1, box[3] + 1)  # as the file says it, for the eye
    assert not region.is_usable


@pytest.mark.parametrize(
    ("spatial_format", "data_type", "kind"),
    [
        (1, 1, RegionKind.TISSUE),
        (1, 2, RegionKind.TISSUE),  # colour flow lies on the tissue's own geometry
        (1, 3, RegionKind.OTHER),
        (2, 1, RegionKind.OTHER),  # M-mode: one axis is time
        (3, 3, RegionKind.OTHER),
        (4, 10, RegionKind.OTHER),
        (5, 13, RegionKind.OTHER),
    ],
)
def test_only_flat_pictures_of_the_body_are_tissue(spatial_format: int, data_type: int, kind: RegionKind) -> None:
    assert only(files.region(spatial_format=spatial_format, data_type=data_type)).kind is kind


@pytest.mark.parametrize("units", [(4, 3), (3, 7), (0, 0), (5, 5)])
def test_seconds_and_hertz_are_no_lengths(units: tuple[int, int]) -> None:
    region = only(files.region(units=units))

    assert (region.spacing, region.distrust) == (None, Distrust.NOT_LENGTH)


@pytest.mark.parametrize("delta", [(0.0, 0.02), (0.02, 0.0), (float("nan"), 0.02), (float("inf"), 0.02)])
def test_a_pixel_without_size_is_no_scale(delta: tuple[float, float]) -> None:
    region = only(files.region(delta=delta))

    assert (region.spacing, region.distrust) == (None, Distrust.NO_DELTA)
    assert not region.is_usable


def test_a_missing_delta_is_no_scale() -> None:
    item = files.region()
    del item.PhysicalDeltaY

    assert only(item).distrust is Distrust.NO_DELTA


def test_every_region_is_kept_in_its_order() -> None:
    left, right = files.region((0, 0, 31, 47)), files.region((32, 0, 63, 47), delta=(0.05, 0.05))
    spectrum = files.region((0, 40, 63, 47), units=(4, 7), spatial_format=3, data_type=3)
    calibration = calibrated(left, right, spectrum)

    assert calibration is not None
    assert calibration.source is CalibrationSource.ULTRASOUND_REGION
    assert [region.is_usable for region in calibration.regions] == [True, True, False]
    assert region_of_box(calibration, Box(2, 2, 20, 20)) == calibration.regions[0]
    assert region_of_box(calibration, Box(40, 2, 60, 20)) == calibration.regions[1]


def test_a_region_that_cannot_be_placed_is_counted_and_gives_no_scale() -> None:
    crossed, lost = files.region((20, 0, 10, 5)), files.region()
    del lost.RegionLocationMaxX1
    calibration = calibrated(crossed, lost, PixelSpacing=[0.3, 0.3])

    assert calibration is not None
    assert (calibration.regions, calibration.unplaced, calibration.is_usable) == ((), 2, False)


def test_one_region_outside_the_picture_makes_the_others_strangers_too() -> None:
    calibration = calibrated(files.region((0, 0, 20, 20)), files.region((30, 0, 100, 47)))

    assert calibration is not None
    assert [region.distrust for region in calibration.regions] == [Distrust.OTHER_PICTURE, Distrust.OUTSIDE_PICTURE]
    assert not calibration.is_usable


def test_what_else_the_file_says_is_kept_with_what_became_of_it() -> None:
    calibration = calibrated(
        files.region(), PixelSpacing=[0.3, 0.2], ImagerPixelSpacing=[9, 9], PixelAspectRatio=[3, 2]
    )

    assert calibration is not None
    assert [(one.name, one.verdict, one.ratio) for one in calibration.statements] == [
        ("PixelSpacing", Verdict.REGIONS_FIRST, None),
        ("ImagerPixelSpacing", Verdict.NOT_IN_BODY, None),
        ("PixelAspectRatio", Verdict.RATIO_ONLY, 1.5),
    ]
    assert calibration.regions[0].spacing == PixelSpacing(0.2, 0.2)


@pytest.mark.parametrize(("delta_cm", "is_used"), [(9.9e-5, False), (1.01e-4, True), (0.99, True), (1.01, False)])
def test_a_pixel_that_no_picture_of_a_body_has_is_not_trusted(delta_cm: float, is_used: bool) -> None:
    region = only(files.region(delta=(delta_cm, delta_cm)))
    whole = calibrated(PixelSpacing=[delta_cm * 10, delta_cm * 10])

    assert region.is_usable is is_used
    assert region.distrust is (None if is_used else Distrust.IMPLAUSIBLE)
    assert whole is not None and whole.is_usable is is_used
    assert whole.statements[0].verdict is (Verdict.USED if is_used else Verdict.IMPLAUSIBLE)


def test_a_proportion_alone_is_kept_and_is_no_scale() -> None:
    calibration = calibrated(PixelAspectRatio=[2, 1])

    assert calibration is not None
    assert (calibration.source, calibration.regions, calibration.is_usable) == (CalibrationSource.NONE, (), False)
    assert calibration.statements[0].ratio == 2.0


def test_a_lost_region_takes_the_trust_from_those_that_it_may_cover() -> None:
    lost = files.region()
    del lost.RegionLocationMaxX1
    calibration = calibrated(files.region(), lost)

    assert calibration is not None
    assert [region.distrust for region in calibration.regions] == [Distrust.BESIDE_UNPLACED]


def test_units_flags_and_reference_pixel_are_kept() -> None:
    item = files.region((10, 20, 63, 47), units=(4, 7), spatial_format=3, data_type=4, delta=(0.004, -0.5))
    item.RegionFlags, item.ReferencePixelX0, item.ReferencePixelY0 = 0b111, 5, 7
    item.ReferencePixelPhysicalValueX, item.ReferencePixelPhysicalValueY = 1.0, 0.0
    facts = only(item).facts

    assert facts == RegionFacts(
        SpatialFormat.SPECTRAL,
        DataType.CW_SPECTRAL_DOPPLER,
        is_low_priority=True,
        is_scale_protected=True,
        counts_frequency=True,
        x=Axis(Unit.SECOND, 0.004, 15.0, 1.0),
        y=Axis(Unit.CENTIMETRE_PER_SECOND, -0.5, 27.0, 0.0),
    )


def test_depth_counts_from_where_the_file_says() -> None:
    item = files.region((10, 20, 63, 47), delta=(0.02, 0.02))
    assert only(item).depth_zero_px == 19.5
    item.ReferencePixelX0, item.ReferencePixelY0 = 5, 7
    item.ReferencePixelPhysicalValueX, item.ReferencePixelPhysicalValueY = 0.0, 0.06

    assert only(item).depth_zero_px == pytest.approx(24.0)
    item.ReferencePixelPhysicalValueY = 3.0  # far above the region
    assert only(item).depth_zero_px == 19.5


def test_codes_that_the_standard_does_not_know_are_no_guess() -> None:
    region = only(files.region(units=(77, 3), spatial_format=9, data_type=500))
    assert region.facts is not None and region.facts.x is not None

    assert (region.facts.spatial_format, region.facts.data_type, region.facts.x.unit) == (None, None, None)
    assert not region.is_usable


def test_pixel_spacing_counts_for_the_whole_picture_where_there_are_no_regions() -> None:
    calibration = calibrated(PixelSpacing=[0.3, 0.2], ImagerPixelSpacing=[9, 9])

    assert calibration is not None
    assert calibration.source is CalibrationSource.PIXEL_SPACING
    assert calibration.regions == (Region(Box(0, 0, WIDTH, HEIGHT), RegionKind.TISSUE, PixelSpacing(0.3, 0.2)),)


@pytest.mark.parametrize("keyword", ["ImagerPixelSpacing", "NominalScannedPixelSpacing"])
def test_millimetres_on_a_detector_or_a_film_are_none_in_the_body(keyword: str) -> None:
    calibration = calibrated(**{keyword: [0.3, 0.3]})

    assert calibration is not None
    assert calibration.regions[0].distrust is Distrust.NOT_LENGTH
    assert not calibration.is_usable


@pytest.mark.parametrize("value", [[0, 0], [0.3], ["x", "y"]])
def test_a_pixel_spacing_that_is_none_is_not_used(value: list[Any], tmp_path: Path) -> None:
    data = files.dataset_of(files.colour_picture())
    path = files.write(tmp_path / "x", data)
    data.PixelSpacing = [0.25, 0.25]
    files.write(path, data)
    text = "\\".join(map(str, value)).ljust(10).encode()
    path.write_bytes(path.read_bytes().replace(b"0.25\\0.25 ", text))

    assert not read_clip(path).is_calibrated


def test_stale_regions_are_not_replaced_by_the_pixel_spacing_beside_them() -> None:
    calibration = calibrated(files.region((84, 31, 595, 414)), PixelSpacing=[0.3, 0.3])

    assert calibration is not None
    assert not calibration.is_usable


def test_there_is_no_default() -> None:
    assert calibrated() is None


def test_dots_per_inch_are_no_millimetres(tmp_path: Path) -> None:
    Image.fromarray(files.colour_picture()).save(tmp_path / "x.png", dpi=(254, 254))

    assert read_clip(tmp_path / "x.png").calibration is None


corner = st.integers(0, 200)


@given(corner, corner, corner, corner)
def test_a_trusted_box_always_lies_inside_the_picture(left: int, top: int, right: int, bottom: int) -> None:
    calibration = calibrated(files.region((left, top, right, bottom)))
    for region in calibration.regions if calibration else ():
        inside = Box(0, 0, WIDTH, HEIGHT).overlap(region.box) == region.box.area
        assert inside or region.distrust is Distrust.OUTSIDE_PICTURE
        assert inside == (right <= WIDTH and bottom <= HEIGHT and left < WIDTH and top < HEIGHT)

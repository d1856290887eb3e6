"""What a task measured has the scale of the one region that holds all of it."""

from __future__ import annotations

from dataclasses import replace

import dicom_files as files
import numpy as np
import pytest
from fakes import make_clip
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.calibration import Box, PixelSpacing
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.imaging.preprocess import PreprocessSpec, crop_of
from fetalclip_app.report.figures import scale_of
from fetalclip_app.tasks.base import Scan
from fetalclip_app.tasks.lines import _line
from fetalclip_app.tasks.outlines import head_size
from fetalclip_app.tasks.scale import spacing_of_crop, spacing_of_mask, spacing_of_outline, spacing_of_points
from fetalclip_app.tasks.structures import _area

HEIGHT, WIDTH = 120, 160


def scan_with(*items: Dataset) -> Scan:
    calibration = files.calibration(*items, height=HEIGHT, width=WIDTH)
    clip = replace(make_clip(1, height=HEIGHT, width=WIDTH), calibration=calibration)
    spec = PreprocessSpec(64, (0.5,) * 3, (0.5,) * 3)
    return Scan(clip, Box(0, 0, WIDTH, HEIGHT), spec, np.zeros((1, 4), np.float32))


def halves() -> tuple[Dataset, Dataset]:
    return files.region((0, 0, 79, 119), delta=(0.05, 0.1)), files.region((80, 0, 159, 119), delta=(0.02, 0.02))


def why(answer: object) -> str:
    assert isinstance(answer, Abstention)
    assert answer.reason is Reason.NOT_CALIBRATED
    return answer.detail


def mask(box: Box) -> NDArray[np.bool_]:
    made = np.zeros((HEIGHT, WIDTH), bool)
    made[box.top : box.bottom, box.left : box.right] = True
    return made


@pytest.mark.parametrize("last", [(100.0, 10.0), (10.0, 119.6), (-0.6, 10.0), (float("nan"), 10.0)])
def test_a_line_is_judged_by_both_its_ends(last: tuple[float, float]) -> None:
    scan = scan_with(*halves())

    assert spacing_of_points(scan, [(10.0, 10.0), (20.0, 10.0)]) == PixelSpacing(row_mm=1.0, column_mm=0.5)
    assert why(spacing_of_points(scan, [(10.0, 10.0), last])) in {"across_regions", "outside_regions"}
    _name, size, points, _spread = _line(scan, "fl", np.array([(10.0, 10.0), last]), 0.01, 0.5)
    assert isinstance(size, Abstention) and len(points) == 2


def test_a_line_of_a_plane_has_the_length_of_its_own_region() -> None:
    _name, size, _points, _spread = _line(scan_with(*halves()), "fl", np.array([(10.0, 10.0), (10.0, 40.0)]), 0.01, 0.5)

    assert size == pytest.approx(30.0)


def test_a_head_whose_outline_crosses_into_another_region_is_not_measured() -> None:
    scan = scan_with(files.region((0, 0, 79, 119), delta=(0.05, 0.05)), files.region((80, 0, 159, 119)))

    assert not isinstance(head_size(scan, Ellipse(40, 60, 39, 30, 0)), Abstention)
    assert why(head_size(scan, Ellipse(42, 60, 40, 30, 0))) == "across_regions"


def test_a_head_that_leaves_the_picture_is_judged_by_the_rest_and_one_wholly_outside_is_not_measured() -> None:
    scan = scan_with(files.region((0, 0, 159, 119), delta=(0.05, 0.05)))
    cut = [(float(x), float(y)) for x, y in Ellipse(40, 10, 30, 20, 0).points(64)]

    assert isinstance(spacing_of_outline(scan, cut), PixelSpacing)
    assert why(spacing_of_outline(scan, [(x - 500, y) for x, y in cut])) == "outside_regions"


def test_an_area_counts_both_sides_of_a_pixel() -> None:
    area = _area(scan_with(*halves()), mask(Box(10, 10, 20, 30)))

    assert area.mm2 == pytest.approx(200 * 1.0 * 0.5)


def test_a_mask_over_an_inset_of_another_scale_has_no_area_in_mm() -> None:
    inset = files.region((40, 40, 60, 60), delta=(0.005, 0.005))
    scan = scan_with(files.region((0, 0, 159, 119)), inset)

    assert why(spacing_of_mask(scan, mask(Box(20, 20, 100, 100)))) == "overlapping_regions"
    assert spacing_of_mask(scan, mask(Box(70, 70, 100, 100))) == PixelSpacing.square(0.2)
    assert why(spacing_of_mask(scan, mask(Box(20, 20, 100, 100)) & False)) == "outside_regions"


@pytest.mark.parametrize(
    ("corner", "is_inside"), [((0, 0), True), ((79, 0), False), ((0, 119), True), ((79, 119), False)]
)
def test_every_corner_of_a_mask_counts(corner: tuple[int, int], is_inside: bool) -> None:
    scan = scan_with(files.region((0, 0, 78, 119)))
    made = mask(Box(10, 10, 60, 100))
    made[corner[1], corner[0]] = True

    assert isinstance(spacing_of_mask(scan, made), PixelSpacing) is is_inside


def test_ages_and_scale_bars_take_a_scale_only_where_one_holds() -> None:
    whole = Box(0, 0, WIDTH, HEIGHT)
    one, two = scan_with(files.region((0, 0, 159, 119), delta=(0.03, 0.02))), scan_with(*halves())

    assert spacing_of_crop(one) == PixelSpacing(row_mm=0.2, column_mm=0.3)
    assert scale_of(one.clip.calibration, whole) == pytest.approx(0.3)
    assert why(spacing_of_crop(two)) == "several_scales"
    assert scale_of(two.clip.calibration, whole) is None
    assert scale_of(two.clip.calibration, Box(85, 5, 150, 100)) == pytest.approx(0.2)
    assert why(spacing_of_crop(scan_with(files.region((0, 0, 300, 119))))) == "untrusted_region"


def test_the_network_never_sees_by_a_region_of_another_picture() -> None:
    fits, outside = files.region((0, 0, 59, 59)), files.region((80, 0, 319, 119))
    spectrum = files.region((0, 60, 159, 119), spatial_format=3, data_type=3)

    def crop(*items: Dataset) -> Box:
        return crop_of(scan_with(*items).clip)

    assert crop(fits) == Box(0, 0, 60, 60)
    assert crop(fits, spectrum) == Box(0, 0, 60, 60)
    assert crop(fits, outside) != Box(0, 0, 60, 60)


def test_a_calibration_that_holds_no_region_says_that_there_is_no_scale() -> None:
    calibration = files.calibration(height=HEIGHT, width=WIDTH, PixelAspectRatio=[2, 1])
    scan = scan_with(files.region())
    without = replace(scan, clip=replace(scan.clip, calibration=calibration))

    assert why(spacing_of_crop(without)) == why(spacing_of_points(without, [(1.0, 1.0)])) == "no_scale"

"""A scale by hand is one of the 2-D picture, is on record, and keeps what the file says."""

from __future__ import annotations

import dicom_files as files
import pytest
from fakes import make_clip
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from fetalclip_app.domain.calibration import Calibration, CalibrationSource, PixelSpacing, Ruler
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.manual_scale import ruled_calibration, stated_calibration
from fetalclip_app.domain.measuring import Refusal, measure

HEIGHT, WIDTH = 600, 800
SPECTRUM = {"spatial_format": 3, "data_type": 3, "units": (4, 7)}
LINE = Ruler((100.0, 100.0), (100.0, 300.0), 40.0)


def said_by(*items: Dataset, **tags: object) -> Calibration:
    return files.calibration(*items, height=HEIGHT, width=WIDTH, **tags)


def ruled(ruler: Ruler, said: Calibration | None) -> Calibration:
    made = ruled_calibration(ruler, HEIGHT, WIDTH, now=said)
    assert isinstance(made, Calibration)
    return made


coordinate = st.floats(0, 590)


@given(st.tuples(coordinate, coordinate), st.tuples(coordinate, coordinate), st.floats(0.5, 300))
def test_the_line_measures_what_was_stated_of_it(
    first: tuple[float, float], last: tuple[float, float], length_mm: float
) -> None:
    ruler = Ruler(first, (last[0] + 0.5, last[1] + 1), length_mm)
    if abs(ruler.first[0] - ruler.last[0]) + abs(ruler.first[1] - ruler.last[1]) < 1:
        return
    made = ruled(ruler, None)

    assert made.source is CalibrationSource.USER
    assert made.regions[0].ruler == ruler
    assert measure(made, ruler.first, ruler.last).length_mm == pytest.approx(length_mm, rel=1e-9)


def test_without_regions_it_holds_for_the_whole_picture() -> None:
    assert ruled(LINE, None).regions[0].spacing == PixelSpacing.square(0.2)
    assert measure(ruled(LINE, None), (0, 0), (799, 0)).length_mm == pytest.approx(159.8)


def test_it_holds_in_the_region_where_the_ruler_lay_and_not_in_the_spectrum_beside_it() -> None:
    said = said_by(files.region((0, 0, 799, 349), units=(0, 0)), files.region((0, 350, 799, 599), **SPECTRUM))
    made = ruled(LINE, said)

    assert made.regions[0].is_manual and made.regions[0].box.bottom == 350
    assert measure(made, (10, 10), (10, 110)).length_mm == pytest.approx(20.0)
    assert measure(made, (10, 400), (10, 500)).refusal is Refusal.NOT_TISSUE
    assert measure(made, (10, 300), (10, 400)).refusal is Refusal.ACROSS_REGIONS


def test_a_number_for_the_whole_picture_spares_the_spectrum_too() -> None:
    said = said_by(files.region((0, 0, 799, 349), units=(0, 0)), files.region((0, 350, 799, 599), **SPECTRUM))
    made = stated_calibration(0.2, HEIGHT, WIDTH, now=said)

    assert measure(made, (10, 10), (10, 110)).length_mm == pytest.approx(20.0)
    assert measure(made, (10, 400), (10, 500)).length_mm is None


def test_a_ruler_along_the_scanners_own_beside_the_only_picture_is_for_that_picture() -> None:
    made = ruled(Ruler((780.0, 100.0), (780.0, 300.0), 40.0), said_by(files.region((0, 0, 699, 599))))

    assert made.regions[0].box.right == 700
    assert measure(made, (10, 10), (10, 110)).length_mm == pytest.approx(20.0)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (Ruler((10.0, 400.0), (10.0, 500.0), 40.0), Refusal.NOT_TISSUE),
        (Ruler((10.0, 100.0), (10.0, 400.0), 40.0), Refusal.NOT_TISSUE),
        (Ruler((100.0, 10.0), (500.0, 10.0), 40.0), Refusal.ACROSS_REGIONS),
        (Ruler((790.0, 10.0), (790.0, 100.0), 40.0), Refusal.OUTSIDE_REGIONS),
    ],
)
def test_a_ruler_that_could_mean_either_picture_is_refused(line: Ruler, why: Refusal) -> None:
    left, right = files.region((0, 0, 399, 349)), files.region((400, 0, 779, 349), delta=(0.05, 0.05))
    said = said_by(left, right, files.region((0, 350, 799, 599), **SPECTRUM))

    assert ruled_calibration(line, HEIGHT, WIDTH, now=said) is why


def test_regions_of_another_picture_do_not_bind_the_ruler() -> None:
    made = ruled(LINE, said_by(files.region((0, 0, 1599, 1199))))

    assert len(made.regions) == 1
    assert measure(made, (0, 0), (799, 0)).length_mm == pytest.approx(159.8)


def test_the_proportions_of_a_pixel_are_the_files() -> None:
    by_region = ruled(LINE, said_by(files.region((0, 0, 799, 599), delta=(0.02, 0.04)))).regions[0].spacing
    by_ratio = ruled(LINE, said_by(files.region((0, 0, 799, 599), units=(0, 0)), PixelAspectRatio=[2, 1])).regions[0]

    assert by_region is not None and by_region.column_mm == pytest.approx(0.1)
    assert by_region.row_mm == pytest.approx(0.2)
    assert by_ratio.spacing == by_region


def test_the_proportions_are_those_of_the_pixel_spacing_and_of_the_ratio_alone() -> None:
    spacing = ruled(LINE, said_by(PixelSpacing=[0.2, 0.1])).regions[0].spacing
    ratio = ruled(LINE, said_by(PixelAspectRatio=[2, 1])).regions[0].spacing

    assert spacing == ratio == PixelSpacing(row_mm=0.2, column_mm=0.1)


def test_a_number_is_for_each_of_two_pictures_and_not_across_them() -> None:
    said = said_by(files.region((0, 0, 399, 599)), files.region((400, 0, 799, 599), delta=(0.05, 0.05)))
    made = stated_calibration(0.3, HEIGHT, WIDTH, now=said)

    assert measure(made, (10, 10), (110, 10)).length_mm == pytest.approx(30.0)
    assert measure(made, (410, 10), (510, 10)).length_mm == pytest.approx(30.0)
    assert measure(made, (350, 10), (450, 10)).refusal is Refusal.ACROSS_REGIONS


def test_the_colour_box_over_the_ruled_picture_goes_with_it() -> None:
    tissue, colour = files.region((0, 0, 799, 599)), files.region((200, 200, 400, 400), data_type=2)
    made = ruled(Ruler((10.0, 10.0), (10.0, 110.0), 40.0), said_by(tissue, colour))

    assert measure(made, (250, 250), (350, 250)).length_mm == pytest.approx(40.0)
    assert measure(made, (10, 10), (250, 10)).length_mm == pytest.approx(96.0)


def test_two_pictures_can_be_ruled_one_after_the_other() -> None:
    said = said_by(files.region((0, 0, 399, 599), units=(0, 0)), files.region((400, 0, 799, 599), units=(0, 0)))
    left, right = Ruler((10.0, 10.0), (10.0, 110.0), 40.0), Ruler((500.0, 10.0), (500.0, 110.0), 10.0)
    made = ruled(right, ruled(left, said))

    assert measure(made, (10, 10), (110, 10)).length_mm == pytest.approx(40.0)
    assert measure(made, (500, 10), (600, 10)).length_mm == pytest.approx(10.0)
    assert [region.ruler for region in made.regions] == [left, right]
    assert made.overridden is said


def test_a_ruler_on_a_trace_over_the_picture_is_refused() -> None:
    said = said_by(files.region((0, 0, 799, 599)), files.region((0, 500, 799, 599), **SPECTRUM))

    assert ruled_calibration(Ruler((10.0, 510.0), (110.0, 510.0), 40.0), HEIGHT, WIDTH, now=said) is Refusal.NOT_TISSUE


def test_of_two_pictures_one_in_the_other_the_inner_one_is_ruled() -> None:
    said = said_by(files.region((0, 0, 799, 599)), files.region((200, 200, 400, 400), delta=(0.005, 0.005)))
    made = ruled(Ruler((250.0, 250.0), (350.0, 250.0), 40.0), said)

    assert [region.is_manual for region in made.regions] == [False, True]


def test_a_second_scale_replaces_the_first_and_what_the_file_says_stays() -> None:
    clip = make_clip(1, pixel_mm=0.5)
    once = clip.with_ruler(Ruler((10.0, 10.0), (10.0, 60.0), 10.0))
    assert isinstance(once, Clip)
    twice = once.with_ruler(Ruler((10.0, 10.0), (10.0, 60.0), 20.0))
    assert isinstance(twice, Clip) and twice.calibration is not None

    assert twice.calibration.source is CalibrationSource.USER_OVERRIDE
    assert twice.calibration.overridden is clip.calibration
    assert twice.calibration.regions[0].spacing == PixelSpacing.square(0.4)


@pytest.mark.parametrize("line", [Ruler((5.0, 5.0), (5.0, 5.0), 10.0), Ruler((5.0, 5.0), (9.0, 5.0), 0.0)])
def test_a_ruler_without_a_length_is_refused(line: Ruler) -> None:
    with pytest.raises(ValueError, match="without a length"):
        ruled_calibration(line, HEIGHT, WIDTH)

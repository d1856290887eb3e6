"""Millimetres between two points agree with the standard's definition, or are refused with the reason."""

from __future__ import annotations

import math
from dataclasses import replace

import dicom_files as files
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from fetalclip_app.domain.calibration import Box, Calibration, Point
from fetalclip_app.domain.measuring import Change, Refusal, inside, measure, region_of_box, region_of_points
from fetalclip_app.domain.region_axes import Unit

HEIGHT, WIDTH = 600, 800
LOW, HIGH = 1, 0
M_MODE = {"spatial_format": 2, "units": (4, 3)}
SPECTRUM = {"spatial_format": 3, "data_type": 3, "units": (4, 7)}
ECG = {"spatial_format": 4, "data_type": 10, "units": (4, 0)}
GREY_BAR = {"spatial_format": 0, "data_type": 13, "units": (0, 0)}


def read(*items: Dataset) -> Calibration:
    return files.calibration(*items, height=HEIGHT, width=WIDTH)


def flagged(item: Dataset, flags: int) -> Dataset:
    item.RegionFlags = flags
    return item


def referenced(item: Dataset, pixel: tuple[int, int], value: tuple[float, float]) -> Dataset:
    item.ReferencePixelX0, item.ReferencePixelY0 = pixel
    item.ReferencePixelPhysicalValueX, item.ReferencePixelPhysicalValueY = value
    return item


def physical(item: Dataset, point: Point) -> tuple[float, float]:
    """Restated from PS3.3 C.8.5.5.1: the value at the reference pixel, which counts from the region's corner, and one
    delta for each pixel from there on."""
    x = item.ReferencePixelPhysicalValueX + item.PhysicalDeltaX * (
        point[0] - (item.RegionLocationMinX0 + item.ReferencePixelX0)
    )
    y = item.ReferencePixelPhysicalValueY + item.PhysicalDeltaY * (
        point[1] - (item.RegionLocationMinY0 + item.ReferencePixelY0)
    )
    return x, y


deltas = st.floats(1e-3, 0.2).flatmap(lambda size: st.sampled_from([size, -size]))
shares = st.floats(0, 1)


@st.composite
def items(draw: st.DrawFn) -> Dataset:
    left, top = draw(st.integers(0, WIDTH - 2)), draw(st.integers(0, HEIGHT - 2))
    box = (left, top, draw(st.integers(left + 1, WIDTH - 1)), draw(st.integers(top + 1, HEIGHT - 1)))
    item = files.region(box, delta=(draw(deltas), draw(deltas)), data_type=draw(st.sampled_from([1, 2])))
    pixel = draw(st.integers(-500, 900)), draw(st.integers(-500, 900))
    return referenced(item, pixel, (draw(st.floats(-20, 20)), draw(st.floats(-20, 20))))


def point_in(item: Dataset, shares: tuple[float, float]) -> Point:
    x0, x1 = item.RegionLocationMinX0, item.RegionLocationMaxX1
    y0, y1 = item.RegionLocationMinY0, item.RegionLocationMaxY1
    return x0 + shares[0] * (x1 - x0), y0 + shares[1] * (y1 - y0)


@given(item=items(), first=st.tuples(shares, shares), last=st.tuples(shares, shares), zoom=st.floats(0.25, 4))
def test_millimetres_are_those_of_the_standard_at_every_zoom_of_the_scanner(
    item: Dataset, first: tuple[float, float], last: tuple[float, float], zoom: float
) -> None:
    item.PhysicalDeltaX, item.PhysicalDeltaY = item.PhysicalDeltaX / zoom, item.PhysicalDeltaY / zoom
    ends = point_in(item, first), point_in(item, last)
    measured = measure(read(item), *ends)
    expected_mm = 10 * math.dist(physical(item, ends[0]), physical(item, ends[1]))

    assert measured.refusal is None
    assert measured.length_mm == pytest.approx(expected_mm, rel=1e-9, abs=1e-9)
    assert measured.length_px == math.dist(*ends)


@given(item=items(), share=st.tuples(shares, shares))
def test_an_axis_tells_the_value_of_the_standard(item: Dataset, share: tuple[float, float]) -> None:
    point = point_in(item, share)
    facts = read(item).regions[0].facts
    assert facts is not None and facts.x is not None and facts.y is not None

    assert (facts.x.value_at(point[0]), facts.y.value_at(point[1])) == pytest.approx(physical(item, point), abs=1e-9)


@given(st.lists(items(), min_size=2, max_size=5), st.tuples(shares, shares), st.tuples(shares, shares))
def test_a_length_across_two_regions_is_refused(
    regions: list[Dataset], first: tuple[float, float], last: tuple[float, float]
) -> None:
    ends = point_in(regions[0], first), point_in(regions[1], last)
    calibration = read(*regions)
    assume(not any(all(region.box.contains(*end) for end in ends) for region in calibration.regions))

    measured = measure(calibration, *ends)

    assert (measured.length_mm, measured.refusal) == (None, Refusal.ACROSS_REGIONS)


@given(st.lists(items(), min_size=1, max_size=4), st.tuples(shares, shares), st.tuples(shares, shares))
def test_where_regions_overlap_a_length_is_the_same_by_each_or_refused(
    regions: list[Dataset], first: tuple[float, float], last: tuple[float, float]
) -> None:
    ends = tuple((share[0] * (WIDTH - 1), share[1] * (HEIGHT - 1)) for share in (first, last))
    calibration = read(*regions)
    measured = measure(calibration, *ends)
    around = [r for r in calibration.regions if all(r.box.contains(*end) for end in ends)]
    touched = [r for r in calibration.regions if any(r.box.contains(*end) for end in ends)]
    scales = {r.spacing for r in touched}

    assert (measured.length_mm is None) == (measured.refusal is not None)
    assert (measured.length_mm is not None) == bool(around and len(scales) == 1)


def side_by_side() -> tuple[Dataset, Dataset]:
    return files.region((0, 0, 399, 599)), files.region((400, 0, 799, 599), delta=(0.05, 0.05))


def test_each_of_two_pictures_side_by_side_has_its_own_scale() -> None:
    calibration = read(*side_by_side())

    assert measure(calibration, (10, 10), (10, 110)).length_mm == pytest.approx(20.0)
    assert measure(calibration, (410, 10), (410, 110)).length_mm == pytest.approx(50.0)
    assert measure(calibration, (10, 10), (410, 10)).refusal is Refusal.ACROSS_REGIONS


def test_the_zoom_of_one_instance_says_nothing_of_the_next() -> None:
    near, far = (read(files.region((0, 0, 799, 599), delta=(d, d))) for d in (0.01, 0.03))

    assert measure(near, (10, 10), (10, 110)).length_mm == pytest.approx(10.0)
    assert measure(far, (10, 10), (10, 110)).length_mm == pytest.approx(30.0)


def test_colour_flow_over_tissue_with_the_same_scale_changes_nothing() -> None:
    """The standard's own example (figure C.8-6): both ends lie in the tissue's region."""
    tissue = flagged(files.region((0, 0, 799, 599)), LOW)
    colour = flagged(files.region((200, 200, 400, 400), data_type=2), HIGH)

    for points in (((10, 10), (10, 110)), ((250, 250), (350, 250)), ((10, 10), (250, 250))):
        assert measure(read(tissue, colour), *points).length_mm == pytest.approx(0.2 * math.dist(*points))


def test_a_magnified_inset_on_top_measures_by_its_own_scale() -> None:
    tissue = flagged(files.region((0, 0, 799, 599)), LOW)
    inset = flagged(files.region((200, 200, 400, 400), delta=(0.005, 0.005)), HIGH)
    calibration = read(tissue, inset)

    assert measure(calibration, (250, 250), (350, 250)).length_mm == pytest.approx(5.0)
    assert measure(calibration, (10, 10), (110, 10)).length_mm == pytest.approx(20.0)
    assert measure(calibration, (10, 10), (250, 250)).refusal is Refusal.OVERLAP


def test_regions_of_one_priority_and_two_scales_are_refused_where_they_overlap() -> None:
    calibration = read(files.region((0, 0, 799, 599)), files.region((200, 200, 400, 400), delta=(0.005, 0.005)))

    assert measure(calibration, (250, 250), (350, 250)).refusal is Refusal.OVERLAP
    assert measure(calibration, (10, 10), (110, 10)).length_mm == pytest.approx(20.0)


@pytest.mark.parametrize("flags", [LOW, HIGH])
def test_a_trace_over_the_picture_hides_it(flags: int) -> None:
    calibration = read(
        flagged(files.region((0, 0, 799, 599)), LOW), flagged(files.region((0, 500, 799, 599), **ECG), flags)
    )

    assert measure(calibration, (10, 510), (110, 510)).refusal is Refusal.OVERLAP
    assert measure(calibration, (10, 10), (10, 510)).refusal is Refusal.OVERLAP
    assert measure(calibration, (10, 10), (10, 110)).length_mm == pytest.approx(20.0)


def test_a_grey_bar_counts_nothing_and_hides_only_what_it_lies_on_top_of() -> None:
    bar = files.region((0, 0, 20, 599), **GREY_BAR)
    beneath = read(files.region((0, 0, 799, 599)), bar)
    on_top = read(flagged(files.region((0, 0, 799, 599)), LOW), bar)

    assert measure(beneath, (10, 10), (10, 110)).length_mm == pytest.approx(20.0)
    assert measure(on_top, (10, 10), (10, 110)).refusal is Refusal.OVERLAP


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (M_MODE, (Change(Unit.SECOND, 2.0),)),  # the depth of an M-mode is not offered as a length
        (SPECTRUM, (Change(Unit.SECOND, 2.0), Change(Unit.CENTIMETRE_PER_SECOND, 1.0))),
        (ECG, (Change(Unit.SECOND, 2.0),)),
    ],
)
def test_a_trace_tells_what_its_axes_count_and_no_millimetres(kind: dict, changes: tuple[Change, ...]) -> None:
    calibration = read(files.region((0, 300, 799, 599), delta=(0.02, -0.01), **kind))
    measured = measure(calibration, (100, 350), (200, 450))

    assert (measured.length_mm, measured.refusal) == (None, Refusal.NOT_TISSUE)
    assert [(one.unit, one.amount) for one in measured.changes] == [
        (one.unit, pytest.approx(one.amount)) for one in changes
    ]


@pytest.mark.parametrize(
    "kind",
    [
        {"units": (0, 0), "data_type": 1},
        {"units": (0, 0), "spatial_format": 3, "data_type": 3},
        {"units": (0, 0), "spatial_format": 2},
    ],
)
@pytest.mark.parametrize("lacks", [(), ("PhysicalDeltaX", "PhysicalDeltaY"), ("PhysicalUnitsXDirection",)])
def test_another_picture_or_spectrum_without_units_contests(kind: dict, lacks: tuple[str, ...]) -> None:
    inset = files.region((200, 200, 400, 400), **kind)
    for keyword in lacks:
        delattr(inset, keyword)
    calibration = read(files.region((0, 0, 799, 599)), inset)

    assert measure(calibration, (250, 250), (350, 250)).refusal is Refusal.OVERLAP
    assert measure(calibration, (10, 10), (110, 10)).length_mm == pytest.approx(20.0)


@pytest.mark.parametrize("point", [(math.nan, 10.0), (10.0, math.nan), (-0.6, 10.0), (10.0, 599.6), (math.inf, 10.0)])
def test_a_point_off_the_picture_has_no_length(point: Point) -> None:
    calibration = read(files.region((0, 0, 799, 599)))

    assert measure(calibration, point, (110, 10)).length_mm is None
    assert measure(calibration, (110, 10), point).length_mm is None


def test_no_point_lies_in_no_region() -> None:
    assert region_of_points(read(files.region((0, 0, 799, 599))), ()) is Refusal.OUTSIDE_REGIONS


def test_a_box_has_the_scale_of_the_region_that_holds_half_of_it() -> None:
    calibration = read(files.region((0, 0, 399, 599)))

    assert region_of_box(calibration, Box(0, 0, 800, 600)) is not None
    assert region_of_box(calibration, Box(2, 0, 802, 600)) is None


@pytest.mark.parametrize(("share", "has_scale"), [(0.049, True), (0.051, False), (0.49, False)])
@pytest.mark.parametrize("other", [{"delta": (0.05, 0.05)}, SPECTRUM])
def test_a_box_with_more_than_a_border_of_another_region_has_no_scale(
    share: float, has_scale: bool, other: dict
) -> None:
    calibration = read(files.region((0, 0, 799, 599)), files.region((0, 0, 799, round(600 * share) - 1), **other))

    assert (region_of_box(calibration, Box(0, 0, 800, 600)) is not None) is has_scale


def test_two_pictures_side_by_side_have_no_common_scale() -> None:
    assert region_of_box(read(*side_by_side()), Box(0, 0, 800, 600)) is None


def test_outside_every_region_there_is_no_length() -> None:
    calibration = read(files.region((100, 100, 700, 500)))

    assert measure(calibration, (50, 50), (60, 60)).refusal is Refusal.OUTSIDE_REGIONS
    assert measure(calibration, (150, 150), (60, 60)).refusal is Refusal.OUTSIDE_REGIONS
    assert measure(None, (50, 50), (60, 60)).refusal is Refusal.NO_SCALE


def test_stale_regions_measure_nothing_not_even_where_one_happens_to_fit() -> None:
    """Two pictures side by side, halved in size after their regions were written."""
    halves = files.region((0, 0, 799, 599)), files.region((800, 0, 1599, 599))
    measured = measure(read(*halves), (10, 10), (10, 110))

    assert (measured.length_mm, measured.refusal) == (None, Refusal.UNTRUSTED)


def test_the_edge_of_a_pixel_is_half_a_pixel_from_its_centre() -> None:
    calibration = read(files.region((100, 100, 199, 199)))

    assert measure(calibration, (99.5, 99.5), (199.4, 199.4)).length_mm is not None
    assert measure(calibration, (99.4, 110), (150, 110)).refusal is Refusal.OUTSIDE_REGIONS
    assert measure(calibration, (150, 110), (199.6, 110)).refusal is Refusal.OUTSIDE_REGIONS


def test_scales_that_differ_in_the_last_digits_are_one() -> None:
    first, second = files.region((0, 0, 799, 599)), files.region((0, 0, 799, 599), delta=(0.02 * (1 + 1e-8), 0.02))

    assert measure(read(first, second), (10, 10), (10, 110)).length_mm == pytest.approx(20.0)


def test_a_region_by_hand_stays_a_region() -> None:
    (region,) = read(files.region((100, 100, 700, 500))).regions
    assert replace(region, is_manual=True).is_usable


def test_only_points_on_the_picture_count() -> None:
    assert inside([(-0.6, 5), (-0.5, 5), (9.4, 5), (9.5, 5), (5, 10)], 10, 10) == ((-0.5, 5), (9.4, 5))

"""Regions, axes and distances in words."""

from __future__ import annotations

import dicom_files as files
import pytest
from pydicom.dataset import Dataset

from fetalclip_app import wording
from fetalclip_app.domain.calibration import (
    Box,
    Calibration,
    CalibrationSource,
    Distrust,
    PixelSpacing,
    Region,
    RegionKind,
    Ruler,
    Verdict,
)
from fetalclip_app.domain.manual_scale import stated_calibration
from fetalclip_app.domain.measuring import Refusal, measure
from fetalclip_app.domain.region_axes import Axis, DataType, SpatialFormat, Unit
from fetalclip_app.wording import scale
from fetalclip_app.wording.translate import translate


def read(*items: Dataset, **tags: object) -> Calibration:
    return files.calibration(*items, height=48, width=64, **tags)


def only(**options: object) -> Region:
    return read(files.region(**options)).regions[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "kind", "size"),
    [
        ({}, "2-D tissue", "0.2000 × 0.2000\u2009mm/px"),
        ({"data_type": 2}, "2-D colour flow", "0.2000 × 0.2000\u2009mm/px"),
        ({"spatial_format": 2, "units": (4, 3)}, "M-mode, tissue", "x 0.02\u2009s/px; y 0.02\u2009cm/px"),
        (
            {"spatial_format": 3, "data_type": 3, "units": (4, 7)},
            "Spectrum, PW Doppler",
            "x 0.02\u2009s/px; y 0.02\u2009cm/s / px",
        ),
        ({"spatial_format": 0, "data_type": 13, "units": (0, 0)}, "No layout, grey bar", "counts nothing"),
        ({"spatial_format": 9, "data_type": 500, "units": (99, 0)}, "Unknown layout, unknown data", None),
    ],
)
def test_a_region_says_what_it_shows_and_what_its_axes_count(
    options: dict[str, object], kind: str, size: str | None
) -> None:
    region = only(**options)

    assert scale.region_kind(region) == kind
    assert scale.region_scale(region) == (size or "x 0.02\u2009unknown unit/px")


@pytest.mark.parametrize("unit", Unit)
def test_every_unit_has_a_step(unit: Unit) -> None:
    assert scale.axis_step(Axis(unit, 0.5)).startswith("0.5\u2009")


@pytest.mark.parametrize("layout", SpatialFormat)
@pytest.mark.parametrize("data", DataType)
def test_every_layout_and_kind_of_data_has_words(layout: SpatialFormat, data: DataType) -> None:
    assert "nknown" not in scale.region_kind(only(spatial_format=int(layout), data_type=int(data)))


@pytest.mark.parametrize("reason", Refusal)
def test_every_refusal_has_words(reason: Refusal) -> None:
    assert scale.refusal(reason)


@pytest.mark.parametrize("reason", Distrust)
def test_every_distrust_has_words(reason: Distrust) -> None:
    assert scale.distrust(reason).startswith("not used")


def test_a_distance_says_its_length_or_why_it_has_none() -> None:
    calibration = read(files.region((0, 0, 63, 30)), files.region((0, 31, 63, 47), spatial_format=4, units=(4, 0)))

    assert scale.distance(measure(calibration, (5, 5), (15, 5))) == "10\u2009px, 2.0\u2009mm"
    assert scale.distance(measure(calibration, (5, 40), (15, 40))) == "10\u2009px, 0.2\u2009s"
    assert scale.distance(measure(calibration, (5, 5), (5, 40))) == "35\u2009px; no length across two regions"
    assert scale.distance(measure(None, (5, 5), (5, 15))) == "10\u2009px; no scale here"


def test_another_statement_of_the_file_says_whether_it_agrees() -> None:
    agreeing, other = read(files.region(), PixelSpacing=[0.2, 0.2]), read(files.region(), PixelSpacing=[0.3, 0.3])
    stretched = read(files.region(), PixelAspectRatio=[4, 3])

    assert "otherwise" not in scale.statement(agreeing.statements[0], agreeing.regions[0])
    assert "otherwise" in scale.statement(other.statements[0], other.regions[0])
    assert "otherwise" in scale.statement(stretched.statements[0], stretched.regions[0])
    assert {translate(scale._VERDICTS[verdict]) for verdict in Verdict} == set(scale._VERDICTS.values())


def test_trust_priority_and_place_are_said() -> None:
    item = files.region((5, 6, 20, 30))
    item.RegionFlags = 3
    region = read(item).regions[0]

    assert scale.region_trust(region) == "used for lengths"
    assert scale.region_remarks(region) == "low priority, scale protected"
    assert scale.region_place(region) == "columns 5 to 20, rows 6 to 30"
    assert "outside the picture" in scale.region_trust(read(files.region((0, 0, 99, 99))).regions[0])


def test_letters_go_on_after_z() -> None:
    assert [scale.region_letter(place) for place in (0, 25, 26, 52)] == ["A", "Z", "A2", "A3"]


def test_a_ruler_says_its_length_and_place() -> None:
    said = scale.ruler(Ruler((1.0, 2.0), (1.0, 42.0), 40.0))
    assert said == "40.00\u2009mm over a line from (1.0, 2.0) to (1.0, 42.0)"


@pytest.mark.parametrize("source", [source for source in CalibrationSource if source is not CalibrationSource.NONE])
def test_every_scale_says_who_stated_it_and_how_large_it_is(source: CalibrationSource) -> None:
    region = Region(Box(0, 0, 10, 10), RegionKind.TISSUE, PixelSpacing.square(0.2))
    assert wording.calibration_source(Calibration(source, (region,))).endswith(": 0.200\u2009mm/px")


def test_an_untrusted_scale_is_not_offered() -> None:
    stale = Region(Box(0, 0, 10, 10), RegionKind.TISSUE, PixelSpacing.square(0.2), Distrust.OUTSIDE_PICTURE)
    text = wording.calibration_source(Calibration(CalibrationSource.ULTRASOUND_REGION, (stale,)))
    assert "none of it can be trusted" in text and "0.200" not in text
    assert wording.calibration_source(None) == "No scale in this file"
    assert "user" in wording.calibration_source(stated_calibration(0.1, 5, 5))

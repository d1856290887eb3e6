"""The JSON document says of a scale what the file says: sides apart, signs kept, the ruler where it lay."""

from __future__ import annotations

import dicom_files as files

from fetalclip_app.domain.calibration import Calibration, Ruler
from fetalclip_app.domain.manual_scale import ruled_calibration
from fetalclip_app.report.json_calibration import calibration as as_json


def test_sides_signs_units_and_reference_pixel_stand_as_the_file_has_them() -> None:
    item = files.region((10, 20, 59, 45), delta=(0.02, -0.03))
    item.RegionFlags, item.ReferencePixelX0, item.ReferencePixelY0 = 3, 5, 7
    item.ReferencePixelPhysicalValueX, item.ReferencePixelPhysicalValueY = 0.0, 1.5
    told = as_json(files.calibration(item, height=48, width=64, PixelSpacing=[0.9, 0.8]))
    assert told is not None
    (region,) = told["regions"]

    assert (region["row_mm"], region["column_mm"]) == (0.3, 0.2)
    assert region["x"] == {"unit": "centimetre", "per_pixel": 0.02, "reference_pixel": 15.0, "reference_value": 0.0}
    assert region["y"] == {"unit": "centimetre", "per_pixel": -0.03, "reference_pixel": 27.0, "reference_value": 1.5}
    assert (region["low_priority"], region["scale_protected"], region["counts_frequency"]) == (True, True, False)
    assert (told["statements"][0]["row_mm"], told["statements"][0]["column_mm"]) == (0.9, 0.8)


def test_a_scale_by_hand_tells_its_ruler_and_what_the_file_says() -> None:
    said = files.calibration(files.region(), height=48, width=64)
    made = ruled_calibration(Ruler((1.0, 2.0), (1.0, 22.0), 10.0), 48, 64, now=said)
    assert isinstance(made, Calibration)
    told = as_json(made)
    assert told is not None

    assert (told["source"], told["regions"][0]["by_hand"], told["regions"][0]["row_mm"]) == ("user_override", True, 0.5)
    assert told["regions"][0]["ruler"] == {"first": [1.0, 2.0], "last": [1.0, 22.0], "length_mm": 10.0}
    assert told["overridden"]["regions"][0]["row_mm"] == 0.2

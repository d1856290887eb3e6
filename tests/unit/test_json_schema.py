"""The JSON of `analyze`: valid against the published schema, finite, and true to the reading."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from fakes import make_clip, make_reading

from fetalclip_app import RESEARCH_USE_ONLY
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.age import AgeEstimate, AgeInterval, GestationalAge
from fetalclip_app.domain.calibration import Box, Calibration, CalibrationSource, Distrust, Region, RegionKind
from fetalclip_app.domain.reading import ClipReading, Finding, HeadMeasurement
from fetalclip_app.domain.views import BRAIN_PLANES, PLANES, ViewPrediction
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.report.as_json import as_table, write_json
from fetalclip_app.report.build import ClipEntry, Entry, UnreadEntry

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "analyze.schema.json").read_text(encoding="utf-8"))


def with_answer(reading: ClipReading, task_key: str, answer: Any) -> ClipReading:
    """Return the reading with another answer to one question."""
    findings = tuple(replace(f, answer=answer) if f.task_key == task_key else f for f in reading.findings)
    return replace(reading, findings=findings)


def entry(**changes: Any) -> ClipEntry:
    clip = make_clip(**changes)
    return ClipEntry(clip, make_reading(clip), "scans/clip.dcm")


def table_of(*entries: Entry) -> list[dict[str, Any]]:
    """Return the table after it went through text and the schema."""
    table = json.loads(json.dumps(as_table(entries), allow_nan=False))
    jsonschema.validate(table, SCHEMA, jsonschema.Draft202012Validator)
    return table  # type: ignore[no-any-return]


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_full_reading_has_exactly_the_promised_keys() -> None:
    (row,) = table_of(entry())
    assert list(row) == [
        "file",
        "frames",
        "calibration",
        "views",
        "brain_views",
        "gestational_age",
        "head",
        "provenance",
        "numbers",
    ]
    assert row["file"] == "scans/clip.dcm" and row["frames"] == 6
    assert row["views"]["best"] == "brain" and set(row["views"]["probabilities"]) == set(PLANES)
    assert set(row["brain_views"]["probabilities"]) == set(BRAIN_PLANES)
    assert {"days", "low", "high", "interval", "frame"} <= row["gestational_age"].keys()
    assert {"hc_mm", "bpd_mm", "ofd_mm", "ellipse", "frame"} <= row["head"].keys()
    assert set(row["head"]["ellipse"]) == {"cx", "cy", "a", "b", "angle"}
    assert row["provenance"]["research_use_only"] == RESEARCH_USE_ONLY


def test_numbers_are_those_of_the_reading() -> None:
    one = entry()
    (row,) = table_of(one)
    head = one.reading.answer("head", HeadMeasurement)
    assert row["head"]["hc_mm"] == pytest.approx(head.size.hc_mm, abs=1e-6)
    assert row["head"]["ellipse"]["angle"] == pytest.approx(head.ellipse.angle_deg, abs=1e-6)
    assert (row["gestational_age"]["low"], row["gestational_age"]["days"], row["gestational_age"]["high"]) == (
        136,
        143,
        150,
    )
    assert row["gestational_age"]["spread"]["days"] == 14
    assert "not a confidence interval" in row["gestational_age"]["spread"]["meaning"]
    assert sum(row["views"]["probabilities"].values()) == pytest.approx(1, abs=1e-4)


def test_a_frame_that_was_not_asked_is_null_and_never_nan() -> None:
    one = entry()
    seen = one.reading.answer("brain_views", ViewPrediction)
    rows = seen.per_frame.copy()
    rows[2] = np.nan
    reading = with_answer(one.reading, "brain_views", replace(seen, per_frame=rows))
    (row,) = table_of(replace(one, reading=reading))
    assert row["brain_views"]["per_frame"][2] is None
    assert set(row["brain_views"]["per_frame"][3]) == set(BRAIN_PLANES)


def test_a_number_that_is_not_finite_never_leaves_the_program() -> None:
    one = entry()
    seen = one.reading.answer("views", ViewPrediction)
    probabilities = seen.probabilities.copy()
    probabilities[0] = np.nan
    broken = with_answer(one.reading, "views", replace(seen, probabilities=probabilities))
    with pytest.raises(ValueError, match="nan"):
        as_table([replace(one, reading=broken)])


def test_without_a_scale_age_and_head_abstain_and_the_ellipse_stays() -> None:
    (row,) = table_of(entry(pixel_mm=None))
    assert row["calibration"] is None
    assert row["gestational_age"]["abstained"]["reason"] == "not_calibrated"
    assert row["gestational_age"].keys() == {"abstained"}
    assert row["head"]["abstained"]["sentence"].startswith("This file carries no scale")
    assert "hc_mm" not in row["head"] and row["head"]["ellipse"]["a"] > 0


def test_no_brain_frame_means_no_brain_views() -> None:
    clip = make_clip()
    (row,) = table_of(ClipEntry(clip, make_reading(clip, best="femur")))
    assert row["brain_views"] is None and row["file"] == "clip.dcm"
    assert row["head"]["abstained"]["detail"] == "no_brain_frame"


def test_a_question_that_was_not_asked_says_so() -> None:
    one = entry()
    asked = tuple(f for f in one.reading.findings if f.task_key == "views")
    (row,) = table_of(replace(one, reading=replace(one.reading, findings=asked)))
    assert row["brain_views"] is None and row["head"]["abstained"]["detail"] == "not_asked"


def test_an_abstaining_view_keeps_its_best_class() -> None:
    one = entry()
    seen = one.reading.answer("views", ViewPrediction)
    why = Abstention(Reason.AMBIGUOUS, "views", {"first": "brain", "second": "abdomen", "gap": 0.0123456789})
    (row,) = table_of(replace(one, reading=with_answer(one.reading, "views", replace(seen, abstained=why))))
    assert row["views"]["best"] == "brain"
    assert row["views"]["abstained"]["parameters"] == {"first": "brain", "second": "abdomen", "gap": 0.012346}


def test_an_interval_gives_its_level_and_reference() -> None:
    one = entry()
    age = one.reading.answer("gestational_age", AgeEstimate)
    fitted = AgeInterval(GestationalAge(138), GestationalAge(148), 0.9, "hc_who")
    (row,) = table_of(replace(one, reading=with_answer(one.reading, "gestational_age", replace(age, interval=fitted))))
    assert row["gestational_age"]["interval"] == {"low": 138, "high": 148, "level": 0.9, "reference": "hc_who"}


def test_an_override_keeps_what_the_file_said() -> None:
    clip = make_clip(pixel_mm=0.5).with_pixel_mm(0.25, override=True)
    (row,) = table_of(ClipEntry(clip, make_reading(clip)))
    assert row["calibration"]["source"] == "user_override"
    assert row["calibration"]["regions"][0]["row_mm"] == 0.25
    assert row["calibration"]["overridden"]["regions"][0]["row_mm"] == 0.5


def test_a_stale_region_is_listed_and_not_trusted() -> None:
    stale = Region(Box(0, 0, 2000, 900), RegionKind.TISSUE, None, Distrust.OUTSIDE_PICTURE)
    clip = make_clip(pixel_mm=None)
    reading = replace(make_reading(clip), calibration=Calibration(CalibrationSource.ULTRASOUND_REGION, (stale,)))
    (row,) = table_of(ClipEntry(clip, reading))
    assert row["calibration"]["trusted"] is False
    (region,) = row["calibration"]["regions"]
    assert region["distrust"] == "outside_picture" and region["column_mm"] is None and region["right"] == 2000


def test_an_unread_file_has_an_error_in_place_of_a_reading() -> None:
    error = UnreadableFile(ErrorCode.FILE_TRUNCATED, name="cut.dcm")
    (row,) = table_of(UnreadEntry("scans/cut.dcm", error))
    assert row.keys() == {"file", "error"} and row["error"]["code"] == "file_truncated"
    assert "cut.dcm" in row["error"]["sentence"] and row["error"]["hint"]


def test_the_schema_refuses_what_it_does_not_know() -> None:
    table = as_table([entry()])
    table[0]["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(table, SCHEMA, jsonschema.Draft202012Validator)


def test_a_name_that_is_no_unicode_text_is_written_all_the_same(tmp_path: Path) -> None:
    one = replace(entry(), file="scan\udcff.dcm")
    write_json(tmp_path / "out.json", [one])
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))[0]["frames"] == 6


def test_an_entry_cannot_pair_a_clip_with_a_foreign_reading() -> None:
    with pytest.raises(ValueError, match="reading of"):
        ClipEntry(make_clip(name="a.dcm"), make_reading(make_clip(name="b.dcm")))


def test_an_unknown_finding_type_is_a_bug_and_not_an_export() -> None:
    one = entry()
    wrong = (one.reading.findings[0], Finding("head", one.reading.findings[0].answer))
    with pytest.raises(ValueError, match="ViewPrediction"):
        as_table([replace(one, reading=replace(one.reading, findings=wrong))])

"""Lengths over a whole clip in words, in the JSON and in the report: never without their spread, count and outliers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fakes import make_clip
from pooled_tools import some_lengths, with_whole_clip
from report_pages import options, pages_of, text_of

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.pooled import FramesUsed, FrameValue, PooledBy, PooledLength, PooledSize
from fetalclip_app.domain.reading import Answer
from fetalclip_app.report.as_json import as_table
from fetalclip_app.report.build import ClipEntry, build
from fetalclip_app.wording import answer_lines
from fetalclip_app.wording.pooled import outliers, pooled_value

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "analyze.schema.json").read_text(encoding="utf-8"))


def _entry(answer: Answer | None = None) -> ClipEntry:
    clip = make_clip(frames=30)
    return ClipEntry(clip, with_whole_clip(clip, answer), "a.dcm")


def _row(answer: Answer | None = None) -> dict[str, Any]:
    table = json.loads(json.dumps(as_table([_entry(answer)]), allow_nan=False))
    jsonschema.validate(table, SCHEMA, jsonschema.Draft202012Validator)
    return table[0]["whole_clip"]  # type: ignore[no-any-return]


def test_the_json_tells_value_spread_limits_frames_and_outliers() -> None:
    told = _row()

    circumference, diameter, femur = told["lengths"]
    assert circumference["median_mm"] == pytest.approx(175.2) and circumference["spread_mm"] == pytest.approx(1.18608)
    reach = 3.5 * circumference["spread_mm"]
    assert circumference["limits_mm"] == pytest.approx([175.2 - reach, 175.2 + reach], abs=1e-4)
    assert circumference["frames"] == {
        "shown": 90,
        "looked_at": 64,
        "alike": 20,
        "refused": {"outline": 37},
        "measured": 7,
    }
    assert {one["frame"]: one["outlier"] for one in circumference["values"] if one["outlier"]} == {20: "below"}
    assert all(one["outlier"] is None for one in diameter["values"])
    assert femur["abstained"]["detail"] == "few_repeats" and "median_mm" not in femur
    assert femur["licence"] == "CC-BY-NC-SA-4.0" and circumference["licence"] is None
    assert told["outlier_rule"] == {"name": "modified_z_score", "limit": 3.5}


def test_the_json_says_that_the_spread_is_of_repeats_and_no_error() -> None:
    assert "repeats within this clip, not the error of the method" in _row()["meaning"]


def test_a_clip_without_repeats_has_its_reason() -> None:
    why = Abstention(Reason.NOT_APPLICABLE, "few_repeats", {"count": 1, "needed": 3})

    assert _row(why)["abstained"]["sentence"] == (
        "Fewer than 3 different frames could be measured, so there is no value of the whole clip."
    )


def test_a_value_is_told_with_its_spread_its_frames_its_outliers_and_its_definition() -> None:
    circumference, _diameter, femur = answer_lines("whole_clip", some_lengths())

    assert (circumference.label, circumference.value) == ("HC, clip", "175.2 ± 1.2\u2009mm")
    said = " ".join(circumference.notes)
    assert "90 show the plane clearly, 64 of them were looked at" in said
    assert "20 show the same picture as another" in said and "37 without a clear outline, 7 measured" in said
    assert "frame 21 (150.0\u2009mm, below)" in said and "Iglewicz" in said and "outer edge of the skull" in said
    assert femur.is_doubt and "Fewer than 3" in femur.notes[0] and femur.label == "FL, lines, clip"


def test_many_outliers_are_counted_and_not_all_named() -> None:
    values = tuple(FrameValue(frame, 100.0, None) for frame in range(40))
    odd = tuple(FrameValue(frame, 50.0, answer.beyond) for frame, answer in ((40 + i, _below()) for i in range(11)))
    size = PooledSize(100.0, 0.0, 99.0, 101.0)
    one = PooledLength("hc", PooledBy.OUTLINE, "head", size, values + odd, FramesUsed(51, 51))

    assert outliers(one).endswith("frame 48 (50.0\u2009mm, below) and 3 more.")
    assert pooled_value(one) == "100.0 ± <0.1\u2009mm"


def _below() -> FrameValue:
    return next(value for value in some_lengths().lengths[0].values if value.beyond is not None)


def test_the_report_shows_the_whole_clip(tmp_path: Path) -> None:
    text = text_of(pages_of(build([_entry()], options()), tmp_path))

    for words in ("Whole clip", "175.2 ± 1.2 mm", "frame 21 (150.0 mm, below)", "not the error of the method"):
        assert words in text
    assert "Fewer than 3 different frames" in text and "FL, lines" in text

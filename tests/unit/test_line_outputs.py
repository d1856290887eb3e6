"""Lengths by landmarks in words, in the JSON and in the report, each with its licence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from fakes import make_clip
from line_tools import LICENCE, some_lines, with_lines
from report_pages import options, pages_of, text_of

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.landmarks import LineError
from fetalclip_app.domain.reading import Answer
from fetalclip_app.report.as_json import as_table
from fetalclip_app.report.build import ClipEntry, build
from fetalclip_app.wording import answer_lines

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "analyze.schema.json").read_text(encoding="utf-8"))


def _row(answer: Answer | None = None) -> dict[str, object]:
    clip = make_clip(frames=1)
    entry = ClipEntry(clip, with_lines(clip, answer or some_lines()), "a.dcm")
    table = json.loads(json.dumps(as_table([entry]), allow_nan=False))
    jsonschema.validate(table, SCHEMA, jsonschema.Draft202012Validator)
    return table[0]  # type: ignore[no-any-return]


def test_the_json_lists_every_line_with_its_ends_its_doubt_and_its_licence() -> None:
    row = _row()

    circumference, transverse, _ = row["measurements"]  # type: ignore[misc]
    assert transverse["mm"] == pytest.approx(52.34)
    assert transverse["ends"] == [[10.0, 40.0], [110.0, 45.0]]
    assert (transverse["frame"], transverse["licence"]) == (0, LICENCE)
    assert "mm" not in circumference and circumference["abstained"]["reason"] == "ambiguous"
    assert circumference["ends"] == []
    assert row["provenance"]["heads"]["measurements"]["licence"] == LICENCE  # type: ignore[index]


def test_the_json_says_how_far_a_line_was_off_on_validation_pictures() -> None:
    lines = some_lines()
    circumference = replace(lines.measurements[0], error=LineError(7.88, -7.68, 11))
    row = _row(replace(lines, measurements=(circumference, *lines.measurements[1:])))

    told, *others = row["measurements"]  # type: ignore[misc]
    assert told["error"] == {"mean_mm": 7.88, "bias_mm": -7.68, "pictures": 11}
    assert [one["error"] for one in others] == [None, None], "and null where nobody measured it"


def test_a_clip_without_such_a_plane_has_an_empty_list() -> None:
    assert _row(Abstention(Reason.NOT_APPLICABLE, "no_measured_plane"))["measurements"] == []


def test_a_length_is_told_with_its_definition_its_sureness_and_its_licence() -> None:
    circumference, transverse, _ = answer_lines("measurements", some_lines())

    assert (transverse.label, transverse.is_doubt) == ("TAD", False)
    assert transverse.value.startswith("52.3")
    assert "outer edges of the skin" in transverse.notes[0]
    assert "not measured" in transverse.notes[1]
    assert "2%" in transverse.notes[2] and LICENCE in transverse.notes[3]
    assert circumference.is_doubt
    assert "20%" in circumference.notes[0]


def test_the_report_shows_the_lines_with_their_licence(tmp_path: Path) -> None:
    clip = make_clip(frames=2)
    entry = ClipEntry(clip, with_lines(clip, best="abdomen"))
    text = text_of(pages_of(build([entry], options()), tmp_path))

    for words in ("TAD", "52.3", "Lines between landmarks", LICENCE):
        assert words in text

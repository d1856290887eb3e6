"""Traces in the JSON: each number names its place in its entry, and stands there."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fakes import make_clip, make_reading
from label_tools import some_labels
from line_tools import some_lines
from pooled_tools import some_lengths
from structure_tools import some_structures
from study_tools import EXAM, dated, drawn

from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.clip import Origin
from fetalclip_app.domain.notes import ClipNotes, HandMeasurement, StudyNotes
from fetalclip_app.domain.reading import Finding
from fetalclip_app.report.build import ClipEntry
from fetalclip_app.report.document import as_document
from fetalclip_app.report.json_traces import at_pointer
from fetalclip_app.report.seal import canonical, record_of
from fetalclip_app.report.traces import traces

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "analyze.schema.json").read_text(encoding="utf-8"))
M = Measure
WHOLE = (drawn(M.HC, 175.0), drawn(M.BPD, 47.0, BpdDefinition.OUTER_INNER), drawn(M.AC, 152.0), drawn(M.FL, 33.0))


def entry(name: str, *measured: HandMeasurement, fetus: str | None = "") -> ClipEntry:
    origin = Origin(patient_id="P-001", study_date="20260314", instance_uid=f"1.2.{len(name)}")
    clip = make_clip(3, name=name, height=240, width=320, origin=origin)
    study = StudyNotes(dating=dated(), exam_day=EXAM)
    return ClipEntry(clip, make_reading(clip), name, fetus=fetus, notes=ClipNotes(measured=measured), study_notes=study)


TWINS = (entry("one.dcm", *WHOLE, drawn(M.FL, 34.0), fetus="A"), entry("second.dcm", drawn(M.HC, 150.0), fetus="B"))


def document(*entries: ClipEntry) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(json.dumps(as_document(entries), allow_nan=False))
    jsonschema.validate(found, SCHEMA, jsonschema.Draft202012Validator)
    return found


def test_every_number_stands_where_its_trace_says() -> None:
    numbers = [(row, one) for row in document(*TWINS) for one in row["numbers"]]

    for row, one in numbers:
        assert one["at"] is not None and at_pointer(row, one["at"]) == pytest.approx(one["value"]), one["id"]
    assert {one["kind"] for _row, one in numbers} >= {"share", "length", "age", "centile", "weight", "difference"}


def test_the_json_has_every_trace_and_inputs_are_numbers_of_the_report() -> None:
    numbers = {one["id"]: one for row in document(*TWINS) for one in row["numbers"]}

    assert set(numbers) == {one.id for one in traces(TWINS)}
    assert all(name in numbers for one in numbers.values() for name in one.get("inputs", ()))


def test_what_a_person_drew_is_there_to_be_measured_again() -> None:
    by_hand = document(*TWINS)[0]["by_hand"]

    assert [one["measure"] for one in by_hand["measured"]] == ["hc", "bpd", "ac", "fl", "fl"]
    assert by_hand["measured"][1]["line"]["last"][0] - by_hand["measured"][1]["line"]["first"][0] == pytest.approx(94)
    assert {one["measure"]: one["mm"] for one in by_hand["means"]}["fl"] == pytest.approx(33.5)
    assert "by_hand" not in document(entry("one.dcm"))[0]


def test_no_trace_names_the_file_or_its_folder() -> None:
    named = replace(entry("JANE_DOE.dcm", *WHOLE), file="/patients/JANE_DOE.dcm")

    assert "JANE_DOE" not in json.dumps([row["numbers"] for row in document(named)])


def test_the_numbers_of_own_heads_stand_where_their_traces_say_and_name_the_head() -> None:
    clip = make_clip(4, height=240, width=320)
    answers = {
        "measurements": some_lines(1),
        "structures": some_structures(clip),
        "clip_labels": some_labels(),
        "whole_clip": some_lengths(),
    }
    reading = make_reading(clip)
    findings = (*reading.findings, *(Finding(key, answer) for key, answer in answers.items()))
    heads = {"measurements": ("lines", "ef" * 32)}
    reading = replace(reading, findings=findings, provenance=replace(reading.provenance, heads=heads))
    (row,) = document(ClipEntry(clip, reading, "one.dcm"))[:1]
    numbers = {one["id"].removeprefix(f"{clip.key}."): one for one in row["numbers"]}

    for name, one in numbers.items():
        assert at_pointer(row, one["at"]) == pytest.approx(one["value"]), name
    assert {one["by"] for one in numbers.values()} == {"prompts", "outline", "landmarks", "mask", "label"}
    assert numbers["tad.landmarks"]["made_by"]["head"] == {"name": "lines", "sha256": "ef" * 32}
    assert "line" in numbers["tad.landmarks"]["shape"]
    assert len(numbers["csp.mask"]["shape"]["mask_sha256"]) == 64
    assert len({picture["frame"] for picture in numbers["whole_clip.hc.outline"]["pictures"]}) > 1


def test_a_pointer_goes_through_slashes_and_lists_and_nowhere_else() -> None:
    row = {"a/b": [{"~": 1.5}]}

    assert at_pointer(row, "/a~1b/0/~0") == 1.5
    assert at_pointer(row, "/a~1b/1/~0") is None and at_pointer(row, "/a~1b/x") is None


def test_another_device_breaks_no_seal_by_its_traces() -> None:
    one = TWINS[0]
    moved = replace(one, reading=replace(one.reading, provenance=replace(one.reading.provenance, device="cuda bf16")))

    assert canonical(record_of([one])) == canonical(record_of([moved]))

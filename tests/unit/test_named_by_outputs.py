"""Who named the views, prompts or a probe, in words, in the JSON, in the report and on the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fakes import make_clip, make_reading
from probe_tools import FACTS, by_probe
from report_pages import options, pages_of, text_of

from fetalclip_app import wording
from fetalclip_app.cli import analyze
from fetalclip_app.cli.arguments import parse
from fetalclip_app.domain.probes import NamedBy, ProbeFacts
from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.inference import load
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.report.as_json import as_table
from fetalclip_app.report.build import ClipEntry, build

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "analyze.schema.json").read_text(encoding="utf-8"))


def entry(facts: ProbeFacts | None = FACTS) -> ClipEntry:
    clip = make_clip(frames=2)
    reading = make_reading(clip)
    return ClipEntry(clip, reading if facts is None else by_probe(reading, facts), "a.dcm")


def row_of(one: ClipEntry) -> dict[str, Any]:
    table = json.loads(json.dumps(as_table([one]), allow_nan=False))
    jsonschema.validate(table, SCHEMA, jsonschema.Draft202012Validator)
    return table[0]  # type: ignore[no-any-return]


def test_the_json_says_who_named_each_set_of_views() -> None:
    row = row_of(entry())

    assert (row["views"]["named_by"], row["views"]["view_set"]) == ("probe", "compact_probe_views")
    assert row["brain_views"]["named_by"] == "prompts"
    made = row["provenance"]
    assert set(made["view_sets"]) == {"brain_views"}
    assert made["probes"] == {
        "views": {
            "name": "compact_probe_views",
            "sha256": "ef" * 32,
            "licence": "CC-BY-4.0",
            "classes": list(FACTS.classes),
            "calibration": {"temperature": 1.5, "error": 0.012, "pictures": 201},
        }
    }
    plain = row_of(entry(None))
    assert plain["views"]["named_by"] == "prompts" and plain["provenance"]["probes"] == {}


def test_an_uncalibrated_probe_has_no_calibration() -> None:
    bare = replace(FACTS, temperature=None, calibration_error=None, calibration_pictures=None)
    row = row_of(entry(bare))

    assert row["provenance"]["probes"]["views"]["calibration"] is None
    assert row["views"]["calibrated"] is False


def test_the_report_names_the_probe_with_its_hash_licence_and_calibration(tmp_path: Path) -> None:
    text = text_of(pages_of(build([entry()], options()), tmp_path))

    assert "View by probe compact_probe_views: Brain" in text
    assert "Brain plane by prompts: Trans-thalamic" in text
    assert "ef" * 8 in text.replace(" ", "") and "CC-BY-4.0. Percentages by a temperature fitted on 201" in text
    assert "one linear layer" in text and "several sentences for each view" in text
    plain = text_of(pages_of(build([entry(None)], options()), tmp_path))
    assert "View by prompts: Brain" in plain and "one linear layer" not in plain


def test_a_line_of_progress_and_the_notes_name_the_probe() -> None:
    assert "View Brain 91% by probe compact_probe_views," in analyze.summary(entry())
    assert "by p" not in analyze.summary(entry(None))
    reading = entry().reading
    said = {
        task: wording.answer_lines(task, reading.finding(task).answer)[0].notes for task in ("views", "brain_views")
    }  # type: ignore[union-attr]
    assert any("the probe compact_probe_views" in note for note in said["views"])
    assert any(note.startswith("Named by prompts") for note in said["brain_views"])


def test_the_command_line_asks_for_probes_and_takes_no_prompts_in_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[EngineRequest] = []
    monkeypatch.setattr(load, "load_engine", asked.append)
    arguments = ["analyze", "a.dcm", "--json", str(tmp_path / "out.json")]
    analyze.load(parse([*arguments, "--views-by", "probe"]))
    analyze.load(parse(arguments))

    assert (asked[0].views_by, asked[0].brain_views_by, asked[0].must_probe) == (NamedBy.PROBE, NamedBy.PROMPTS, True)
    assert asked[1].views_by is NamedBy.PROMPTS


def test_a_missing_probe_is_a_sentence_with_what_helps() -> None:
    error = ModelUnavailable(ErrorCode.PROBE_MISSING, task="brain_views")

    assert wording.sentence(error) == "No probe for these weights answers this: brain plane."
    assert "--views-by" in wording.hint(error)

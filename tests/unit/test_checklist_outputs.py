"""The checklist in the report, in the JSON and on the command line: named, counted, each item with what shows it."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pypdf
import pytest
from fakes import FakeEngine, make_clip, make_reading
from PIL import Image
from report_pages import text_of

from fetalclip_app.cli import analyze
from fetalclip_app.cli.checklist import answered
from fetalclip_app.cli.main import main
from fetalclip_app.domain.checklist import StudyChecklist
from fetalclip_app.domain.notes import Act, ClipNotes, ItemMark, ItemState, StudyNotes, study_key
from fetalclip_app.domain.study import groups_of
from fetalclip_app.report import ClipEntry, as_table, build
from fetalclip_app.report.json_checklist import as_entries
from fetalclip_app.report.pdf import render
from fetalclip_app.tasks.checklist_evidence import ClipSeen
from fetalclip_app.tasks.checklist_findings import assess_studies
from fetalclip_app.tasks.checklists import bundled

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "analyze.schema.json").read_text(encoding="utf-8"))
WORD = ItemMark(ItemState.DOUBTFUL, Act("A. Sonographer", datetime(2026, 3, 14, 12, 4, tzinfo=UTC)))


def clip_entry(name: str, best: str, *, patient: str = "P-001", fetus: str | None = "") -> ClipEntry:
    clip = make_clip(6, name=name, patient=patient)
    return ClipEntry(clip, make_reading(clip, best=best), name, fetus=fetus)


@pytest.fixture
def entries() -> list[ClipEntry]:
    return [clip_entry("head.dcm", "brain"), clip_entry("leg.dcm", "femur")]


def marked(entries: list[ClipEntry], **marks: ItemMark) -> tuple[StudyChecklist, ...]:
    groups = groups_of([entry.clip for entry in entries])
    plain = answered(bundled(), entries)
    assert len(plain) == 1
    seen = [(group, _seen(entry)) for group, entry in zip(groups, entries, strict=True)]
    return assess_studies(bundled(), seen, {study_key(groups[0]): StudyNotes(checklist=marks)})


def _seen(entry: ClipEntry) -> ClipSeen:
    return ClipSeen(entry.clip.key, entry.reading, ClipNotes(), entry.clip.calibration, entry.fetus)


def pdf_text(entries: list[ClipEntry], checklists: tuple[StudyChecklist, ...]) -> str:
    return written(render(build(entries, checklists=checklists)))


def written(pdf: bytes) -> str:
    return text_of(pypdf.PdfReader(io.BytesIO(pdf)).pages)


def test_the_report_says_of_every_item_who_says_so_and_where_it_is_seen(entries: list[ClipEntry]) -> None:
    checklists = marked(entries, profile=WORD)
    text = pdf_text(entries, checklists)
    sha256 = bundled().sha256

    assert f"Checklist 3/26 · Mid-trimester scan 1.0 · {sha256[:8]}" in text
    assert "Femur Femur 92%, clip 2, frame 4 of 6. seen" in text
    assert re.search(r"Profile, sagittal Said by A. Sonographer, 2026-03-14 12:04\.[^.]*doubtful", text)
    assert "Hands and feet open" in text
    assert "normal" not in text.split("Checklist 3/26")[1].split("Method and provenance")[0].lower()


def test_a_report_without_a_checklist_has_no_such_part(entries: list[ClipEntry]) -> None:
    assert "Checklist" not in pdf_text(entries, ())


def test_the_json_keeps_both_words_and_fits_the_schema(entries: list[ClipEntry]) -> None:
    made = as_entries(marked(entries, femur=WORD))
    jsonschema.validate([*as_table(entries), *made], SCHEMA, jsonschema.Draft202012Validator)
    (study,) = made
    items = {item["key"]: item for item in study["checklist"]["items"]}

    assert (items["femur"]["state"], items["femur"]["of_clips"]) == ("doubtful", "seen")
    assert items["femur"]["mark"]["who"] == "A. Sonographer"
    assert items["femur"]["evidence"][0]["clip"] == entries[1].clip.key
    assert items["head_measured"]["evidence"][0]["measure"] == "hc"
    assert items["orbits"]["state"] is None
    assert study["clips"] == [entry.clip.key for entry in entries]
    assert "file" not in study


def test_each_study_and_each_fetus_has_a_list_of_its_own(entries: list[ClipEntry]) -> None:
    other = clip_entry("other.dcm", "femur", patient="P-002")
    first, second = answered(bundled(), [*entries, other])
    assert (first.found.seen, second.found.seen) == (3, 1)
    assert second.clips == (other.clip.key,)

    twins = [replace(entries[0], fetus="A"), replace(entries[1], fetus="B")]
    of_a, of_b = answered(bundled(), twins)
    assert (of_a.found.fetus, of_a.found.seen) == ("A", 2)
    assert (of_b.found.fetus, of_b.found.seen) == ("B", 1)
    assert "Checklist 2/26, fetus A" in pdf_text(twins, (of_a, of_b))


def _analyze(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> tuple[int, Path]:
    monkeypatch.setattr(analyze, "load", lambda given=None: FakeEngine())
    Image.new("RGB", (64, 48), (128, 128, 128)).save(tmp_path / "one.png")
    out = tmp_path / "out.json"
    words = ["analyze", str(tmp_path / "one.png"), "--json", str(out), *more]
    return main(words, lambda paths: 1, why_no_window=lambda: "no screen"), out


def test_the_command_line_tells_the_list_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out = _analyze(tmp_path, monkeypatch, "--checklist", "mid_trimester", "--report", str(tmp_path / "out.pdf"))
    told = capsys.readouterr().err
    rows = json.loads(out.read_text(encoding="utf-8"))

    assert status == 0
    assert f"Checklist 0/26 (Mid-trimester scan 1.0 · {bundled().sha256[:8]})" in told
    assert [set(row) & {"file", "checklist"} for row in rows] == [{"file"}, {"checklist"}]
    assert "Mid-trimester scan" in written((tmp_path / "out.pdf").read_bytes())


def test_a_list_that_is_not_there_is_said_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out = _analyze(tmp_path, monkeypatch, "--checklist", "nothing_such")

    assert status == 2
    assert "The checklist nothing_such is not there." in capsys.readouterr().err
    assert not out.exists()

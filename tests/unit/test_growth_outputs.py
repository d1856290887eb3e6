"""Sizes, centiles and ages in report and JSON: the same numbers, fetus by fetus, with the refusals of the window."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fakes import FakeEngine, make_clip, make_reading
from pypdf import PdfReader
from report_pages import options, pages_of, text_of
from study_tools import EXAM, dated, drawn

from fetalclip_app import cli
from fetalclip_app.cli import analyze as analyze_module
from fetalclip_app.domain.age import AgeEstimate, AgeInterval, GestationalAge
from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.clip import Clip, Origin
from fetalclip_app.domain.dating import Dating
from fetalclip_app.domain.notes import ClipNotes, HandMeasurement, StudyNotes
from fetalclip_app.report.build import ClipEntry, ReportContent, build
from fetalclip_app.report.json_study import as_study_entries
from fetalclip_app.report.studies import study_tables
from fetalclip_app.wording.age_axis import axis_rows

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "analyze.schema.json").read_text(encoding="utf-8"))
M = Measure
WHOLE = (
    drawn(M.HC, 175.0),
    drawn(M.BPD, 47.0, BpdDefinition.OUTER_INNER),
    drawn(M.AC, 152.0),
    drawn(M.FL, 33.0),
)


def entry(
    name: str,
    *measured: HandMeasurement,
    fetus: str | None = "",
    days: int | None = 143,
    origin: Origin | None = None,
) -> ClipEntry:
    clip = make_clip(3, name=name, height=240, width=320, origin=origin)
    study = StudyNotes(dating=dated(days) if days else None)
    return ClipEntry(clip, make_reading(clip), fetus=fetus, notes=ClipNotes(measured=measured), study_notes=study)


def growth(*entries: ClipEntry) -> dict[str, Any]:
    table = json.loads(json.dumps(as_study_entries(study_tables(entries)), allow_nan=False))
    jsonschema.validate(table, SCHEMA, jsonschema.Draft202012Validator)
    (one,) = table
    return one["growth"]  # type: ignore[no-any-return]


def text(content: ReportContent, folder: Path) -> str:
    return text_of(pages_of(content, folder))


def test_the_report_has_both_values_centiles_and_the_dating(tmp_path: Path) -> None:
    said = text(build([entry("one.dcm", *WHOLE), entry("two.dcm")], options()), tmp_path)

    for wanted in (
        "Age 20w3d by LMP",
        "20w3d on the exam's day, 2026-03-14.",
        "Dated by LMP (LMP 2025-10-22), by A. Sonographer; EDD 2026-07-29",
        "HC 175.0 mm by hand, clip 1",
        "209.6 mm the model's outline, clip 1",
        "P33",
        "344 g Hadlock, by HC, AC, FL",
        "Measured by hand",
        "model 209.6 mm",
        "Kiserud 2017",
        "Papageorghiou 2014",
        "HC, WHO",
        "BPD outer–inner, WHO",
        "model 58.2 mm, outer–outer",
        "58.2 mm outer–outer, the model's outline",
        "Not entering: 58.2 mm (outer–outer, by the model's outline)",
        "EFW, WHO",
    ):
        assert wanted in said, wanted


def test_without_a_dating_the_report_has_no_centile_and_says_why(tmp_path: Path) -> None:
    said = text(build([entry("one.dcm", *WHOLE, days=None)], options()), tmp_path)

    assert "No dating. Nobody entered a dating" in said and "HC, WHO" not in said
    assert not re.search(r"\bP\d+\b(?!-)", said.replace("P-001", ""))


def test_ages_are_the_same_in_window_report_and_json(tmp_path: Path) -> None:
    one = entry("one.dcm", *WHOLE)
    content = build([one], options())
    (study,) = content.studies
    shown = {row.label: row.text for row in axis_rows(study, study.fetuses[0])}
    said = text(content, tmp_path)
    (fetus,) = growth(one)["fetuses"]
    days = {age["formula"]: age["days"] for age in fetus["ages_by_formula"]}

    assert shown["Dated by LMP"] == "20w3d" and len(shown) == 9
    for label, value in shown.items():
        assert label in said and value in said
    assert shown["Hadlock, HC"] == "{}w{}d".format(*divmod(round(days["hadlock_1984_hc"]), 7))
    assert shown["INTERGROWTH, HC FL"] == "{}w{}d".format(*divmod(round(days["intergrowth_2016_hc_fl"]), 7))
    assert len(fetus["ages_by_model"][0]["scores"]["values"]) == 175
    assert any("second opinion" in text for text in fetus["depends"])


def test_json_has_the_centile_with_its_source_and_the_reason_where_there_is_none() -> None:
    dated_one, undated = growth(entry("one.dcm", *WHOLE)), growth(entry("one.dcm", *WHOLE, days=None))
    hc = next(row for row in dated_one["fetuses"][0]["sizes"] if row["measure"] == "hc")

    assert dated_one["age"] == {"days": 143} and dated_one["exam_day"] == "2026-03-14"
    assert hc["centiles"]["who"]["said"] == "P33" and "Kiserud" in hc["centiles"]["who"]["citation"]
    assert hc["enters"]["by"] == "person" and hc["model"]["by"] == "outline"
    assert dated_one["fetuses"][0]["weight"]["used"] == pytest.approx({"hc": 175.0, "ac": 152.0, "fl": 33.0})
    assert undated["age"]["reason"] == "no_dating"
    assert all(row["centiles"]["who"]["reason"] for row in undated["fetuses"][0]["sizes"])


def test_twins_stand_apart_and_every_number_says_whose_it_is(tmp_path: Path) -> None:
    of_a = entry("one.dcm", drawn(M.HC, 175.0), drawn(M.AC, 152.0), fetus="A")
    of_b = entry("two.dcm", drawn(M.HC, 150.0), drawn(M.FL, 28.0), fetus="B")
    forgotten = entry("three.dcm", drawn(M.FL, 99.0))
    said = text(build([of_b, of_a, forgotten], options()), tmp_path)
    made = growth(of_a, of_b, forgotten)

    assert "A HC 175.0 mm" in said and "B HC 150.0 mm" in said and "A HC, WHO" in said and "B HC, WHO" in said
    assert "Fetus A: Ages on one axis" in said and "Nobody said which fetus is seen in clip 3" in said
    assert not re.search(r"(?<![AB] )\bEFW \d", said)
    assert [one["fetus"] for one in made["fetuses"]] == ["A", "B"] and made["unassigned_clips"] == [3]
    assert [one["weight"] for one in made["fetuses"]] == [None, None]


def test_pictures_of_nobody_are_no_study(tmp_path: Path) -> None:
    two = [entry(f"{name}.png", days=None, origin=Origin()) for name in "ab"]

    assert study_tables(two) == ()
    assert "Growth and ages" not in text(build(two, options()), tmp_path)
    assert len(study_tables([replace(one, study_notes=StudyNotes(dating=dated(), exam_day=EXAM)) for one in two])) == 1


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return a function that runs the command on made-up clips and returns status, JSON and what was said."""
    clips: dict[str, Clip] = {}
    monkeypatch.setattr(analyze_module, "load", lambda given=None: FakeEngine())
    monkeypatch.setattr(analyze_module, "read_clip", lambda path: clips[path.name])
    monkeypatch.setattr(analyze_module, "_today", lambda: date(2026, 4, 1))

    def run(*arguments: str, made: tuple[Clip, ...]) -> tuple[int, list[dict[str, Any]]]:
        clips.update({clip.path.name: clip for clip in made})
        for name in clips:
            (tmp_path / name).write_bytes(b"x")
        out = tmp_path / "out.json"
        out.unlink(missing_ok=True)
        paths = [str(tmp_path / clip.path.name) for clip in made]
        try:
            status = cli.main(["analyze", *paths, "--json", str(out), *arguments], lambda _paths: 0, why_no_window=str)
        except SystemExit as error:
            return int(str(error.code)), []
        return status, json.loads(out.read_text()) if out.is_file() else []

    return run


ONE = (make_clip(3, name="one.dcm", height=240, width=320),)


@pytest.mark.parametrize(
    "dating", ["lmp=2025-10-22", "edd=2026-07-29", "scan=11w6d@2026-01-13", "crl=60@2026-01-16:robinson"]
)
def test_the_command_dates_in_every_form(read: Any, dating: str) -> None:
    status, table = read("--dating", dating, "--dated-by", "A. Sonographer", made=ONE)

    assert status == 0 and len(table) == 2
    jsonschema.validate(table, SCHEMA, jsonschema.Draft202012Validator)
    assert abs(table[1]["growth"]["age"]["days"] - 143) <= 1
    assert table[1]["growth"]["dating"]["who"] == "A. Sonographer"
    hc = next(row for row in table[1]["growth"]["fetuses"][0]["sizes"] if row["measure"] == "hc")
    assert hc["centiles"]["who"]["said"] == "> P97.5"


@pytest.mark.parametrize(
    ("dating", "said"),
    [
        ("crl=120@2026-01-16", "15–95"),
        ("lmp=2027-01-01", "still to come. Nothing was read."),
        ("lmp=1/2/2026", "is none of lmp="),
        ("scan=99w@2026-01-01", "is none of lmp="),
        ("head=175", "is none of lmp="),
    ],
)
def test_the_command_refuses_what_cannot_be_before_it_reads(
    read: Any, capsys: pytest.CaptureFixture[str], dating: str, said: str
) -> None:
    status, table = read("--dating", dating, "--dated-by", "A.", made=ONE)

    assert status == 2 and table == [] and said in capsys.readouterr().err


def test_the_command_leaves_a_dating_out_that_the_files_contradict(
    read: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    status, table = read("--dating", "scan=20w3d@2026-03-14", "--dated-by", "A.", made=ONE)
    assert status == 1 and table[1]["growth"]["dating"] is None
    assert "cannot date its centiles" in "".join(capsys.readouterr())

    other = make_clip(3, name="two.dcm", patient="P-002", height=240, width=320)
    status, table = read("--dating", "lmp=2025-10-22", "--dated-by", "A.", made=(*ONE, other))
    assert status == 1 and all(row["growth"]["dating"] is None for row in table if "growth" in row)
    assert "several studies" in "".join(capsys.readouterr())


def test_json_and_report_say_that_a_dating_was_left_out_and_not_that_nobody_entered_one(
    read: Any, tmp_path: Path
) -> None:
    report = tmp_path / "out.pdf"
    written = "--dated-by", "A.", "--report", str(report)
    _status, late = read("--dating", "scan=20w3d@2026-03-14", *written, made=ONE)
    said = text_of(list(PdfReader(report).pages))
    other = make_clip(3, name="two.dcm", patient="P-002", height=240, width=320)
    _status, several = read("--dating", "lmp=2025-10-22", *written, made=(*ONE, other))

    jsonschema.validate([*late, *several], SCHEMA, jsonschema.Draft202012Validator)
    found = [row["growth"] for row in (*late, *several) if "growth" in row]
    assert [one["dating_refused"]["reason"] for one in found] == ["scan_not_earlier", *["several_studies"] * 2]
    assert "cannot date its centiles" in found[0]["dating_refused"]["sentence"]
    assert {one["age"]["reason"] for one in found} == {"dating_refused"}
    assert "Nobody entered a dating" not in json.dumps(found)
    assert "Dating left out" in said and "cannot date its centiles" in said
    assert "Nobody entered a dating" not in said


def test_the_exams_day_is_taken_from_the_user_where_the_files_do_not_say(read: Any) -> None:
    silent = make_clip(3, name="a.png", height=240, width=320, origin=Origin())
    by = "--dating", "lmp=2025-10-22", "--dated-by", "A."
    _status, unknown = read(*by, made=(silent,))
    _status, known = read(*by, "--exam-day", "2026-03-14", made=(silent,))

    assert unknown[1]["growth"]["age"]["reason"] == "exam_day_unknown"
    assert known[1]["growth"]["age"] == {"days": 143}


def test_who_dated_must_be_said(read: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert read("--dating", "lmp=2025-10-22", made=ONE)[0] == 2
    assert "--dating needs --dated-by" in capsys.readouterr().err


def test_a_fitted_interval_stands_on_the_axis_and_in_the_json(tmp_path: Path) -> None:
    one = entry("one.dcm")
    interval = AgeInterval(GestationalAge(128), GestationalAge(158), 0.9, "hadlock_hc")
    findings = tuple(
        replace(found, answer=replace(found.answer, interval=interval))
        if isinstance(found.answer, AgeEstimate)
        else found
        for found in one.reading.findings
    )
    fitted = replace(one, reading=replace(one.reading, findings=findings))
    content = build([fitted], options())
    (study,) = content.studies

    assert axis_rows(study, study.fetuses[0])[1].interval == (128.0, 158.0)
    assert growth(fitted)["fetuses"][0]["ages_by_model"][0]["interval"] == {"low": 128, "high": 158, "level": 0.9}
    assert "Between the strokes" in text(content, tmp_path)
    assert "Between the strokes" not in text(build([one], options()), tmp_path)


def test_one_study_identifier_on_files_of_two_patients_is_no_study_of_theirs() -> None:
    shared = [Origin(patient_id=name, study_uid="1.2.3", study_date="20260314") for name in ("P-1", "P-2")]
    first, second = (
        entry(f"{origin.patient_id}.dcm", drawn(M.HC, size), origin=origin)
        for origin, size in zip(shared, (170.0, 180.0), strict=True)
    )
    sizes = [one.fetuses[0].size(M.HC) for one in study_tables([first, second])]

    assert [size.size_mm for size in sizes if size is not None] == [pytest.approx(170.0), pytest.approx(180.0)]


def test_the_scale_of_a_length_by_hand_is_named_where_the_model_gives_no_age(tmp_path: Path) -> None:
    clip = make_clip(3, name="one.dcm", height=240, width=320)
    femur = ClipEntry(clip, make_reading(clip, best="femur"), notes=ClipNotes(measured=(drawn(M.FL, 33.0),)))

    assert growth(femur)["fetuses"][0]["scales"] == [
        "Scale from the file's ultrasound regions: 0.500\u2009mm/px (clip 1)"
    ]


def test_a_dating_by_this_exams_own_crl_is_not_called_independent_of_it() -> None:
    other = Dating.by_scan(EXAM - timedelta(days=70), GestationalAge(80), "A.", by_crl=True)
    own = Dating.by_scan(EXAM, GestationalAge(150), "A.", by_crl=True)
    told = [
        " ".join(growth(replace(entry("one.dcm", *WHOLE), study_notes=StudyNotes(dating=one)))["fetuses"][0]["depends"])
        for one in (other, own)
    ]

    assert ["nothing in this exam's pictures" in one for one in told] == [True, False]

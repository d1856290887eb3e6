"""Twins: every number of a report and of the JSON stands under the fetus that its clip was stated to show."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fakes import FakeEngine, fan_picture, make_clip, make_reading
from PIL import Image
from pooled_tools import some_lengths
from pypdf import PdfReader
from report_pages import options, pages_of, text_of

from fetalclip_app import cli
from fetalclip_app.cli import analyze as analyze_module
from fetalclip_app.cli.fetuses import with_fetuses
from fetalclip_app.cli.manifest import Wanted, from_manifest
from fetalclip_app.domain.clip import Origin
from fetalclip_app.domain.reading import Finding, HeadMeasurement, HeadSize
from fetalclip_app.errors import ErrorCode, InvalidInput
from fetalclip_app.report.as_json import as_table
from fetalclip_app.report.build import ClipEntry, build

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "analyze.schema.json").read_text(encoding="utf-8"))

SIZES = {"A": 151.0, "B": 232.0, None: 313.0}
"""HC by fetus; BPD and OFD, and the lengths over the clip, are near it."""


def _entry(name: str, fetus: str | None, **changes: Any) -> ClipEntry:
    """Return a clip all of whose lengths tell the fetus."""
    clip = make_clip(frames=5, name=name, **changes)
    reading = make_reading(clip)
    hc = SIZES[fetus or None]
    found = reading.finding("head")
    assert found is not None and isinstance(found.answer, HeadMeasurement)
    head = replace(found.answer, size=HeadSize(hc_mm=hc, bpd_mm=hc + 1, ofd_mm=hc + 2))
    pooled = some_lengths().lengths[0]
    size = replace(pooled.size, median_mm=hc + 3, low_mm=hc - 4, high_mm=hc + 4)  # type: ignore[type-var]
    values = tuple(replace(value, value_mm=hc + 3.5, beyond=None) for value in pooled.values)
    whole = replace(some_lengths(), lengths=(replace(pooled, size=size, values=values),))
    findings = [Finding("head", head, 2) if one.task_key == "head" else one for one in reading.findings]
    made = replace(reading, findings=(*findings, Finding("whole_clip", whole)))
    return ClipEntry(clip, made, name, fetus=fetus)


def _parts(text: str) -> list[tuple[str, str]]:
    """Return what is said under each mention of a fetus, in order."""
    pieces = re.split(r"(Fetus [A-D]|Fetus not stated)", text.split("Method and provenance", maxsplit=1)[0])
    return list(zip(pieces[1::2], pieces[2::2], strict=True))


def _sizes_in(text: str) -> set[int]:
    """Return to whom the lengths in a text belong, by their hundreds of mm."""
    return {int(length[0]) for length in re.findall(r"\b([123]\d\d\.\d)(?=[ –]|$)", text)}


@pytest.mark.parametrize("order", [*itertools.permutations(["A1", "B1", "A2", "B2"])][::5])
def test_no_number_of_one_fetus_stands_under_another(order: tuple[str, ...], tmp_path: Path) -> None:
    entries = [_entry(f"{name}.dcm", name[0]) for name in order]

    parts = _parts(text_of(pages_of(build(entries, options()), tmp_path)))

    assert {title for title, _ in parts} == {"Fetus A", "Fetus B"}
    for title, said in parts:
        assert _sizes_in(said) <= {1 if title == "Fetus A" else 2}, (title, said)
        assert not re.search(r"[AB]\d\.dcm", said) or re.findall(r"([AB])\d\.dcm", said)[0] == title[-1]
    assert {size for title, said in parts for size in _sizes_in(said)} == {1, 2}, "every part was found"


def test_clips_of_one_fetus_stand_together_and_those_of_nobody_last(tmp_path: Path) -> None:
    entries = [_entry(name, fetus) for name, fetus in (("1.dcm", None), ("2.dcm", "B"), ("3.dcm", "A"), ("4.dcm", "B"))]

    content = build(entries, options())

    assert [entry.name for entry in content.clips] == ["3.dcm", "2.dcm", "4.dcm", "1.dcm"]
    parts = _parts(text_of(pages_of(content, tmp_path)))
    unstated = [said for title, said in parts if title == "Fetus not stated"]
    assert unstated and all(_sizes_in(said) <= {3} for said in unstated)


def test_twins_of_two_patients_are_not_mixed(tmp_path: Path) -> None:
    def of(patient: str) -> dict[str, Any]:
        return {"patient": patient, "origin": Origin(patient_id=patient, patient_name=patient, study_uid=patient)}

    entries = [
        _entry("1.dcm", "A", **of("ANNA")),
        _entry("2.dcm", "A", **of("BERTA")),
        _entry("3.dcm", "B", **of("ANNA")),
        _entry("4.dcm", "B", **of("BERTA")),
    ]

    content = build(entries, options())
    assert [entry.name for entry in content.clips] == ["1.dcm", "3.dcm", "2.dcm", "4.dcm"]
    text = text_of(pages_of(content, tmp_path))
    for title in ("ANNA: Fetus A", "ANNA: Fetus B", "BERTA: Fetus A", "BERTA: Fetus B"):
        assert re.search(re.sub(r"(\w+):", r"\1[^:]*:", title), text), title


def test_a_single_pregnancy_beside_anothers_twins_has_no_fetus_to_name(tmp_path: Path) -> None:
    def of(patient: str) -> dict[str, Any]:
        return {"patient": patient, "origin": Origin(patient_id=patient, patient_name=patient, study_uid=patient)}

    twins = [_entry("1.dcm", "A", **of("ANNA")), _entry("2.dcm", "", **of("ANNA"))]
    alone = [_entry("3.dcm", "", **of("BERTA")), _entry("4.dcm", "", **of("BERTA"))]

    text = text_of(pages_of(build([*twins, *alone], options()), tmp_path))

    assert re.search(r"ANNA[^:]*: Fetus A", text) and re.search(r"ANNA[^:]*: Fetus not stated", text)
    assert "Fetus not stated · 2 2.dcm" in text, "nobody spoke of one of the twins' clips"
    for number in (3, 4):
        assert f"{number} {number}.dcm" in text and f"Fetus not stated · {number} {number}.dcm" not in text
    assert "BERTA, BERTA 3 3.dcm" in text and "BERTA, BERTA: Fetus" not in text


def test_a_single_pregnancy_speaks_of_no_fetus_and_keeps_its_order(tmp_path: Path) -> None:
    entries = [replace(_entry(name, "A"), fetus="") for name in ("2.dcm", "1.dcm")]

    content = build(entries, options())

    assert [entry.name for entry in content.clips] == ["2.dcm", "1.dcm"]
    assert "Fetus A" not in text_of(pages_of(content, tmp_path))
    assert "fetus" not in as_table(entries)[0]


def test_the_json_names_the_fetus_beside_its_numbers() -> None:
    entries = [_entry("1.dcm", "B"), _entry("2.dcm", "A"), _entry("3.dcm", None)]

    table = json.loads(json.dumps(as_table(entries), allow_nan=False))

    jsonschema.validate(table, SCHEMA, jsonschema.Draft202012Validator)
    assert [row["fetus"] for row in table] == ["B", "A", None]
    for row in table:
        assert row["head"]["hc_mm"] == SIZES[row["fetus"]]
        assert row["whole_clip"]["lengths"][0]["median_mm"] == SIZES[row["fetus"]] + 3


def test_a_fetus_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="fetus"):
        replace(_entry("1.dcm", "A"), fetus="E")


@pytest.fixture
def scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Put the fake engine where the network would be built, and return two scans."""
    fake = FakeEngine()
    monkeypatch.setattr(analyze_module, "load", lambda given=None: fake)
    paths = [tmp_path / "one.png", tmp_path / "two.png"]
    for seed, path in enumerate(paths):
        Image.fromarray(fan_picture(seed=seed)).save(path)
    return paths


def _run(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments], lambda paths: 0, why_no_window=lambda: "")


def _fetuses(out: Path) -> list[object]:
    return [row.get("fetus", "absent") for row in json.loads(out.read_text(encoding="utf-8"))]


def test_the_command_line_takes_whose_scan_a_file_is(
    scans: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, report = tmp_path / "out.json", tmp_path / "out.pdf"

    assert _run("analyze", *scans, "--fetus", f"{scans[1]}=b", "--json", out, "--report", report) == 0

    assert _fetuses(out) == [None, "B"]
    assert "Fetus not stated" in text_of(list(PdfReader(report).pages))
    first, second = capsys.readouterr().err.splitlines()[:2]
    assert ": 1 frame" in first and ": Fetus B, 1 frame" in second


def test_all_files_of_a_folder_may_be_of_one_fetus(scans: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out.json"

    assert _run("analyze", *scans, "--fetus", f"{tmp_path}=A", "--json", out) == 0
    assert _fetuses(out) == ["A", "A"]


def test_a_manifest_may_state_the_fetus(scans: list[Path], tmp_path: Path) -> None:
    rows, out = tmp_path / "rows.csv", tmp_path / "out.json"
    rows.write_text("file,fetus,pixel_mm\none.png,a,0.2\ntwo.png,,0.2\n", encoding="utf-8")

    assert _run("analyze", "--manifest", rows, "--json", out) == 0
    assert _fetuses(out) == ["A", None]


def test_what_is_stated_of_one_study_says_nothing_of_another(scans: list[Path], tmp_path: Path) -> None:
    other, out = tmp_path / "other", tmp_path / "out.json"
    other.mkdir()
    alone = scans[0].rename(other / "one.png")

    assert _run("analyze", scans[1], alone, tmp_path / "gone.png", "--fetus", f"{scans[1]}=B", "--json", out) == 1
    assert _fetuses(out) == ["B", "absent", "absent"]


def test_a_manifest_with_a_fetus_that_there_is_not_is_refused(tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("file,pixel_mm,fetus\none.png,0.2,E\n", encoding="utf-8")

    with pytest.raises(InvalidInput) as raised:
        from_manifest(rows)
    assert "fetus 'E' is none of A, B" in str(raised.value.parameters["problem"])


def test_a_file_of_two_fetuses_and_a_statement_of_no_file_are_refused() -> None:
    wanted = [Wanted("one.png", Path("one.png"), fetus="A")]

    with pytest.raises(InvalidInput) as twice:
        with_fetuses(wanted, [(Path("one.png"), "B")])
    with pytest.raises(InvalidInput) as nowhere:
        with_fetuses(wanted, [(Path("three.png"), "B")])
    assert (twice.value.code, nowhere.value.code) == (ErrorCode.FETUS_UNCLEAR, ErrorCode.FETUS_OF_NO_FILE)


def test_what_is_stated_wrongly_ends_the_call_before_anything_is_read(
    scans: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"

    assert _run("analyze", scans[0], "--fetus", f"{scans[1]}=B", "--json", out) == 2
    assert "none of the files that are read" in capsys.readouterr().err and not out.exists()
    with pytest.raises(SystemExit):
        _run("analyze", scans[0], "--fetus", f"{scans[0]}=E", "--json", out)
    assert "is not FILE=A or FILE=B" in capsys.readouterr().err

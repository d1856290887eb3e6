"""Numbers leave the program as a table, frames as pictures, cines as films: whole, with what lies over them."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import av
import jsonschema
import numpy as np
import pytest
from fakes import make_clip
from hand_tools import AT
from line_tools import some_lines, with_lines
from pooled_tools import some_lengths
from report_pages import entry
from study_tools import dated, drawn

from fetalclip_app import RESEARCH_USE_ONLY, wording
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.clip import Origin
from fetalclip_app.domain.notes import ClipNotes, StudyNotes
from fetalclip_app.domain.reading import Finding, HeadMeasurement
from fetalclip_app.domain.sign_off import SignOff
from fetalclip_app.errors import ExportFailed
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.progress import Cancelled, CancelToken, silent
from fetalclip_app.report.annotated import annotated, overlays_of, write_key_pictures
from fetalclip_app.report.as_csv import COLUMNS, write_csv
from fetalclip_app.report.document import as_document
from fetalclip_app.report.entries import ClipEntry
from fetalclip_app.report.movie import HELD_S, write_movie
from fetalclip_app.report.seal import signed_studies
from fetalclip_app.wording.translate import speaking


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


def measured(**more: object) -> ClipEntry:
    notes = ClipNotes(measured=(drawn(Measure.FL, 33.0, frame_index=3),))
    return replace(entry(**more), notes=notes, study_notes=StudyNotes(dating=dated()))


def test_every_number_is_a_row_with_its_unit_and_source(tmp_path: Path) -> None:
    one = measured()
    with speaking("de"):
        write_csv(tmp_path / "out.csv", [one])
    table = rows(tmp_path / "out.csv")
    by_id = {row["id"]: row for row in table}
    hc = by_id[f"{one.clip.key}.hc.outline"]
    size = one.reading.answer("head", HeadMeasurement).size

    assert tuple(table[0]) == COLUMNS and {row["note"] for row in table} == {RESEARCH_USE_ONLY}
    assert float(hc["value"]) == pytest.approx(size.hc_mm) and hc["unit"] == "mm" and hc["frame"] == "2"
    assert hc["model_sha256"] == one.reading.provenance.model.sha256 and "Ramanujan" in hc["citation"]
    assert float(hc["row_mm"]) == 0.5 and hc["file"] == one.name
    mine = next(row for row in table if row["of"] == "fl" and row["by"] == "person")
    assert float(mine["value"]) == pytest.approx(33.0) and mine["changed_by"] == "A. Sonographer"


def test_an_abstention_is_a_row_without_a_number(tmp_path: Path) -> None:
    write_csv(tmp_path / "out.csv", [entry(pixel_mm=None)])
    table = {row["of"]: row for row in rows(tmp_path / "out.csv") if row["abstained"]}

    assert "no scale" in table["head"]["abstained"] and table["head"]["value"] == ""
    assert "no scale" in table["gestational_age"]["abstained"]


def test_each_part_of_an_answer_that_has_no_number_is_a_row_with_its_frame(tmp_path: Path) -> None:
    clip = make_clip(12, name="a.dcm")
    lines = with_lines(clip, some_lines(3))
    found = (*lines.findings, Finding("whole_clip", some_lengths()))
    write_csv(tmp_path / "out.csv", [ClipEntry(clip, replace(lines, findings=found), "a.dcm")])
    silent_rows = {row["of"]: row for row in rows(tmp_path / "out.csv") if row["abstained"]}

    assert {"ac", "apad", "whole_clip.fl.landmarks"} <= set(silent_rows) and "tad" not in silent_rows
    assert silent_rows["apad"]["frame"] == "3" and silent_rows["apad"]["clip"] == clip.key
    assert all(row["value"] == "" for row in silent_rows.values())


def test_a_size_that_a_study_has_not_names_the_clips_of_its_own_study(tmp_path: Path) -> None:
    one = entry(name="a.dcm", pixel_mm=None, origin=Origin(patient_id="P-1", study_uid="1.1"))
    other = entry(name="b.dcm", pixel_mm=None, origin=Origin(patient_id="P-2", study_uid="2.2"))
    write_csv(tmp_path / "out.csv", [one, other])
    table = [row for row in rows(tmp_path / "out.csv") if row["of"] == "hc" and row["abstained"]]

    assert [(row["clip"], row["file"]) for row in table] == [(one.clip.key, "a.dcm"), (other.clip.key, "b.dcm")]


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    write_csv(tmp_path / "out.csv", [entry(name='=HYPERLINK("x").dcm')])
    files = {row["file"] for row in rows(tmp_path / "out.csv")}

    assert files and all(not name.startswith(("=", "+", "-", "@")) for name in files)


def frames_of(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


def test_a_film_has_every_frame_and_holds_those_that_something_is_drawn_on(tmp_path: Path) -> None:
    one = measured(height=121, width=161)
    seen: list[tuple[int, int]] = []
    write_movie(tmp_path / "out.mp4", one, CancelToken(), lambda done, total: seen.append((done, total)))
    film, held = frames_of(tmp_path / "out.mp4"), round(HELD_S * one.clip.rate.hz)

    assert len(film) == 5 - 2 + 2 * held, "the head's frame and the femur's stand still"
    assert seen[-1] == (5, 5)
    assert film[0].shape[0] % 2 == film[0].shape[1] % 2 == 0
    plain, head = one.clip.frame(0).pixels, annotated(one, 2, overlays_of(one)[2])
    assert np.abs(film[0][:121, :161].astype(int) - plain).mean() < 6
    assert np.abs(film[3][:121, :161].astype(int) - head).mean() < 6
    again = read_clip(tmp_path / "out.mp4")
    assert again.rate.hz == pytest.approx(one.clip.rate.hz, rel=1e-3) and len(again) == len(film)


def test_a_film_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    cancel = CancelToken()

    def stop(done: int, total: int) -> None:
        cancel.cancel()

    with pytest.raises(Cancelled):
        write_movie(tmp_path / "out.mp4", measured(), cancel, stop)
    assert list(tmp_path.iterdir()) == []


def test_a_single_picture_is_no_film(tmp_path: Path) -> None:
    with pytest.raises(ExportFailed) as raised:
        write_movie(tmp_path / "out.mp4", entry(frames=1, name="one.png"), CancelToken(), silent)

    assert wording.sentence(raised.value) == "one.png is a single picture and no cine."
    assert "PNG" in wording.hint(raised.value)


def test_pictures_are_those_over_which_something_is_drawn(tmp_path: Path) -> None:
    one = measured(heat=True)
    written = write_key_pictures(tmp_path, "one", one)

    assert [path.name for path in written] == ["one_frame3.png", "one_frame4.png"]
    assert not np.array_equal(annotated(one, 3, overlays_of(one)[3]), one.clip.frame(3).pixels)
    assert write_key_pictures(tmp_path, "two", entry(best="heart", origin=Origin())) == []


def test_a_signature_stands_in_the_json_and_fits_the_schema() -> None:
    schema = json.loads((Path(__file__).parents[2] / "docs" / "analyze.schema.json").read_text(encoding="utf-8"))
    one = measured()
    (study,) = signed_studies([one])
    signed = replace(one, study_notes=replace(one.study_notes, signed=SignOff("M. Fischer", AT.when, study.seal)))
    table = as_document([signed])

    jsonschema.validate(table, schema, jsonschema.Draft202012Validator)
    assert table[-1]["sign_off"]["state"] == "signed" and table[-1]["sign_off"]["name"] == "M. Fischer"
    assert not any("sign_off" in row for row in as_document([one]))

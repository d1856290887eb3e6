"""Where numbers come from: every number of a study has a trace that leads back to pictures and people."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicom_files import cine, dataset_of, write
from fakes import make_clip, make_reading
from hand_tools import AT
from study_tools import EXAM, dated, drawn

from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.calibration import Ruler
from fetalclip_app.domain.clip import Origin
from fetalclip_app.domain.notes import ClipNotes, Enters, HandMeasurement, Line, StudyNotes
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.trace import By, Did, Kind, MaskDigest, Trace
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.report.build import ClipEntry
from fetalclip_app.report.studies import study_tables
from fetalclip_app.report.traces import traces

M = Measure
WHOLE = (drawn(M.HC, 175.0), drawn(M.BPD, 47.0, BpdDefinition.OUTER_INNER), drawn(M.AC, 152.0), drawn(M.FL, 33.0))


def entry(name: str, *measured: HandMeasurement, fetus: str | None = "", **more: Any) -> ClipEntry:
    origin = Origin(
        patient_id="P-001", study_date="20260314", study_description="Second trimester", instance_uid=f"1.2.{len(name)}"
    )
    clip = make_clip(3, name=name, height=240, width=320, origin=origin)
    study = StudyNotes(dating=dated(), exam_day=EXAM)
    notes = ClipNotes(measured=measured, **more)
    return ClipEntry(clip, make_reading(clip), f"/a/folder/{name}", fetus=fetus, notes=notes, study_notes=study)


def by_id(*entries: ClipEntry) -> dict[str, Trace]:
    found = traces(entries)
    assert len({one.id for one in found}) == len(found)
    return {one.id: one for one in found}


def test_every_number_of_the_study_table_has_a_trace_with_its_value() -> None:
    twins = entry("one.dcm", *WHOLE, fetus="A"), entry("second.dcm", drawn(M.HC, 150.0), fetus="B")
    found = by_id(*twins)
    (table,) = study_tables(twins)

    for fetus in table.fetuses:
        for row in fetus.rows:
            assert row.value is not None
            edges = "" if row.bpd_definition is None else f"{row.bpd_definition}."
            assert found[f"{fetus.fetus}.{row.measure}.{edges}{row.value.source}"].value == row.value.size_mm
        for age in fetus.formula_ages:
            if isinstance(age.days, float):
                assert found[f"{fetus.fetus}.age.{age.key}"].value == age.days
    assert table.fetuses[0].weight is not None
    assert found["A.efw"].value == table.fetuses[0].weight.weight_g
    assert found["dating"].value == 143
    assert found["A.hc.who"].value == pytest.approx(33, abs=1)
    assert "B.efw" not in found


def test_every_input_is_a_number_of_the_report_and_leads_to_a_picture_or_a_persons_word() -> None:
    found = by_id(entry("one.dcm", *WHOLE), entry("second.dcm", drawn(M.HC, 177.0)))

    def roots(one: Trace) -> list[Trace]:
        return [root for name in one.inputs for root in roots(found[name])] if one.inputs else [one]

    for one in found.values():
        assert all(root.pictures or root.by is By.DATING for root in roots(one)), one.id
    assert {one.clip for one in roots(found["hc.person"])} == {one.clip for one in found.values() if one.clip}


def test_a_drawn_length_names_picture_scale_shape_rule_and_who_drew_it() -> None:
    one = entry("one.dcm", drawn(M.HC, 175.0, frame_index=2))
    trace = by_id(one)[f"{one.clip.key}.hc.person.1"]
    (picture,) = trace.pictures

    assert (picture.file, picture.frame_index, picture.frame_number) == ("one.dcm", 2, 3)
    assert picture.sop_instance_uid == "1.2.7"
    assert (picture.region_index, picture.row_mm, picture.column_mm) == (0, 0.5, 0.5)
    assert isinstance(trace.shape, Ellipse) and trace.equation is not None and "Ramanujan" in trace.equation.citation
    assert trace.made_by is None
    (edit,) = trace.edits
    assert (edit.did, edit.before, edit.after) == (Did.DRAWN, None, pytest.approx(175.0))
    assert (edit.who, edit.when) == (AT.who, AT.when.isoformat())


def test_a_value_that_enters_in_place_of_the_models_says_so_with_both() -> None:
    one = entry("one.dcm", drawn(M.HC, 175.0))
    found = by_id(one)
    last = found["hc.person"].edits[-1]

    assert last.did is Did.ENTERED and last.after == pytest.approx(175.0)
    assert last.before == found[f"{one.clip.key}.hc.outline"].value
    assert (last.who, last.when) == (AT.who, AT.when.isoformat())


def test_a_number_of_the_model_names_weights_prompts_and_preprocessing() -> None:
    one = entry("one.dcm")
    found, made = by_id(one), one.reading.provenance
    hc, view = found[f"{one.clip.key}.hc.outline"], found[f"{one.clip.key}.views.brain"]

    for trace in (hc, view):
        assert trace.made_by is not None
        assert (trace.made_by.model_sha256, trace.made_by.preprocessing) == (made.model.sha256, made.preprocessing)
        assert trace.made_by.prompts == made.view_sets["views"] and trace.made_by.app_version == made.app_version
    assert view.kind is Kind.SHARE and view.unit == "1" and hc.unit == "mm"
    assert found["hc.outline"].inputs == (hc.id,) and found["hc.outline"].made_by == hc.made_by


def test_where_the_models_value_was_chosen_the_study_takes_it_and_the_drawn_one_stays_traced() -> None:
    one = entry("one.dcm", drawn(M.HC, 175.0), enters={M.HC: Enters.MODEL})
    found = by_id(one)

    assert "hc.outline" in found and "hc.person" not in found
    assert found[f"{one.clip.key}.hc.person"].value == pytest.approx(175.0)


def test_repeats_are_traced_one_by_one_and_their_mean_names_them() -> None:
    one = entry("one.dcm", drawn(M.FL, 32.0), drawn(M.FL, 34.0))
    mean = by_id(one)[f"{one.clip.key}.fl.person"]

    assert mean.value == pytest.approx(33.0)
    assert [by_id(one)[name].value for name in mean.inputs] == pytest.approx([32.0, 34.0])
    assert isinstance(by_id(one)[mean.inputs[0]].shape, Line)


def test_ids_stay_the_same_whatever_the_order_and_two_studies_do_not_share_one() -> None:
    first, second = entry("one.dcm", *WHOLE), entry("second.dcm", drawn(M.HC, 177.0))
    other = replace(
        second, clip=replace(second.clip, origin=replace(second.clip.origin, patient_id="P-002", study_uid="9"))
    )

    assert set(by_id(first, second)) == set(by_id(second, first))
    assert {"study1.hc.person", "study2.hc.person"} <= set(by_id(first, other))


def test_a_file_is_named_by_the_whole_digest_of_its_content(tmp_path: Path) -> None:
    path = write(tmp_path / "one.dcm", dataset_of(cine(3), FrameTime=40))
    clip = read_clip(path)
    found = traces([ClipEntry(clip, make_reading(clip), str(path))])

    assert len(clip.content_key.sha256()) == 64 and clip.key == clip.content_key.sha256()[:16]
    assert {picture.sha256 for one in found for picture in one.pictures} == {clip.content_key.sha256()}
    assert {picture.sop_instance_uid for one in found for picture in one.pictures} == {clip.origin.instance_uid}


def test_masks_of_other_shape_or_bits_have_other_digests() -> None:
    mask = np.zeros((4, 6), bool)
    other = mask.copy()
    other[1, 2] = True

    assert len({MaskDigest.of(one).sha256 for one in (mask, other, mask.reshape(6, 4))}) == 3


def test_a_scale_by_hand_is_an_edit_of_each_length_with_what_it_was_before(tmp_path: Path) -> None:
    one = entry("one.dcm", drawn(M.FL, 33.0))
    archive, later = Archive(tmp_path / "archive.db"), replace(AT, who="B. Reader", when=AT.when + timedelta(hours=1))
    ruler, longer = Ruler((20.0, 20.0), (120.0, 20.0), 60.0), drawn(M.FL, 40.0)
    moved = replace(longer, uid=one.notes.measured[0].uid)
    for notes, act in (
        (one.notes, AT),
        (replace(one.notes, rulers=(ruler,)), later),
        (replace(one.notes, rulers=(ruler,), measured=(moved,)), AT),
    ):
        archive.save_clip(one.clip.key, notes, act, study="study 1")
    history = archive.load_history(one.clip.key)
    archive.close()
    clip = one.clip.with_rulers([ruler])
    notes = replace(one.notes, measured=(moved,))
    found = by_id(replace(one, clip=clip, reading=make_reading(clip), notes=notes, history=history))

    # 33 mm at 0.5 mm a pixel are 39.6 at 0.6
    assert [(edit.did, edit.before, edit.after, edit.who) for edit in found[f"{clip.key}.fl.person.1"].edits] == [
        (Did.DRAWN, None, pytest.approx(33.0), AT.who),
        (Did.SCALED, pytest.approx(33.0), pytest.approx(39.6), "B. Reader"),
        (Did.CHANGED, pytest.approx(39.6), pytest.approx(48.0), AT.who),
    ]
    assert found["fl.person"].edits[-1].who == AT.who
    bpd = found[f"{clip.key}.bpd.outline"]
    (edit,) = bpd.edits
    assert isinstance(bpd.shape, Ellipse)
    assert (edit.did, edit.who, edit.after) == (Did.SCALED, "B. Reader", bpd.value)
    assert edit.before == pytest.approx(2 * bpd.shape.b * 0.5), "by the minor axis, and not around the head"


def test_without_a_history_a_scale_is_no_edit_and_the_drawing_has_the_length_of_now() -> None:
    one = entry("one.dcm", drawn(M.FL, 33.0))
    clip = one.clip.with_rulers([Ruler((20.0, 20.0), (120.0, 20.0), 60.0)])
    (edit,) = by_id(replace(one, clip=clip))[f"{clip.key}.fl.person.1"].edits

    assert (edit.did, edit.after) == (Did.DRAWN, pytest.approx(39.6))


def test_a_dating_tells_what_it_was_before_by_whom_and_when(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive.db")
    first, second = StudyNotes(dating=dated(140), exam_day=EXAM), StudyNotes(dating=dated(143), exam_day=EXAM)
    later = replace(AT, who="B. Sonographer", when=AT.when + timedelta(hours=1))
    for notes, act in ((first, AT), (replace(first, fetuses=()), AT), (second, later)):
        archive.save_study("study 1", notes, act)
    history = archive.load_study_history("study 1")
    archive.close()
    trace = by_id(replace(entry("one.dcm", *WHOLE), study_history=history))["dating"]

    assert [(one.did, one.before, one.after, one.who) for one in trace.edits] == [
        (Did.DATED, None, 140, AT.who),
        (Did.DATED, 140, 143, "B. Sonographer"),
    ]
    assert [one.when for one in trace.edits] == [AT.when.isoformat(), later.when.isoformat()]
    assert by_id(entry("one.dcm", *WHOLE))["dating"].edits[0].who == "A. Sonographer"

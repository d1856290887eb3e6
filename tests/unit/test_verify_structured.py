"""Verifying a DICOM structured report: whatever is changed of a number is named by it."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
import pytest
from fakes import IDENTITY
from structured_tools import (
    EQUATION,
    IMAGE,
    SQUARE,
    UNIT,
    Change,
    Desk,
    dated_otherwise,
    desk_in,
    items,
    named,
    of,
    of_fetus,
    prompted_otherwise,
    put,
    valued,
)
from verify_tools import entry, other_model, scan

from fetalclip_app.domain.calibration import Ruler
from fetalclip_app.domain.clip import Clip
from fetalclip_app.progress import CancelToken


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return desk_in(tmp_path, monkeypatch)


def test_an_untouched_report_agrees_with_and_without_an_archive(desk: Desk) -> None:
    for keeps in (False, True):
        if keeps:
            desk.keep()
        status, found, others = desk.verify()

        assert status == 0 and others == []
        assert {"hc.person", "fl.person", "clip.fl.person.2", "efw", "dating", "clip.hc.outline"} <= set(found)
        assert {one["outcome"] for one in found.values()} == {"agrees"}


def test_twins_and_scales_by_hand_agree_too(desk: Desk) -> None:
    twin = entry(scan(desk.folder / "originals" / "b.dcm", uid="1.2.3"))
    desk.write(of_fetus(desk.one, "A"), of_fetus(twin, "B"))
    assert desk.verify()[0] == 0

    ruler = Ruler((10.0, 10.0), (110.0, 10.0), 40.0)
    for clip in (desk.one.clip.with_ruler(ruler), desk.one.clip.with_pixel_mm(0.37, override=True)):
        assert isinstance(clip, Clip)
        reading = desk.engine.read(clip, CancelToken(), lambda done, total: None)
        desk.write(replace(desk.one, clip=clip, reading=reading))
        status, found, _others = desk.verify()
        assert status == 0 and found["hc.person"]["stated"] != 175.0


@pytest.mark.parametrize(
    ("name", "why", "part", "change"),
    [
        ("efw", "value", None, valued("efw", 400.0)),
        ("hc.person", "value", None, valued("hc.person", 195.0)),
        ("clip.hc.outline", "value", None, valued("clip.hc.outline", 195.0)),
        ("hc.person", "trace", "/unit", put("cm", "hc.person", *UNIT)),
        ("hc.person", "trace", "/code", put("11979-2", "hc.person", "ConceptNameCodeSequence", "CodeValue")),
        ("clip.hc.outline", "trace", "/frames", put(1, "clip.hc.outline", *IMAGE, "ReferencedFrameNumber")),
        ("clip.hc.outline", "trace", "/images", put("1.2", "clip.hc.outline", *IMAGE, "ReferencedSOPInstanceUID")),
        (
            "clip.hc.outline",
            "trace",
            "/remarks/0",
            put("Region A, 0.9", "clip.hc.outline", "121106", "TextValue"),
        ),
        ("clip.hc.outline", "trace", "/drawn", put(SQUARE, "clip.hc.outline", "SCOORD", "GraphicData")),
        ("clip.fl.person.1", "value", None, put([20, 30, 90, 30], "clip.fl.person.1", "SCOORD", "GraphicData")),
        ("age.hadlock_1984_hc", "trace", "/equation", put("Another", "age.hadlock_1984_hc", *EQUATION)),
        ("clip.hc.outline", "other_model", None, put(f"SHA-256 {'1' * 64}", "clip.hc.outline", "111003", "TextValue")),
        ("clip.hc.outline", "other_prompts", None, prompted_otherwise),
        ("dating", "value", None, dated_otherwise),
    ],
)
def test_whatever_was_changed_of_a_number_is_named(
    name: str, why: str, part: str | None, change: Change, desk: Desk
) -> None:
    desk.change(change)
    differ = desk.differing()

    assert differ[name] == (why, part)
    leads_on = {"dating", "clip.fl.person.1"}  # centiles and weight are computed from these
    assert name in leads_on or set(differ) == {name}


def test_another_patient_day_or_view_is_named_by_its_place(desk: Desk) -> None:
    def change(report: Any) -> None:
        report.PatientName, report.StudyDate = "Other^Anna", "20260315"
        survey = next(item for item in items(report) if named(item) == "55460000")
        survey.ConceptCodeSequence[0].CodeMeaning = "Normal"

    desk.change(change)
    status, _found, others = desk.verify()

    told = {one["at"]: (one["stated"], one["found"]) for one in others}
    assert status == 1
    assert told["/patient_name"] == ("Anna Other", "Case Test") and told["/study_date"] == ("20260315", "20260314")
    assert any("Normal" in str(one["stated"]).split("; ") for one in others)


def test_a_number_that_was_taken_out_is_named(desk: Desk) -> None:
    def change(report: Any) -> None:
        weight = of(report, "efw")
        for item in items(report):
            if weight in (item.get("ContentSequence") or ()):
                item.ContentSequence.remove(weight)

    desk.change(change)
    status, _found, others = desk.verify()
    assert status == 1 and ("/efw", None) in {(one["at"], one["stated"]) for one in others}


def test_an_edited_pixel_names_every_number_of_its_file_and_what_follows_from_it(desk: Desk) -> None:
    path = desk.folder / "originals" / "one.dcm"
    data = pydicom.dcmread(path)
    data.PixelData = bytes([255]) + data.PixelData[1:]
    data.save_as(path)
    status, found, _others = desk.verify()

    assert status == 1
    assert {found[name]["why"] for name in ("hc.person", "efw", "clip.hc.outline")} == {"file_changed"}
    assert found["clip.hc.outline"]["found"] == pytest.approx(found["clip.hc.outline"]["stated"] + 10)


def test_another_model_and_other_prompts_are_named(desk: Desk) -> None:
    desk.engine.identity = other_model()
    assert desk.differing()["clip.hc.outline"] == ("other_model", None)
    desk.engine.identity, desk.engine.prompts = IDENTITY, "99" * 32
    assert desk.differing()["clip.hc.outline"] == ("other_prompts", None)


def test_without_the_original_or_what_was_drawn_nothing_is_claimed(desk: Desk) -> None:
    def change(report: Any) -> None:
        for item in items(report):
            for one in [one for one in item.get("ContentSequence") or () if one.get("ValueType") == "SCOORD"]:
                item.ContentSequence.remove(one)

    desk.change(change)
    found = desk.verify()[1]
    assert found["efw"]["why"] == found["clip.fl.person.1"]["why"] == "not_told"

    (desk.folder / "originals" / "one.dcm").unlink()
    status, found, _others = desk.verify()
    assert status == 2 and {one["outcome"] for one in found.values()} == {"not_checked"}


def test_twins_that_changed_places_are_named(desk: Desk) -> None:
    twin = entry(scan(desk.folder / "originals" / "b.dcm", uid="1.2.3"))
    desk.write(of_fetus(desk.one, "A"), of_fetus(twin, "B"))

    def change(report: Any) -> None:
        for item in items(report):
            if named(item) == "121030":
                item.TextValue = {"A": "B", "B": "A"}[item.TextValue]

    desk.change(change)
    assert desk.differing()["A.hc.person"] == ("trace", "/fetus")

    desk.one = of_fetus(desk.one, "A")
    desk.keep()
    desk.write(of_fetus(desk.one, "B"), of_fetus(twin, "A"))
    assert desk.differing()["B.hc.person"] == ("archive", "/fetus")


@pytest.mark.parametrize("told", ["the line 10.0, 10.0 to 110.0, 10.0 px is 0.0 mm", "0.0 mm/px", "nothing"])
def test_a_scale_that_is_none_is_no_scale_of_the_report(told: str, desk: Desk) -> None:
    def change(report: Any) -> None:
        library = next(item for item in items(report) if named(item) == "111028")
        scale = deepcopy(library.ContentSequence[0].ContentSequence[0])
        scale.TextValue = f"Scale by a person: {told}"
        library.ContentSequence[0].ContentSequence.append(scale)

    desk.change(change)
    assert desk.verify()[0] == 0

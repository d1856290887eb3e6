"""Verifying what a report says of a number besides its value: nothing of a trace is agreed to unseen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import verify_tools as tools
from study_tools import dated
from verify_tools import DRAWN, Desk, change_json, entry, scan, write_json

from fetalclip_app.domain.notes import StudyNotes
from fetalclip_app.report.entries import ClipEntry

Change = Callable[[Any], Any]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    return tools.desk_in(tmp_path, monkeypatch, capsys)


def of(told: Any, name: str) -> Any:
    return next(one for row in told for one in row.get("numbers", ()) if one["id"].endswith(name))


def picture(told: Any, name: str = "hc.outline") -> Any:
    return of(told, name)["pictures"][0]


def end_moved(number: Any) -> None:
    number["shape"]["line"]["last"][0] += 0.1


@pytest.mark.parametrize(
    ("name", "part", "change"),
    [
        ("clip.hc.outline", "/unit", lambda told: of(told, "hc.outline").update(unit="cm")),
        ("clip.hc.outline", "/kind", lambda told: of(told, "hc.outline").update(kind="area")),
        ("clip.hc.outline", "/of", lambda told: of(told, "hc.outline").update(of="ac")),
        ("clip.hc.outline", "/by", lambda told: of(told, "hc.outline").update(by="person")),
        ("clip.hc.person", "/fetus", lambda told: of(told, "hc.person").update(fetus="B")),
        ("clip.hc.outline", "/pictures/0/frame", lambda told: picture(told).update(frame=0)),
        ("clip.hc.outline", "/pictures/0/dicom_frame_number", lambda told: picture(told).update(dicom_frame_number=9)),
        ("clip.hc.outline", "/pictures/0/sop_instance_uid", lambda told: picture(told).update(sop_instance_uid="1.2")),
        ("clip.hc.outline", "/pictures/0/sha256", lambda told: picture(told).update(sha256="0" * 64)),
        ("clip.hc.person.1", "/pictures/0/region", lambda told: picture(told, "hc.person.1").update(region=3)),
        ("clip.hc.person.1", "/pictures/0/row_mm", lambda told: picture(told, "hc.person.1").update(row_mm=0.501)),
        ("clip.hc.outline", "/shape/ellipse/a", lambda told: of(told, "hc.outline")["shape"]["ellipse"].update(a=99.0)),
        ("clip.fl.person.1", "/shape/line/last/0", lambda told: end_moved(of(told, "fl.person.1"))),
        ("clip.hc.outline", "/equation", lambda told: of(told, "hc.outline").update(equation="another")),
        ("clip.hc.outline", "/citation", lambda told: of(told, "hc.outline").update(citation="another")),
        ("clip.hc.outline", "/made_by", lambda told: of(told, "hc.outline").pop("made_by")),
        ("efw", "/inputs", lambda told: of(told, "efw").update(inputs=[])),
        ("clip.hc.outline", "/at", lambda told: of(told, "hc.outline").update(at=None)),
        ("clip.hc.outline", "/made_by/device", lambda told: of(told, "hc.outline")["made_by"].update(device="x")),
        ("hc.person", "/edits/0", lambda told: told[1]["numbers"][1]["edits"][0].update(who="X")),
    ],
)  # fmt: skip
def test_each_part_of_a_trace_that_was_changed_is_named_with_its_number_alone(
    name: str, part: str, change: Change, desk: Desk
) -> None:
    change_json(desk.as_json, change)
    status, found, told = desk.verify(desk.as_json)

    differ = {key: one.get("part") for key, one in found.items() if one["outcome"] == "differs"}
    assert status == 1 and differ == {name: part}
    assert told["other_values"] == []


def test_what_was_changed_of_a_trace_is_said_with_what_it_is_now(desk: Desk) -> None:
    change_json(desk.as_json, lambda told: of(told, "hc.outline").update(unit="cm"))
    desk.verify(desk.as_json)

    assert "/unit of its trace is cm, and now it is mm" in desk.capsys.readouterr().out


def test_a_number_whose_trace_was_taken_away_is_named(desk: Desk) -> None:
    def change(told: Any) -> None:
        told[1]["numbers"].remove(of(told, "efw"))

    change_json(desk.as_json, change)
    assert desk.differing(desk.as_json) == {"efw": "untraced"}

    change_json(desk.as_json, lambda told: told[0].update(numbers=[]))
    assert desk.differing(desk.as_json)["clip.hc.outline"] == "untraced"


@pytest.mark.parametrize(
    ("at", "change"),
    [
        ("/growth/exam_day", lambda told: told[1]["growth"].update(exam_day="2026-03-20")),
        ("/study", lambda told: told[1].update(study="Another study")),
        ("/provenance/model/sha256", lambda told: told[0]["provenance"]["model"].update(sha256="1" * 64)),
        ("/calibration/regions/0/row_mm", lambda told: told[0]["calibration"]["regions"][0].update(row_mm=0.9)),
        ("/provenance/view_sets/views/name", lambda told: told[0]["provenance"]["view_sets"]["views"].update(name="x")),
        ("/growth/fetuses/0/scales/0", lambda told: told[1]["growth"]["fetuses"][0]["scales"].__setitem__(0, "x")),
        ("/frames", lambda told: told[0].update(frames=99)),
    ],
)
def test_days_titles_and_models_that_were_changed_are_named_by_their_place(at: str, change: Change, desk: Desk) -> None:
    change_json(desk.as_json, change)
    status, _found, told = desk.verify(desk.as_json)

    assert status == 1
    assert [one["at"] for one in told["other_values"]] == [at]


def test_a_fetus_that_one_entry_alone_names_otherwise_is_named(desk: Desk) -> None:
    def of_fetus(one: ClipEntry, fetus: str) -> ClipEntry:
        notes = one.notes.with_fetus(fetus)
        return replace(one, fetus=fetus, notes=notes, study_notes=StudyNotes(dating=dated(), fetuses=("A", "B")))

    twin = entry(scan(desk.originals / "b.dcm", uid="1.2.3"))
    as_json = write_json(desk.folder, of_fetus(entry(desk.originals / "one.dcm", *DRAWN), "A"), of_fetus(twin, "B"))
    assert desk.verify(as_json)[0] == 0

    def swap(told: Any) -> None:
        told[0]["fetus"], told[1]["fetus"] = "B", "A"

    change_json(as_json, swap)
    differ = desk.differing(as_json)
    assert {"A.hc.person", "A.efw", "B.hc.outline"} <= set(differ) and "dating" not in differ


@pytest.mark.parametrize(("part", "value"), [("before", 9.0), ("after", 9.0)])
def test_an_edit_that_does_not_lead_to_the_value_is_named_wherever_the_number_enters(
    part: str, value: float, desk: Desk
) -> None:
    change_json(desk.as_json, lambda told: of(told, "hc.person.1")["edits"][0].update({part: value}))
    status, found, _told = desk.verify(desk.as_json)

    differ = {key: one.get("part") for key, one in found.items() if one["outcome"] == "differs"}
    assert status == 1
    assert differ == {"clip.hc.person.1": f"/edits/0/{part}", "clip.hc.person": "/edits/0", "hc.person": "/edits/0"}


@pytest.mark.parametrize(
    "change",
    [
        lambda told: of(told, "hc.outline").update(by="nobody"),
        lambda told: of(told, "hc.outline").update(pictures="none"),
        lambda told: of(told, "efw").update(inputs=[["hc.person"]]),
        lambda told: of(told, "hc.person.1")["edits"][0].update(did="dreamt"),
        lambda told: told[0].update(calibration=[1]),
        lambda told: told[0].update(brain_views=3),
        lambda told: told[0]["calibration"]["regions"][0].update(by_hand=True, row_mm=0.0),
    ],
)
def test_what_no_report_holds_is_refused_in_a_sentence(change: Change, desk: Desk) -> None:
    change_json(desk.as_json, change)
    assert tools.verify(desk.as_json, "--files", desk.originals) == 2
    assert "no report that this program wrote" in desk.capsys.readouterr().err


def test_a_formula_that_is_not_known_is_named_by_its_key(desk: Desk) -> None:
    change_json(desk.as_json, lambda told: of(told, "age.hadlock_1984_hc").update(of="another_2030"))
    assert desk.verify(desk.as_json)[1]["age.hadlock_1984_hc"]["part"] == "/of"

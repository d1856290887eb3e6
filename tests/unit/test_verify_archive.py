"""Verifying a report beside an archive: what the archive keeps otherwise is named by its number."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import verify_tools as tools
from hand_tools import AT
from study_tools import dated
from verify_tools import DRAWN, Desk, edit, edit_reading, entry, scan, verify, write_json

from fetalclip_app import settings
from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.calibration import Ruler
from fetalclip_app.domain.checklist import ChecklistFindings, ItemFinding, StudyChecklist
from fetalclip_app.domain.notes import ClipNotes, ItemMark, ItemState, StudyNotes, study_key
from fetalclip_app.domain.sign_off import SignOff
from fetalclip_app.domain.study import groups_of
from fetalclip_app.report.as_json import write_table
from fetalclip_app.report.document import as_document
from fetalclip_app.report.entries import ClipEntry
from fetalclip_app.tasks.checklists import bundled
from fetalclip_app.ui.keeping.records import made_of_reading


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    return tools.desk_in(tmp_path, monkeypatch, capsys)


def kept(desk: Desk, *, notes: bool = True) -> Path:
    """Keep of the clip what the report says of it; return the archive's file."""
    path = desk.folder / "kept.db"
    archive = Archive(path)
    one = entry(desk.originals / "one.dcm", *DRAWN)
    study = study_key(groups_of([one.clip])[0])
    archive.keep_reading(made_of_reading(one.clip, one.reading, study)[0])
    if notes:
        archive.save_clip(one.clip.key, one.notes, AT, study=study)
        archive.save_study(study, one.study_notes, AT)
    archive.close()
    return path


def test_what_the_archive_keeps_alike_agrees(desk: Desk) -> None:
    status, found, told = desk.verify(desk.as_json, "--archive", kept(desk))

    assert status == 0 and told["archive_flaws"] == 0 and found["clip.hc.outline"]["outcome"] == "agrees"


def test_an_edited_reading_of_the_archive_is_named_by_its_number(desk: Desk) -> None:
    path = kept(desk)
    edit_reading(path, "hc.outline", 150.0)
    status, found, told = desk.verify(desk.as_json, "--archive", path)

    assert status == 1 and told["archive_flaws"] > 0
    assert {name for name, one in found.items() if one["outcome"] == "differs"} == {"clip.hc.outline"}
    assert (found["clip.hc.outline"]["why"], found["clip.hc.outline"]["found"]) == ("archive", 150.0)


def test_an_edited_line_of_the_archive_is_named_by_its_number(desk: Desk) -> None:
    path = kept(desk)
    connection = sqlite3.connect(path)
    (text,) = connection.execute("SELECT json FROM notes WHERE kind = 'clip'").fetchone()
    connection.close()
    notes = json.loads(text)
    femur = next(one for one in notes["measured"] if one["measure"] == "fl")
    femur["shape"]["last"][0] += 8.0
    edit(path, "UPDATE notes SET json = ? WHERE kind = 'clip'", json.dumps(notes))
    _status, found, _told = desk.verify(desk.as_json, "--archive", path)

    assert found["clip.fl.person.1"]["why"] == "archive"
    assert found["clip.fl.person.1"]["found"] == pytest.approx(37.0)
    assert found["clip.hc.person.1"]["outcome"] == "agrees"


def test_an_edited_dating_of_the_archive_is_named(desk: Desk) -> None:
    path = kept(desk)
    edit(path, "UPDATE notes SET json = replace(json, '2025-10-22', '2025-10-12') WHERE kind = 'study'")
    _status, found, _told = desk.verify(desk.as_json, "--archive", path)

    assert (found["dating"]["why"], found["dating"]["found"]) == ("archive", 153)


def test_an_archive_that_is_named_and_not_there_is_no_agreement(desk: Desk) -> None:
    assert verify(desk.as_json, "--files", desk.originals, "--archive", desk.folder / "none.db") == 2
    assert "agree" not in desk.capsys.readouterr().out
    assert not (desk.folder / "none.db").exists()


def test_ones_own_archive_is_looked_at_unasked(desk: Desk) -> None:
    settings.archive_file().parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(kept(desk), settings.archive_file())
    edit(settings.archive_file(), "UPDATE notes SET json = replace(json, '2025-10-22', '2025-10-12')")

    assert desk.differing(desk.as_json)["dating"] == "archive"


def keep(path: Path, *entries: ClipEntry) -> Path:
    """Keep what these clips' notes and their study's say."""
    archive = Archive(path)
    for one in entries:
        study = study_key(groups_of([one.clip])[0])
        archive.save_clip(one.clip.key, one.notes, AT, study=study)
        archive.save_study(study, one.study_notes, AT)
    archive.close()
    return path


def of_fetus(one: ClipEntry, fetus: str) -> ClipEntry:
    """Return a clip as that of one of twins."""
    notes = replace(one.notes.with_fetus(fetus))
    return replace(one, fetus=fetus, notes=notes, study_notes=StudyNotes(dating=dated(), fetuses=("A", "B")))


def test_twins_that_changed_places_are_named_with_every_number_of_them(desk: Desk) -> None:
    one, other = entry(desk.originals / "one.dcm", *DRAWN), entry(scan(desk.originals / "b.dcm", uid="1.2.3"))
    archive = keep(desk.folder / "kept.db", of_fetus(one, "A"), of_fetus(other, "B"))
    assert desk.verify(write_json(desk.folder, of_fetus(one, "A"), of_fetus(other, "B")), "--archive", archive)[0] == 0

    status, found, _told = desk.verify(
        write_json(desk.folder, of_fetus(one, "B"), of_fetus(other, "A")), "--archive", archive
    )
    assert status == 1
    named = {name for name, each in found.items() if each.get("part") == "/fetus"}
    assert {"B.hc.person", "B.efw", "A.hc.outline"} <= named and "dating" not in named
    assert "the archive keeps A, and the report has B" in desk.capsys.readouterr().out


def by_hand(told: Any) -> Any:
    return told[0]["by_hand"]["measured"][0]


def by_another(told: Any) -> None:
    for number in (one for row in told for one in row.get("numbers", ()) if "hc.person" in one["id"]):
        for one_edit in number["edits"]:
            one_edit["who"] = "X"


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda told: (by_hand(told).update(who="X"), by_another(told)), "/who"),
        (lambda told: by_hand(told).update(when="2020-01-01T00:00:00+00:00"), "/when"),
        (by_another, "/edits/0"),
        (lambda told: told[1]["growth"]["dating"].update(who="X"), "/growth/dating"),
    ],
)
def test_who_did_what_and_when_is_named_where_the_archive_knows_it_otherwise(
    change: Callable[[Any], Any], part: str, desk: Desk
) -> None:
    archive = kept(desk)
    tools.change_json(desk.as_json, change)
    status, found, _told = desk.verify(desk.as_json, "--archive", archive)

    differ = {name: each["part"] for name, each in found.items() if each["outcome"] == "differs"}
    assert status == 1 and differ == {"dating" if "dating" in part else "clip.hc.person.1": part}


def test_what_was_done_since_is_no_other_edit(desk: Desk) -> None:
    first = entry(desk.originals / "one.dcm", *DRAWN)
    path, study = desk.folder / "kept.db", study_key(groups_of([first.clip])[0])
    archive = Archive(path)
    archive.save_clip(first.clip.key, first.notes, AT, study=study)
    as_json = write_json(desk.folder, replace(first, history=archive.load_history(first.clip.key)))
    later = replace(AT, when=AT.when + timedelta(hours=1))
    more = ClipNotes(measured=(*first.notes.measured, tools.drawn(tools.Measure.FL, 34.0)))
    archive.save_clip(first.clip.key, more, later, study=study)
    archive.close()

    assert desk.verify(as_json, "--archive", path)[0] == 0


def test_another_scale_by_hand_than_the_one_that_is_kept_is_named(desk: Desk) -> None:
    made = entry(desk.originals / "one.dcm", *DRAWN)
    ruler, other = Ruler((10.0, 10.0), (110.0, 10.0), 40.0), Ruler((10.0, 10.0), (110.0, 10.0), 60.0)

    def scaled(by: Ruler) -> ClipEntry:
        clip = made.clip.with_ruler(by)
        reading = desk.engine.read(clip, None, lambda done, total: None)  # type: ignore[arg-type]
        return replace(made, clip=clip, reading=reading, notes=replace(made.notes, rulers=(by,)))

    archive = keep(desk.folder / "kept.db", scaled(ruler))
    assert desk.verify(write_json(desk.folder, scaled(ruler)), "--archive", archive)[0] == 0
    for report in (scaled(other), made):
        found = desk.verify(write_json(desk.folder, report), "--archive", archive)[1]
        assert found["clip.hc.person.1"]["part"] == found["efw"]["part"] == "/calibration/regions/0/row_mm"


def test_marks_of_twins_are_compared_each_with_its_own(desk: Desk) -> None:
    made = of_fetus(entry(desk.originals / "one.dcm", *DRAWN), "B")
    spine = next(item for item in bundled().items if item.key == "spine")
    mark = ItemMark(ItemState.SEEN, AT)
    made = replace(made, study_notes=replace(made.study_notes, checklist={spine.mark_key("B"): mark}))
    archive = keep(desk.folder / "kept.db", made)
    (of_study,) = groups_of([made.clip])
    for marked in (mark, None):
        found = ChecklistFindings(bundled(), "B", (ItemFinding(spine, mark=marked),), 1, 1)
        listed = StudyChecklist(of_study, found, (made.clip.key,))
        write_table(desk.as_json, as_document([made], [listed]))
        others = desk.verify(desk.as_json, "--archive", archive)[2]["other_values"]
        assert bool(others) is (marked is None)


def test_another_name_under_the_report_or_another_mark_than_the_archive_keeps_is_named(desk: Desk) -> None:
    made = entry(scan(desk.originals / "one.dcm", PatientName="Ä^Anna", StudyDescription="Zweites Trimenon"), *DRAWN)
    signed = SignOff("A. Reader", AT.when, "0" * 64)
    study = replace(made.study_notes, signed=signed, checklist={"spine": ItemMark(ItemState.SEEN, AT)})
    made = replace(made, study_notes=study)
    archive = keep(desk.folder / "kept.db", made)
    (of_study,) = groups_of([made.clip])
    findings = tuple(ItemFinding(item, mark=study.checklist.get(item.key)) for item in bundled().items)
    listed = StudyChecklist(of_study, ChecklistFindings(bundled(), "", findings, 1, 1), (made.clip.key,))
    write_table(desk.as_json, as_document([made], [listed]))
    assert desk.verify(desk.as_json, "--archive", archive)[2]["other_values"] == []

    def change(told: Any) -> None:
        next(row["sign_off"] for row in told if "sign_off" in row).update(name="B. Reader")
        items = next(row["checklist"]["items"] for row in told if "checklist" in row)
        next(item["mark"] for item in items if item["key"] == "spine").update(state="missing")
        items[0]["mark"] = {"state": "seen", "who": "X", "when": AT.when.isoformat(), "remark": ""}

    tools.change_json(desk.as_json, change)
    status, _found, told = desk.verify(desk.as_json, "--archive", archive)
    said = {one["at"].split("/")[-1]: (one["stated"], one["found"]) for one in told["other_values"]}
    assert status == 1 and len(told["other_values"]) == 3
    assert said["name"] == ("B. Reader", "A. Reader") and ("seen", None) in [
        (one["stated"], one["found"]) for one in told["other_values"]
    ]

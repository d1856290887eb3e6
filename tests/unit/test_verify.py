"""Verifying a report: untouched it agrees; whatever was changed since, the number is named."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pydicom
import pytest
import verify_tools as tools
from study_tools import EXAM
from verify_tools import (
    DRAWN,
    Desk,
    change_attached,
    change_json,
    change_page,
    entry,
    scan,
    verify,
    write_json,
)

from fetalclip_app.domain.age import GestationalAge
from fetalclip_app.domain.dating import Dating
from fetalclip_app.domain.notes import StudyNotes
from fetalclip_app.report.build import build
from fetalclip_app.report.dicom.encapsulated import encapsulated_pdf
from fetalclip_app.report.dicom.export import study_of


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    return tools.desk_in(tmp_path, monkeypatch, capsys)


def test_an_untouched_report_agrees_number_by_number(desk: Desk) -> None:
    for report in (desk.as_json, desk.as_pdf):
        status, found, told = desk.verify(report)

        assert status == 0 and told["differs"] == told["not_checked"] == 0 and told["pages_changed"] == []
        assert told["other_values"] == []
        assert told["agrees"] == len(found) > 40
        assert {
            "clip.hc.outline",
            "clip.hc.person.1",
            "hc.person",
            "hc.who",
            "efw",
            "age.hadlock_1984_hc",
            "dating",
        } <= set(found)


def test_every_number_is_said_in_a_line_and_the_sum_at_the_end(desk: Desk) -> None:
    verify(desk.as_json, "--files", desk.originals)
    lines = desk.capsys.readouterr().out.splitlines()

    assert "agrees: HC, by hand, one.dcm 175.0 mm" in "\n".join(lines).replace("\u2009", " ")
    assert lines[-1].endswith("0 differ, 0 cannot be checked")


def test_originals_are_found_by_their_content_under_any_name(desk: Desk) -> None:
    deeper = desk.originals / "moved" / "here"
    deeper.mkdir(parents=True)
    (desk.originals / "one.dcm").rename(deeper / "IM000001")
    scan(desk.originals / "another.dcm", uid="1.2.3")

    assert desk.verify(desk.as_json)[0] == 0


def test_without_the_original_nothing_is_claimed(desk: Desk) -> None:
    shutil.rmtree(desk.originals)
    desk.originals.mkdir()
    status, found, _told = desk.verify(desk.as_json)

    assert status == 2
    assert {one["outcome"] for one in found.values()} == {"not_checked"}
    assert found["clip.hc.outline"]["why"] == "file_missing" and found["efw"]["why"] == "clip_missing"


def test_an_edited_number_of_a_page_is_named_with_what_stands_there_now(desk: Desk) -> None:
    assert change_page(desk.as_pdf, b"175.0", b"195.0") >= 1
    status, found, _told = desk.verify(desk.as_pdf)

    assert status == 1
    assert found["hc.person"]["why"] == "page" and found["hc.person"]["printed"] == "195.0"
    assert {one["why"] for one in found.values() if one["outcome"] == "differs"} == {"page"}
    assert found["clip.hc.outline"]["outcome"] == found["ac.person"]["outcome"] == "agrees"


@pytest.mark.parametrize("cover", [tools.draw_over, tools.note_over])
def test_a_number_that_another_was_laid_over_is_named_alone(desk: Desk, cover: Any) -> None:
    cover(desk.as_pdf, "152.0 mm", "162.5 mm")
    status, found, _told = desk.verify(desk.as_pdf)
    differ = {name: one for name, one in found.items() if one["outcome"] == "differs"}

    assert status == 1 and set(differ) <= {"ac.person", "clip.ac.person", "clip.ac.person.1"} and differ
    assert {one["printed"].removesuffix(" mm") for one in differ.values()} == {"162.5"}


def test_a_number_whose_page_and_attachment_were_edited_alike_is_named(desk: Desk) -> None:
    change_page(desk.as_pdf, b"175.0", b"195.0")

    def change(told: Any) -> None:
        for page in told["pages"]:
            page["numbers"] = ["195.0" if one == "175.0" else one for one in page["numbers"]]
        for one in told["printed"].values():
            one["text"] = one["text"].replace("175.0", "195.0")

    change_attached(desk.as_pdf, change)

    assert desk.differing(desk.as_pdf)["hc.person"] == "page"


def test_two_numbers_of_a_page_that_changed_places_are_named(desk: Desk) -> None:
    for before, after in ((b"175.0", b"@@@@@"), (b"152.0", b"175.0"), (b"@@@@@", b"152.0")):
        change_page(desk.as_pdf, before, after)
    _status, _found, told = desk.verify(desk.as_pdf)

    changed = {(one["before"], one["after"]) for one in told["pages_changed"]}
    assert told["differs"] or {("175.0", "152.0"), ("152.0", "175.0")} & changed


def test_a_page_that_only_draws_otherwise_is_named(desk: Desk) -> None:
    assert change_page(desk.as_pdf, b"BT", b"0 0 m 9 9 l S BT") >= 1
    status, _found, told = desk.verify(desk.as_pdf)

    assert status == 1 and {one["page"] for one in told["pages_changed"]}
    assert "is not drawn as it was written" in desk.capsys.readouterr().out


def test_a_number_edited_in_the_json_is_named_wherever_it_stands(desk: Desk) -> None:
    change_json(desk.as_json, lambda told: told[0]["head"].update(hc_mm=123.4))
    assert desk.differing(desk.as_json) == {"clip.hc.outline": "report_itself"}

    def everywhere(told: Any) -> None:
        told[0]["head"].update(hc_mm=123.4)
        next(one for one in told[0]["numbers"] if one["id"].endswith("hc.outline")).update(value=123.4)

    change_json(desk.as_json, everywhere)
    status, found, _told = desk.verify(desk.as_json)
    assert status == 1 and found["clip.hc.outline"]["why"] == "value" and found["clip.hc.outline"]["stated"] == 123.4
    assert found["clip.hc.outline"]["found"] != 123.4


def test_a_value_that_is_no_number_of_its_own_is_named_by_its_place(desk: Desk) -> None:
    def change(told: Any) -> None:
        told[0]["views"]["per_frame"][1]["brain"] = 0.11
        told[1]["growth"]["fetuses"][0]["sizes"][0]["centiles"]["who"]["said"] = "P50"

    change_json(desk.as_json, change)
    status, _found, told = desk.verify(desk.as_json)

    assert status == 1 and told["differs"] == 0
    assert [one["at"] for one in told["other_values"]] == [
        "/views/per_frame/1/brain",
        "/growth/fetuses/0/sizes/0/centiles/who/said",
    ]
    assert "the report has 0.11, and now it is 0.9" in desk.capsys.readouterr().out


def test_a_weight_that_its_lengths_do_not_give_is_named_alone(desk: Desk) -> None:
    def change(told: Any) -> None:
        told[1]["growth"]["fetuses"][0]["weight"]["g"] = 400.0
        next(one for one in told[1]["numbers"] if one["id"] == "efw").update(value=400.0)

    change_json(desk.as_json, change)

    assert desk.differing(desk.as_json) == {"efw": "value"}


def test_another_model_file_is_named_for_each_of_its_numbers_with_both_values(desk: Desk) -> None:
    desk.engine.identity, desk.engine.larger_by = tools.other_model(), 0.3
    status, found, _told = desk.verify(desk.as_json)

    assert status == 1 and found["clip.hc.outline"]["why"] == "other_model"
    assert found["clip.hc.outline"]["found"] == pytest.approx(found["clip.hc.outline"]["stated"] + 3)
    assert found["clip.views.brain"]["why"] == "other_model"
    assert found["hc.person"]["outcome"] == found["efw"]["outcome"] == "agrees"


def test_a_number_that_another_model_does_not_give_is_named_for_the_model(desk: Desk) -> None:
    desk.engine.identity, desk.engine.sees_no_head = tools.other_model(), True
    found = desk.verify(desk.as_json)[1]["clip.hc.outline"]

    assert found["why"] == "other_model" and "found" not in found


def test_a_number_that_is_not_there_any_more_is_named(desk: Desk) -> None:
    desk.engine.sees_no_head = True

    assert desk.differing(desk.as_json)["clip.hc.outline"] == "no_value"


def test_a_dating_by_an_earlier_scan_is_read_back_whole(desk: Desk) -> None:
    made = entry(desk.originals / "one.dcm", *DRAWN)
    for scanned, status in ((EXAM - timedelta(days=70), "agrees"), (EXAM, None)):
        dating = Dating.by_scan(scanned, GestationalAge(73), "A. B.")
        as_json = write_json(desk.folder, replace(made, study_notes=StudyNotes(dating=dating)))
        rc, found, _told = desk.verify(as_json)

        assert rc == 0 and found.get("dating", {}).get("outcome") == status


def test_another_prompt_set_is_named_for_what_it_names(desk: Desk) -> None:
    desk.engine.prompts = "99" * 32
    differ = desk.differing(desk.as_json)

    assert differ["clip.views.brain"] == differ["clip.hc.outline"] == "other_prompts"
    assert "clip.brain_views.trans-thalamic" not in differ and "hc.person" not in differ


def test_an_edited_pixel_is_named_for_every_number_of_its_file(desk: Desk) -> None:
    path = desk.originals / "one.dcm"
    data = pydicom.dcmread(path)
    data.PixelData = bytes([255]) + data.PixelData[1:]
    data.save_as(path)
    status, found, _told = desk.verify(desk.as_json)

    assert status == 1
    assert found["clip.hc.outline"]["why"] == "file_changed"
    assert found["clip.hc.outline"]["found"] == pytest.approx(found["clip.hc.outline"]["stated"] + 10)
    assert found["hc.person"]["why"] == "file_changed" and found["hc.who"]["why"] == "file_changed"
    assert found["dating"]["outcome"] == "agrees"


def test_an_edited_pixel_of_one_clip_leaves_the_numbers_of_another(desk: Desk) -> None:
    other = scan(desk.originals / "second.dcm", uid="1.2.3", SeriesNumber=4)
    as_json = write_json(desk.folder, entry(desk.originals / "one.dcm"), entry(other, DRAWN[3]))
    data = pydicom.dcmread(other)
    data.PixelData = data.PixelData[:-1] + b"\x99"
    data.save_as(other)
    differ = desk.differing(as_json)

    assert differ["fl.person"] == "file_changed" and "clip.hc.outline" not in differ


def test_what_is_no_report_is_refused_in_a_sentence(desk: Desk) -> None:
    told = {
        "other.json": "[]",
        "broken.json": "{",
        "list.json": '[{"file": "a", "provenance": {}}]',
        "other.pdf": "%PDF-1.4 nothing",
    }
    for name, text in told.items():
        path = desk.folder / name
        path.write_text(text)
        assert verify(path, "--files", desk.originals) == 2, name
        assert "no report that this program wrote" in desk.capsys.readouterr().err, name
    assert verify(desk.folder / "gone.json", "--files", desk.originals) == 2
    assert "cannot be opened" in desk.capsys.readouterr().err


def test_a_dicom_file_that_is_no_report_differs_in_nothing(desk: Desk) -> None:
    assert verify(desk.originals / "one.dcm", "--files", desk.originals) == 2
    assert "is no structured report" in desk.capsys.readouterr().err


def test_what_was_found_is_said_also_where_the_json_cannot_be_written(desk: Desk) -> None:
    change_json(desk.as_json, lambda told: told[0]["head"].update(hc_mm=123.4))
    assert verify(desk.as_json, "--files", desk.originals, "--json", desk.folder / "none" / "out.json") == 1
    assert "1 differs" in desk.capsys.readouterr().out


def test_a_pdf_that_a_dicom_object_carries_is_looked_at_as_the_pdf(desk: Desk) -> None:
    change_page(desk.as_pdf, b"175.0", b"195.0")
    study = study_of(build([entry(desk.originals / "one.dcm", *DRAWN)]))
    carrier = desk.folder / "carrier.dcm"
    encapsulated_pdf(study, desk.as_pdf.read_bytes()).save_as(carrier, enforce_file_format=True)

    assert desk.differing(carrier)["hc.person"] == "page"


def test_a_report_without_traces_is_checked_by_its_values(desk: Desk) -> None:
    change_json(desk.as_json, lambda told: [row.pop("numbers") for row in told])
    status, found, told = desk.verify(desk.as_json)
    assert status == 0 and told["agrees"] > 40 and "clip.hc.outline" in found

    change_json(desk.as_json, lambda told: told[0]["head"].update(hc_mm=123.4))
    assert desk.differing(desk.as_json) == {"clip.hc.outline": "value"}


def test_a_scale_that_a_person_stated_is_stated_again(desk: Desk) -> None:
    path = desk.originals / "one.dcm"
    made = entry(path)
    clip = made.clip.with_pixel_mm(0.4, override=True)
    reading = desk.engine.read(clip, None, lambda done, total: None)  # type: ignore[arg-type]
    as_json = write_json(desk.folder, replace(made, clip=clip, reading=reading))

    assert desk.verify(as_json)[0] == 0

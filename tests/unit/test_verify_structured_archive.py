"""Verifying a DICOM structured report beside an archive: what the archive has otherwise is named by its number."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
import pytest
from structured_tools import Desk, desk_in
from study_tools import dated
from verify_tools import edit_reading

from fetalclip_app import settings
from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.calibration import Ruler
from fetalclip_app.domain.notes import StudyNotes, study_key
from fetalclip_app.domain.study import groups_of
from fetalclip_app.ui.keeping.records import made_of_reading


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return desk_in(tmp_path, monkeypatch)


def test_a_line_a_day_or_a_scale_that_the_archive_has_otherwise_is_named(desk: Desk) -> None:
    one, path = desk.one, settings.archive_file()
    otherwise = {
        "clip.fl.person.1": replace(one, notes=replace(one.notes, measured=one.notes.measured[:3])),
        "dating": replace(one, study_notes=StudyNotes(dating=dated(150))),
        "hc.person": replace(one, notes=replace(one.notes, rulers=(Ruler((10.0, 10.0), (110.0, 10.0), 40.0),))),
    }
    for name, kept in otherwise.items():
        path.unlink(missing_ok=True)
        desk.one = kept
        desk.keep()
        assert desk.differing()[name][0].startswith("archive"), name


def test_another_person_than_the_archive_knows_is_named(desk: Desk) -> None:
    desk.keep()
    by_another = tuple(replace(each, act=replace(each.act, who="X")) for each in desk.one.notes.measured)
    desk.write(replace(desk.one, notes=replace(desk.one.notes, measured=by_another)))
    assert desk.differing()["hc.person"] == ("archive", "/edits")


def test_an_edited_reading_of_the_archive_is_named_by_its_number_and_the_archive_as_not_whole(desk: Desk) -> None:
    desk.keep()
    archive = Archive(settings.archive_file())
    study = study_key(groups_of([desk.one.clip])[0])
    archive.keep_reading(made_of_reading(desk.one.clip, desk.one.reading, study)[0])
    archive.close()
    assert desk.verify()[0] == 0

    edit_reading(settings.archive_file(), "hc.outline", 150.0)
    assert desk.differing()["clip.hc.outline"] == ("archive", None)


def test_a_verifying_observer_whom_the_archive_does_not_know_is_named(desk: Desk) -> None:
    desk.keep()
    observer = pydicom.Dataset()
    observer.VerifyingObserverName = "Nobody^Anna"

    def change(report: Any) -> None:
        report.VerificationFlag, report.VerifyingObserverSequence = "VERIFIED", [observer]

    desk.change(change)
    status, _found, others = desk.verify()
    assert status == 1 and [(one["at"], one["stated"]) for one in others] == [("/verified_by", "Anna Nobody")]

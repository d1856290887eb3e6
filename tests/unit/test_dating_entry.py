"""A dating rests on what a person enters; what cannot be is refused, with its reason."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from dicom_files import colour_picture, dataset_of, write
from fakes import make_clip
from hypothesis import given
from hypothesis import strategies as st

from fetalclip_app.biometry.dating_entry import CRL_FORMULAS, DatingEntry, dated, entered
from fetalclip_app.domain.age import GestationalAge
from fetalclip_app.domain.biometry import NoCentile
from fetalclip_app.domain.dating import DatedBy, Dating, DatingRefused, NotDated, exam_age, written_day
from fetalclip_app.domain.study import groups_of
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.wording.dating import dating_refused, no_centile, no_centile_title

EXAM, TODAY = date(2026, 3, 14), date(2026, 4, 1)
BEFORE = EXAM - timedelta(days=60)


def made(by: DatedBy, day: date, **more: object) -> Dating | DatingRefused:
    exam_day = more.pop("exam_day", EXAM)
    entry = replace(DatingEntry(by, day, "A. Sonographer"), **more)  # type: ignore[arg-type]
    return dated(entry, exam_day=exam_day, today=TODAY)  # type: ignore[arg-type]


def age_of(found: Dating | DatingRefused) -> str:
    assert isinstance(found, Dating)
    return str(found.age_at_exam(EXAM))


@pytest.mark.parametrize(
    ("by", "more"),
    [
        (DatedBy.LMP, {}),
        (DatedBy.EDD, {}),
        (DatedBy.EARLIER_SCAN, {"age": GestationalAge(80)}),
        (DatedBy.CRL, {"crl_mm": 61.25}),
        (DatedBy.CRL, {"crl_mm": 61.2, "crl_formula": "robinson"}),
        (DatedBy.CRL, {"crl_mm": 9.97, "crl_formula": "robinson"}),
        (DatedBy.CRL, {"crl_mm": 61.2345678}),
        (DatedBy.CRL, {"crl_mm": 61}),
    ],
)
def test_what_was_entered_is_told_again_by_its_dating(by: DatedBy, more: dict[str, object]) -> None:
    day = EXAM + timedelta(days=137) if by is DatedBy.EDD else BEFORE
    found = made(by, day, **more)
    assert isinstance(found, Dating)

    again = entered(found)

    assert dated(again, exam_day=EXAM, today=TODAY) == found
    assert again.day == day and again.crl_formula == more.get("crl_formula", "intergrowth")
    assert again.age == more.get("age")
    assert by is not DatedBy.CRL or again.crl_mm == more["crl_mm"]


def test_a_dating_whose_remark_tells_no_crl_comes_back_without_one() -> None:
    found = replace(made(DatedBy.CRL, BEFORE, crl_mm=61.2), remark="CRL 61.2 mm, of another program")

    assert math.isnan(entered(found).crl_mm)


def test_four_ways_to_one_age() -> None:
    lmp = EXAM - timedelta(days=143)
    scanned = EXAM - timedelta(days=60)

    assert age_of(made(DatedBy.LMP, lmp)) == "20w3d"
    assert age_of(made(DatedBy.EDD, lmp + timedelta(days=280))) == "20w3d"
    assert age_of(made(DatedBy.EARLIER_SCAN, scanned, age=GestationalAge(83))) == "20w3d"
    by_crl = made(DatedBy.CRL, scanned, crl_mm=60.0, crl_formula="robinson")
    assert age_of(by_crl) == str(GestationalAge(86 + 60))  # Robinson: 86.1 days at 60 mm
    assert isinstance(by_crl, Dating) and "Robinson" in by_crl.remark and "60.0 mm" in by_crl.remark


@pytest.mark.parametrize(
    ("by", "day", "more", "why"),
    [
        (DatedBy.LMP, date(2025, 10, 22), {"who": "  "}, NotDated.NOBODY),
        (DatedBy.LMP, TODAY + timedelta(days=1), {}, NotDated.DAY_TO_COME),
        (DatedBy.LMP, EXAM, {}, NotDated.AFTER_EXAM),
        (DatedBy.LMP, EXAM - timedelta(days=316), {}, NotDated.TOO_LONG_AGO),
        (DatedBy.EDD, TODAY + timedelta(days=281), {}, NotDated.EDD_TOO_FAR),
        (DatedBy.EDD, EXAM - timedelta(days=36), {}, NotDated.TOO_LONG_AGO),
        (DatedBy.CRL, BEFORE, {"crl_mm": 95.1}, NotDated.CRL_OUT_OF_RANGE),
        (DatedBy.CRL, BEFORE, {"crl_mm": 14.9}, NotDated.CRL_OUT_OF_RANGE),
        (
            DatedBy.CRL,
            EXAM - timedelta(days=60),
            {"crl_mm": 81.0, "crl_formula": "robinson"},
            NotDated.CRL_OUT_OF_RANGE,
        ),
        (DatedBy.CRL, EXAM + timedelta(days=1), {"crl_mm": 60.0}, NotDated.SCAN_NOT_EARLIER),
        (DatedBy.EARLIER_SCAN, EXAM, {"age": GestationalAge(143)}, NotDated.SCAN_NOT_EARLIER),
        (DatedBy.EARLIER_SCAN, EXAM + timedelta(days=3), {"age": GestationalAge(143)}, NotDated.SCAN_NOT_EARLIER),
        (DatedBy.EARLIER_SCAN, EXAM - timedelta(days=30), {"age": None}, NotDated.AGE_IMPOSSIBLE),
        (DatedBy.EARLIER_SCAN, TODAY + timedelta(days=1), {"age": GestationalAge(90)}, NotDated.DAY_TO_COME),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    by: DatedBy, day: date, more: dict[str, object], why: NotDated
) -> None:
    found = made(by, day, **more)

    assert isinstance(found, DatingRefused) and found.why is why
    assert "{" not in dating_refused(found) and dating_refused(found).endswith(".")


@given(by=st.sampled_from(DatedBy), day=st.dates(date(1900, 1, 1)), crl=st.floats(), days=st.integers(0, 315))
def test_a_dating_that_is_not_refused_gives_an_age_on_the_exams_day(
    by: DatedBy, day: date, crl: float, days: int
) -> None:
    found = made(by, day, crl_mm=crl, age=GestationalAge(days))

    assert isinstance(found, DatingRefused) or isinstance(found.age_at_exam(EXAM), GestationalAge)


def test_the_age_of_an_exam_never_dates_its_own_centiles() -> None:
    same_day = Dating.by_scan(EXAM, GestationalAge(143), "A. Sonographer")

    assert exam_age(same_day, EXAM) is NoCentile.DATED_BY_THIS_EXAM
    assert exam_age(same_day, EXAM + timedelta(days=28)) == GestationalAge(171)
    assert exam_age(None, EXAM) is NoCentile.NO_DATING
    assert exam_age(same_day, None) is NoCentile.EXAM_DAY_UNKNOWN
    assert exam_age(Dating.by_lmp(EXAM + timedelta(days=1), "A."), EXAM) is NoCentile.DATING_DOES_NOT_HOLD


@pytest.mark.parametrize("why", NoCentile)
def test_every_reason_has_words(why: NoCentile) -> None:
    assert no_centile_title(why) and no_centile(why).endswith(".")


def test_days_and_ages_are_read_as_people_write_them() -> None:
    assert written_day(" 2026-03-14") == written_day("14.3.2026") == EXAM
    assert [written_day(text) for text in ("3/14/2026", "0026-03-14", "2026-13-01", "14.3.26", "soon", "")] == [
        None
    ] * 6
    assert GestationalAge.written("12w3d") == GestationalAge.written("12+3") == GestationalAge(87)
    assert GestationalAge.written("12w") == GestationalAge(84)
    assert [GestationalAge.written(text) for text in ("12", "12w7d", "99w", "twelve", "")] == [None] * 5


def test_the_exams_day_is_the_files_own() -> None:
    origin = make_clip(1).origin

    assert origin.exam_day == EXAM
    assert [replace(origin, study_date=text).exam_day for text in ("", "20261301", "2026")] == [None] * 3
    assert replace(origin, is_redated=True).exam_day is None
    group, _again = groups_of([make_clip(1), make_clip(1, name="b.dcm", origin=replace(origin, is_redated=True))])
    assert group.origin.exam_day is None  # one changed date is enough
    assert set(CRL_FORMULAS) == {"intergrowth", "robinson"}


@pytest.mark.parametrize(
    ("changed", "day"), [("MODIFIED", None), ("REMOVED", None), ("UNMODIFIED", EXAM), (None, EXAM)]
)
def test_a_file_whose_dates_were_changed_has_no_exam_day(tmp_path: Path, changed: str | None, day: date | None) -> None:
    tags = {"StudyDate": "20260314", **({"LongitudinalTemporalInformationModified": changed} if changed else {})}
    scan = write(tmp_path / "scan.dcm", dataset_of(colour_picture()[None], **tags))

    assert read_clip(scan).origin.exam_day == day

"""Other UIDs, names and dates: the same for the same original and key, and the time between two dates stays."""

from __future__ import annotations

import stat
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID

from fetalclip_app.errors import ErrorCode, InvalidInput
from fetalclip_app.imaging.deidentify.dates import checked_time, shifted_date, shifted_moment
from fetalclip_app.imaging.deidentify.identifiers import Identifiers, key_from, random_key
from fetalclip_app.imaging.deidentify.pseudonyms import read_pseudonyms

KEYS = st.binary(min_size=32, max_size=32)
UIDS = st.lists(st.integers(0, 10**9), min_size=2, max_size=8).map(lambda parts: ".".join(["1.2", *map(str, parts)]))
DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31))


@given(key=KEYS, one=UIDS, other=UIDS)
def test_two_uids_stay_two_and_one_stays_one(key: bytes, one: str, other: str) -> None:
    made = Identifiers(key)

    assert (made.uid(one) == made.uid(other)) == (one == other)
    assert made.uid(one) == Identifiers(key).uid(one + "\0")


@given(key=KEYS, original=UIDS)
def test_a_new_uid_is_one_and_holds_nothing_of_the_old(key: bytes, original: str) -> None:
    new = Identifiers(key).uid(original)

    assert UID(new).is_valid
    assert len(new) <= 64
    assert original not in new


@given(one=KEYS, other=KEYS, original=UIDS)
def test_another_key_makes_other_uids_and_names(one: bytes, other: bytes, original: str) -> None:
    first, second = Identifiers(one), Identifiers(other)

    assert (first.uid(original) == second.uid(original)) == (one == other)
    assert (first.pseudonym(original) == second.pseudonym(original)) == (one == other)


@given(key=KEYS, patient=st.text(max_size=20), first=DAYS, second=DAYS)
def test_the_time_between_two_dates_of_a_patient_stays(key: bytes, patient: str, first: date, second: date) -> None:
    days = Identifiers(key).days_back(patient)
    moved = [shifted_date(f"{each:%Y%m%d}", days) for each in (first, second)]
    back = [date(int(text[:4]), int(text[4:6]), int(text[6:])) for text in moved]

    assert 1 <= days <= 365
    assert back[1] - back[0] == second - first
    assert back[0] == first - timedelta(days=days)


@given(
    days=st.integers(1, 365), day=DAYS, tail=st.sampled_from(["", "09", "0930", "093015", "093015.25", "093015+0200"])
)
def test_a_moment_keeps_its_time_of_day_and_zone(days: int, day: date, tail: str) -> None:
    moved = shifted_moment(f"{day:%Y%m%d}{tail}", days)

    assert moved == shifted_date(f"{day:%Y%m%d}", days) + tail


@pytest.mark.parametrize("text", ["", "soon", "2020", "202013", "20201301", "20200230", "20200101-20200102", "Mueller"])
def test_what_is_no_date_is_not_passed_on(text: str) -> None:
    assert shifted_date(text, 10) == ""
    assert shifted_moment(text, 10) == ""
    assert checked_time(text if not text.isdigit() else "x") == ""


def test_old_dates_with_dots_are_read() -> None:
    assert shifted_date("1994.01.30", 30) == "19931231"


def test_a_table_of_pseudonyms_comes_first() -> None:
    made = Identifiers(b"k" * 32, {"4711": "CASE-1"})

    assert made.pseudonym("4711") == "CASE-1"
    assert made.pseudonym("4712").startswith("P-")


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "study.key"
    key = key_from(path)

    assert key_from(path) == key
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert random_key() != random_key()


@pytest.mark.parametrize("text", ["", "no key", "abcd"])
def test_what_is_no_key_is_refused_and_not_overwritten(tmp_path: Path, text: str) -> None:
    path = tmp_path / "study.key"
    path.write_text(text)
    with pytest.raises(InvalidInput) as caught:
        key_from(path)

    assert caught.value.code is ErrorCode.KEY_INVALID
    assert path.read_text() == text


def test_a_key_is_in_no_printed_form() -> None:
    assert "kkk" not in repr(Identifiers(b"k" * 32, {"Maria": "CASE"}))
    assert "Maria" not in repr(Identifiers(b"k" * 32, {"Maria": "CASE"}))


def test_a_table_of_pseudonyms_is_read(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("patient_id,pseudonym\n4711,CASE-1\n4712, CASE-2 \n", encoding="utf-8-sig")

    assert read_pseudonyms(path) == {"4711": "CASE-1", "4712": "CASE-2"}


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ("id,pseudonym\n4711,A\n", 1),
        ("patient_id,pseudonym\n,A\n", 2),
        ("patient_id,pseudonym\n4711,\n", 2),
        ("patient_id,pseudonym\n4711,A\n4711,B\n", 3),
        ("patient_id,pseudonym\n4711,A\n4712,A\n", 3),
        ("patient_id,pseudonym\n4711,4711\n", 2),
        ("patient_id,pseudonym\n4711,A\\B\n", 2),
    ],
)
def test_a_table_that_would_mix_patients_up_is_refused_with_its_line(tmp_path: Path, rows: str, line: int) -> None:
    path = tmp_path / "table.csv"
    path.write_text(rows)
    with pytest.raises(InvalidInput) as caught:
        read_pseudonyms(path)

    assert caught.value.code is ErrorCode.PSEUDONYMS_INVALID
    assert caught.value.parameters["line"] == line

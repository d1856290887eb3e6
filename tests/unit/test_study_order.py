"""Clips stand by patient, study, series and instance, whatever order they arrive in."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest
from fakes import make_clip
from hypothesis import given
from hypothesis import strategies as st
from listed import in_order

from fetalclip_app.domain.clip import Clip, Origin
from fetalclip_app.domain.notes import study_key
from fetalclip_app.domain.study import Group, groups_of, place_of
from fetalclip_app.wording import patients_of, study_heading

BARE = make_clip(1)

origins = st.builds(
    Origin,
    patient_id=st.sampled_from(["", "7", "12", "P"]),
    patient_name=st.sampled_from(["", "Doe^Jane", "doe^jane", "Roe^Ann"]),
    study_uid=st.sampled_from(["", "1.2", "1.3"]),
    study_date=st.sampled_from(["", "20260101", "20251231"]),
    study_time=st.sampled_from(["", "0900", "09:30:00"]),
    series_uid=st.sampled_from(["", "1.2.1"]),
    series_number=st.sampled_from([None, 1, 2, 10]),
    instance_number=st.sampled_from([None, 1, 2, 10, -3]),
    taken_at=st.sampled_from(["", "090000", "090000.5"]),
)
paths = st.sampled_from([f"{folder}IM{number}" for folder in ("a/", "b/", "b.zip/", "") for number in (1, 9, 10)]).map(
    Path
)
clips = st.builds(lambda origin, path: replace(BARE, origin=origin, path=path), origins, paths)
several = st.lists(clips, max_size=12, unique_by=lambda clip: clip.path)


def grouped(found: list[Clip]) -> list[tuple[Clip, Group]]:
    ordered = in_order(found)
    return list(zip(ordered, groups_of(ordered), strict=True))


@given(several, st.randoms())
def test_the_order_is_the_same_for_every_order_of_arrival(found: list[Clip], chance: object) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    assert [(c.origin, c.path) for c in in_order(shuffled)] == [(c.origin, c.path) for c in in_order(found)]
    assert [(g, g.origin) for _, g in grouped(shuffled)] == [(g, g.origin) for _, g in grouped(found)]


@given(several)
def test_a_study_stands_together_and_a_patient_too(found: list[Clip]) -> None:
    ordered = grouped(found)
    for runs in (
        [value for value, _ in groupby(group for _, group in ordered)],
        [value for value, _ in groupby(group.key[:5] for _, group in ordered if group.folder is None)],
    ):
        assert len(runs) == len(set(runs))


@given(several)
def test_the_list_and_the_report_know_the_same_patients(found: list[Clip]) -> None:
    """Two clips in one study are one patient's, and the headings name as many patients as the report."""
    groups, patients = groups_of(found), patients_of([clip.origin for clip in found])
    whose = {position: title for title, positions in patients for position in positions}
    for n, group in enumerate(groups):
        assert all(whose.get(n) == whose.get(m) for m, other in enumerate(groups) if other == group)
    by_heading = patients_of([group.origin for group in groups])

    assert [positions for _, positions in by_heading] == [positions for _, positions in patients]


@given(several)
def test_within_a_series_numbers_count_and_not_letters(found: list[Clip]) -> None:
    for _, run in groupby(grouped(found), lambda it: (it[1], it[0].origin.series_number, it[0].origin.series_uid)):
        if (same := list(run)) and same[0][1].folder is None:
            numbers = [clip.origin.instance_number for clip, _group in same]
            stated = [number for number in numbers if number is not None]

            assert stated == sorted(stated)
            assert numbers == [*stated, *([None] * (len(numbers) - len(stated)))]


@given(several)
def test_no_two_clips_of_a_group_have_one_place(found: list[Clip]) -> None:
    places = [(group, place_of(clip)) for clip, group in grouped(found)]

    assert len(set(places)) == len({(group, clip.path, place_of(clip)) for clip, group in grouped(found)})


ONE = Origin("P1", "Test^Case", "1.2", "20260101", "101500", "Anomaly scan")


@pytest.mark.parametrize(
    "other",
    [
        {"study_time": "101500.000"},
        {"study_time": "10:15:00"},
        {"study_time": "1015"},
        {"study_time": ""},
        {"study_date": ""},
        {"study_date": "", "study_time": "", "study_description": ""},
        {"patient_name": "Test^Case="},
        {"patient_name": "TEST^CASE^^"},
        {"patient_name": ""},
        {"patient_id": ""},
        {"patient_id": "P1 "},
        {"patient_id": "", "patient_name": ""},
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_one_study_is_one_whatever_a_file_of_it_leaves_out(other: dict[str, str], order: int) -> None:
    origins = [ONE, replace(ONE, **other)][::order]  # type: ignore[arg-type]
    first, second = groups_of([replace(BARE, origin=origin) for origin in origins])

    assert first == second
    assert study_heading(first.origin, patients=2)[1] == "Anomaly scan, 2026-01-01"
    assert "P1" in study_heading(first.origin, patients=2)[0]
    assert [positions for _, positions in patients_of(origins)] == [(0, 1)]


@pytest.mark.parametrize(
    "other",
    [
        {"patient_id": "1P"},
        {"patient_name": "Test^Cassandra"},
        {"patient_id": "p1"},
        {"patient_id": "P01"},
        {"patient_id": "", "patient_name": "Other^Woman"},
        {"is_simulated": True},
    ],
)
@pytest.mark.parametrize("study", ["", "1.2"])
def test_two_people_are_two_even_with_one_study_identifier(other: dict[str, str], study: str) -> None:
    origins = [replace(ONE, study_uid=study), replace(ONE, **other, study_uid=study)]  # type: ignore[arg-type]
    first, second = groups_of([replace(BARE, origin=origin) for origin in origins])

    assert first.key != second.key
    assert len(patients_of(origins)) == 2 - origins[1].is_simulated
    assert all(positions != (0, 1) for _, positions in patients_of(origins))


@pytest.mark.parametrize(("one", "other"), [("007", "7"), ("A01", "A1"), ("a1", "A1")])
def test_identifiers_that_sort_alike_are_two_patients(one: str, other: str) -> None:
    origins = [Origin(patient_id=identifier, study_date="20260101") for identifier in (one, other)]
    first, second = groups_of([replace(BARE, origin=origin) for origin in origins])

    assert first.key != second.key
    assert len(patients_of(origins)) == 2


def test_what_could_be_two_people_s_is_neither_s() -> None:
    two, nobody = replace(ONE, patient_id="P2"), replace(ONE, patient_id="", patient_name="")
    nameless = replace(ONE, patient_id="")

    assert [positions for _, positions in patients_of([ONE, two, nobody])] == [(0,), (1,)]
    assert [positions for _, positions in patients_of([ONE, two, nameless])] == [(0,), (1,), (2,)]
    assert len(set(groups_of([replace(BARE, origin=origin) for origin in (ONE, two, nobody)]))) == 3


def test_studies_without_an_identifier_are_told_apart_by_their_dates() -> None:
    bare = replace(ONE, study_uid="")
    later, again = replace(bare, study_date="20260102"), replace(bare, study_time="101500.00")
    first, second, third = groups_of([replace(BARE, origin=origin) for origin in (bare, later, again)])

    assert first == third != second
    assert len(set(groups_of([replace(BARE, origin=replace(bare, study_time=it)) for it in ("1015", "101500")]))) == 1


def test_files_without_a_study_have_no_study_in_common() -> None:
    origins = [Origin("7", "Arnold^Anna"), Origin("", "Arnold^Anna"), Origin()]

    assert [positions for _, positions in patients_of(origins)] == [(0,), (1,)]


def test_of_several_spellings_the_same_is_always_shown() -> None:
    names = ["TEST^Case", "TEst^Case", "TESt^Case", "Test^Case", "tEST^Case", "test^case"]
    said = ["E", "D", "C", "B", "A", "F"]
    origins = [replace(ONE, patient_name=name) for name in names]
    origins += [replace(ONE, study_description=text, patient_name="test^CASE") for text in said]
    (group,) = set(groups_of([replace(BARE, origin=origin) for origin in origins]))

    assert group.origin.patient_name == "TEST^Case"
    assert group.origin.study_description == "Anomaly scan"
    (other,) = set(groups_of([replace(BARE, origin=origin) for origin in origins[len(names) :]]))
    assert other.origin.study_description == "A"


def _named(path: str, **origin: object) -> Clip:
    return replace(BARE, path=Path(path), origin=Origin(**origin))  # type: ignore[arg-type]


def test_an_example() -> None:
    wanted = [
        _named("z", patient_id="7", study_date="20250101", series_number=2),
        _named("y", patient_id="7", study_date="20260101", series_number=1, instance_number=9),
        _named("x", patient_id="7", study_date="20260101", series_number=1, instance_number=10),
        _named("w", patient_id="7", study_date="20260101", series_number=2, instance_number=1),
        _named("IM9", patient_id="12", taken_at="090000"),
        _named("IM10", patient_id="12", taken_at="090000"),
        _named("a", patient_id="12", taken_at="090001"),
        _named("a/clip2.mp4"),
        _named("a/clip10.mp4"),
        _named("b/clip1.mp4"),
    ]

    arrived = wanted[5:] + wanted[:5]

    assert [clip.path for clip in in_order(arrived)] == [clip.path for clip in wanted]
    assert [group.folder for group in groups_of(wanted)[-3:]] == [Path("a"), Path("a"), Path("b")]


def test_a_study_is_kept_under_one_name_whatever_else_is_listed() -> None:
    unnamed = replace(BARE, origin=Origin(patient_id="7", study_uid="1.2"))
    named = replace(BARE, origin=Origin(patient_id="7", patient_name="Doe^Jane", study_uid="1.3"))
    alone, together = groups_of([unnamed])[0], groups_of([unnamed, named])[0]

    assert together.origin.patient_name == "Doe^Jane"
    assert study_key(alone) == study_key(together)


def test_the_name_that_a_study_is_kept_under_tells_patients_apart_and_names_none() -> None:
    origins = [
        Origin(patient_id=number, patient_name=name, study_uid=uid, study_date="20260314")
        for number, name in (("4711", "Doe^Jane"), ("4711", "Roe^Ann"), ("4712", "Doe^Jane"))
        for uid in ("1.2", "")
    ]
    keys = {study_key(group) for group in groups_of([replace(BARE, origin=origin) for origin in origins])}

    assert len(keys) == len(origins)
    assert not [key for key in keys if "doe" in key.lower() or "471" in key.split()[1]]

"""Clips stand by patient, study, series and instance, whatever order they arrive in."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from pathlib import Path

from fakes import make_clip
from hypothesis import given
from hypothesis import strategies as st

from fetalclip_app.domain.clip import Clip, Origin
from fetalclip_app.domain.study import group_of, order_key

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
paths = st.sampled_from(["a/IM9", "a/IM10", "b/IM1", "b.zip/IM1", "IM1"]).map(Path)
clips = st.builds(lambda origin, path: replace(BARE, origin=origin, path=path), origins, paths)
several = st.lists(clips, max_size=12, unique_by=order_key)


@given(several, st.randoms())
def test_the_order_is_the_same_for_every_order_of_arrival(found: list[Clip], chance: object) -> None:
    expected = sorted(found, key=order_key)
    shuffled = list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    assert [(c.origin, c.path) for c in sorted(shuffled, key=order_key)] == [(c.origin, c.path) for c in expected]


@given(several)
def test_a_study_stands_together_and_a_patient_too(found: list[Clip]) -> None:
    ordered = sorted(found, key=order_key)
    for key in (
        lambda clip: group_of(clip).key,
        lambda clip: (group_of(clip).key[0], clip.origin.patient_id if group_of(clip).folder is None else ""),
    ):
        runs = [value for value, _ in groupby(ordered, key)]

        assert len(runs) == len(set(runs))


@given(several)
def test_within_a_series_numbers_count_and_not_letters(found: list[Clip]) -> None:
    ordered = sorted(found, key=order_key)
    for _, run in groupby(
        ordered, lambda clip: (group_of(clip).key, clip.origin.series_number, clip.origin.series_uid)
    ):
        if (same := list(run)) and group_of(same[0]).folder is None:
            numbers = [clip.origin.instance_number for clip in same]
            stated = [number for number in numbers if number is not None]

            assert stated == sorted(stated)
            assert numbers == [*stated, *([None] * (len(numbers) - len(stated)))]


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

    assert [clip.path for clip in sorted(arrived, key=order_key)] == [clip.path for clip in wanted]
    assert [group_of(clip).folder for clip in wanted[-3:]] == [Path("a"), Path("a"), Path("b")]

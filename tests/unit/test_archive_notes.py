"""Notes become JSON and come back the same, whatever is in them."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetalclip_app.archive import notes_json
from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.calibration import Ruler
from fetalclip_app.domain.dating import DatedBy, Dating
from fetalclip_app.domain.notes import (
    FETUSES,
    Act,
    ClipNotes,
    Enters,
    HandMeasurement,
    ItemMark,
    ItemState,
    Line,
    Part,
    StudyNotes,
)
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.sign_off import SignOff
from fetalclip_app.errors import ArchiveFailed, ErrorCode

reals = st.floats(allow_nan=False, allow_infinity=False)
points = st.tuples(reals, reals)
frames = st.integers(0, 100_000)
words = st.text(max_size=20)
fetuses = st.sampled_from(("", *FETUSES))
zones = st.integers(-14 * 4, 14 * 4).map(lambda quarter: timezone(timedelta(minutes=15 * quarter)))
acts = st.builds(Act, words, st.datetimes(timezones=zones))
lengths = st.floats(1e-3, 1e4)


@st.composite
def ellipses(draw: st.DrawFn) -> Ellipse:
    long, short = sorted((draw(lengths), draw(lengths)), reverse=True)
    return Ellipse(draw(reals), draw(reals), long, short, draw(st.floats(-90, 89.9)))


drawn = st.builds(
    HandMeasurement,
    uid=st.uuids().map(lambda one: one.hex),
    measure=st.sampled_from(Measure),
    frame_index=frames,
    shape=st.one_of(st.builds(Line, points, points), ellipses()),
    act=acts,
    bpd_definition=st.none() | st.sampled_from(BpdDefinition),
    fetus=fetuses,
)
clip_notes = st.builds(
    ClipNotes,
    rulers=st.lists(st.builds(Ruler, points, points, lengths), max_size=3).map(tuple),
    fetus=fetuses,
    named=st.dictionaries(frames, words, max_size=3),
    best=st.dictionaries(words, frames, max_size=3),
    parts=st.lists(st.builds(Part, words, frames, frames), max_size=3).map(tuple),
    measured=st.lists(drawn, max_size=3).map(tuple),
    enters=st.dictionaries(st.sampled_from(Measure), st.sampled_from(Enters), max_size=3),
)
study_notes = st.builds(
    StudyNotes,
    dating=st.none() | st.builds(Dating, st.dates(), st.sampled_from(DatedBy), words, words, st.none() | st.dates()),
    exam_day=st.none() | st.dates(),
    fetuses=st.integers(0, 4).map(lambda count: FETUSES[:count]),
    checklist=st.dictionaries(words, st.builds(ItemMark, st.sampled_from(ItemState), acts, words), max_size=3),
    view_sets=st.dictionaries(words, st.tuples(words, words), max_size=3),
    signed=st.none()
    | st.builds(
        SignOff,
        words.filter(str.strip),
        st.datetimes(timezones=zones),
        st.text(alphabet="0123456789abcdef", min_size=64, max_size=64),
    ),
)


@given(notes=st.one_of(clip_notes, study_notes))
def test_notes_come_back_the_same(notes: notes_json.Notes) -> None:
    assert notes_json.read(type(notes), notes_json.written(notes)) == notes


@pytest.mark.parametrize(("kind", "strategy"), [(ClipNotes, clip_notes), (StudyNotes, study_notes)])
def test_every_field_is_among_what_is_tested(kind: type[notes_json.Notes], strategy: st.SearchStrategy) -> None:
    tested = strategy.wrapped_strategy.kwargs if hasattr(strategy, "wrapped_strategy") else strategy.kwargs

    assert {field.name for field in fields(kind)} == set(tested)


@given(notes=clip_notes.filter(lambda notes: notes.measured))
def test_a_field_that_is_not_known_is_refused_at_any_depth(notes: ClipNotes) -> None:
    inside = json.loads(notes_json.written(notes))
    for spoilt in (inside, inside["measured"][0], inside["measured"][0]["shape"], inside["measured"][0]["act"]):
        spoilt["of_a_later_program"] = 1
        with pytest.raises(ArchiveFailed) as refused:
            notes_json.read(ClipNotes, json.dumps(inside))
        assert refused.value.code is ErrorCode.ARCHIVE_NOTES_UNKNOWN
        del spoilt["of_a_later_program"]


def test_a_length_that_is_no_number_is_not_written() -> None:
    with pytest.raises(ValueError, match="cannot be read back"):
        notes_json.written(ClipNotes(rulers=(Ruler((0.0, 0.0), (1.0, 1.0), float("nan")),)))


def test_notes_of_before_a_field_was_there_have_its_default() -> None:
    assert notes_json.read(StudyNotes, "{}") == StudyNotes()


def test_what_changed_is_named_field_by_field() -> None:
    before = StudyNotes(dating=Dating.by_lmp(date(2026, 1, 1), "A."))
    mark = ItemMark(ItemState.SEEN, Act("B.", datetime(2026, 3, 14, tzinfo=UTC)))
    after = StudyNotes(dating=before.dating, checklist={"heart": mark})
    was, now = map(json.loads, notes_json.changed(notes_json.written(before), notes_json.written(after)))

    assert was == {"checklist": {}}
    assert list(now) == ["checklist"] and now["checklist"]["heart"]["state"] == "seen"


@pytest.mark.parametrize("kind", [ClipNotes, StudyNotes])
def test_what_is_joined_entry_by_entry_is_every_mapping_of_notes(kind: type[notes_json.Notes]) -> None:
    blank = json.loads(notes_json.written(kind()))
    mappings = {name for name, value in blank.items() if isinstance(value, dict)}

    assert mappings == notes_json._BY_ENTRY & set(blank)

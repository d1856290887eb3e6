"""Some frames of a clip are unlike the training: they take no part in any answer, and the user is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from fakes import make_clip, make_reading
from label_tools import FACTS, FakeLabeller
from line_tools import FakeLandmarker
from report_pages import options, pages_of, text_of
from task_tools import PLANE_SET, after_views, instruments, scan_of

from fetalclip_app.cli.analyze import summary
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.clip_labels import ClipLabels
from fetalclip_app.domain.familiarity import Familiarity
from fetalclip_app.domain.reading import ClipReading, LineMeasurements
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.report.as_json import as_table
from fetalclip_app.report.build import ClipEntry, build
from fetalclip_app.report.key_frames import chosen
from fetalclip_app.tasks.base import Instruments, Scan
from fetalclip_app.tasks.clip_labels import ClipLabelTask
from fetalclip_app.tasks.landmarks import MeasureTask
from fetalclip_app.tasks.views import ViewTask
from fetalclip_app.wording import abstention, answer_lines, frames_left_out

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "analyze.schema.json").read_text(encoding="utf-8"))

GUARD = Familiarity(np.zeros(2, np.float32), np.eye(2, dtype=np.float32), 4.0)

TOLD = "4 of 10 frames are unlike the training pictures and were left out."


def _scan(views: list[str], strange: set[int]) -> Scan:
    textures = np.array([[9.0, 9.0] if index in strange else [0.0, 0.0] for index in range(len(views))], np.float32)
    return replace(scan_of(views), textures=textures)


def _tools(**parts: object) -> Instruments:
    return replace(instruments(familiarity=GUARD), **parts)


def _views(views: list[str], strange: set[int]) -> ViewPrediction:
    answer = ViewTask(PLANE_SET).answer(_scan(views, strange), _tools()).answer
    assert isinstance(answer, ViewPrediction)
    return answer


def test_the_clips_view_is_that_of_its_familiar_frames_alone() -> None:
    seen = _views(["femur"] * 4 + ["brain"] * 6, {0, 1, 2, 3})
    without = _views(["brain"] * 6, set())

    assert (seen.best, seen.abstained, seen.left_out) == ("brain", None, 4)
    assert np.allclose(seen.probabilities, without.probabilities)


def test_a_clip_that_is_refused_as_a_whole_tells_of_no_frames() -> None:
    half, more = _views(["brain"] * 10, set(range(5))), _views(["brain"] * 10, set(range(6)))

    assert (half.is_foreign, half.left_out) == (False, 5)
    assert (more.is_foreign, more.left_out) == (True, 0)


def test_no_line_is_measured_on_a_strange_frame_however_sure_its_ends_are() -> None:
    finder = FakeLandmarker(spreads=(0.01, 0.05, 0.03))
    tools = _tools(landmarker=finder)

    answer = MeasureTask().answer(after_views(_scan(["femur"] * 5, {0, 1}), tools), tools).answer

    assert isinstance(answer, LineMeasurements)
    assert {one.frame_index for one in answer.measurements} == {2}, "of frames 2, 3 and 4 the surest"


def _label(scan: Scan, head: FakeLabeller) -> object:
    tools = _tools(labellers=(head,))
    answer = ClipLabelTask().answer(after_views(scan, tools), tools).answer
    assert isinstance(answer, ClipLabels)
    return answer.labels[0].probability


def test_a_clip_label_looks_at_familiar_frames_alone() -> None:
    head = FakeLabeller()
    scan = _scan(["femur"] * 4 + ["brain"] * 6, {0, 1, 2, 3})

    assert _label(scan, head) == 0.73
    assert np.array_equal(head.asked, scan.embeddings[[4, 6, 7, 9]]), "four of the last six, at equal distances"


def test_a_clip_label_wants_enough_of_them() -> None:
    head = FakeLabeller(facts=replace(FACTS, frames=7))

    why = _label(_scan(["brain"] * 10, {0, 1, 2, 3}), head)

    assert why == Abstention(Reason.NOT_APPLICABLE, "few_familiar_frames", {"count": 6, "needed": 7})
    assert head.asked is None


@pytest.mark.parametrize("count", [1, 6])
def test_the_sentence_of_too_few_is_right_of_one_frame_too(count: int) -> None:
    why = Abstention(Reason.NOT_APPLICABLE, "few_familiar_frames", {"count": count, "needed": 7})

    said = f"The label needs 7 frames that are like the training pictures; this clip has {count}."
    assert abstention(why) == said


@pytest.mark.parametrize(
    ("count", "sentence"),
    [(0, ""), (1, "1 of 10 frames is unlike the training pictures and was left out."), (4, TOLD)],
)
def test_the_sentence_counts_the_frames(count: int, sentence: str) -> None:
    assert frames_left_out(count, 10) == sentence


def _reading(strange: frozenset[int]) -> tuple[ClipEntry, ViewPrediction]:
    clip = make_clip(10)
    made: ClipReading = make_reading(clip, best="femur")
    views = replace(made.answer("views", ViewPrediction), unfamiliar=strange)
    findings = tuple(replace(one, answer=views) if one.task_key == "views" else one for one in made.findings)
    return ClipEntry(clip, replace(made, findings=findings), "a.dcm"), views


def test_terminal_report_and_json_tell_of_them(tmp_path: Path) -> None:
    entry, views = _reading(frozenset(range(4)))
    (row,) = json.loads(json.dumps(as_table([entry]), allow_nan=False))
    jsonschema.validate([row], SCHEMA, jsonschema.Draft202012Validator)

    assert row["views"]["unfamiliar"] == [0, 1, 2, 3]
    assert answer_lines("views", views)[0].notes[0] == TOLD
    assert TOLD in text_of(pages_of(build([entry], options()), tmp_path))
    assert TOLD in summary(entry)


def test_a_clip_without_any_is_not_told_of_them(tmp_path: Path) -> None:
    entry, _ = _reading(frozenset())

    assert "left out" not in text_of(pages_of(build([entry], options()), tmp_path))
    assert as_table([entry])[0]["views"]["unfamiliar"] == []


def test_the_reports_frame_is_a_familiar_one_even_where_no_view_is_clear() -> None:
    entry, views = _reading(frozenset(range(4)))
    flat = replace(views, per_frame=np.full_like(views.per_frame, 1 / views.per_frame.shape[1]))
    findings = tuple(replace(one, answer=flat) if one.answer is views else one for one in entry.reading.findings)
    unclear = replace(entry, reading=replace(entry.reading, findings=findings))

    assert [frame.index for frame in chosen(unclear)] == [4]

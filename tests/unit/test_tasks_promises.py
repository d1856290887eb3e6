"""Every task, old and new, keeps the promises: its name, its sentences, an answer with and without its head."""

from __future__ import annotations

import functools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fakes import made_up_quality, make_clip
from label_tools import FakeLabeller
from line_tools import FakeLandmarker
from report_pages import options, pages_of, text_of
from structure_tools import FakeSegmenter
from task_tools import BRAIN_SET, PLANE_SET, RoundHead, instruments, scan_of

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.reading import ClipReading, Provenance
from fetalclip_app.report.as_json import as_table
from fetalclip_app.report.build import ClipEntry, build
from fetalclip_app.tasks.base import Instruments, Scan, Task
from fetalclip_app.tasks.catalog import OPTIONAL, all_tasks
from fetalclip_app.tasks.gestational_age import AgeTask
from fetalclip_app.wording import answer_lines, task_title

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "analyze.schema.json").read_text(encoding="utf-8"))

TASKS = [
    AgeTask(("{weeks} {days} {spacing}",)) if isinstance(task, AgeTask) else task
    for task in all_tasks(PLANE_SET, BRAIN_SET, heads=OPTIONAL)
]
"""All, with the age's sentences such that made-up texts can tell their days."""

CLIPS = {"brain": ["brain"] * 4, "heart": ["heart"] * 4, "unscaled": ["brain"] * 4, "still": ["brain"]}


def _tools(*, headed: bool) -> Instruments:
    bare = instruments(outliner=RoundHead(Ellipse(112, 112, 70, 55, 0)))
    if not headed:
        return bare
    return replace(bare, landmarker=FakeLandmarker(), segmenter=FakeSegmenter(), labellers=(FakeLabeller(),))


@functools.cache
def _read(kind: str, *, headed: bool) -> tuple[Scan, ClipReading]:
    views = CLIPS[kind]
    scan = scan_of(views, make_clip(len(views), pixel_mm=None if kind == "unscaled" else 0.5))
    tools = _tools(headed=headed)
    for task in TASKS:
        scan = replace(scan, found=(*scan.found, task.answer(scan, tools)))
    clip = scan.clip
    made = Provenance("0.1.0", tools.identity, scan.spec.fingerprint(), {}, "cpu fp32")
    return scan, ClipReading(
        clip.key, len(clip), scan.crop, clip.calibration, scan.found, made, scan.embeddings, made_up_quality(len(clip))
    )


@pytest.mark.parametrize("headed", [True, False], ids=["headed", "bare"])
@pytest.mark.parametrize("kind", CLIPS)
def test_every_task_names_itself_and_has_words_for_its_answer(kind: str, headed: bool) -> None:
    scan, reading = _read(kind, headed=headed)

    assert [finding.task_key for finding in reading.findings] == [task.key for task in TASKS]
    for finding in reading.findings:
        assert task_title(finding.task_key) != finding.task_key
        assert finding.frame_index is None or 0 <= finding.frame_index < len(scan.clip)
        for line in answer_lines(finding.task_key, finding.answer):
            assert line.label and line.value and "{" not in " ".join((line.value, *line.notes))


@pytest.mark.parametrize("kind", CLIPS)
def test_every_answer_stands_in_the_json(kind: str) -> None:
    scan, reading = _read(kind, headed=True)
    entry = ClipEntry(scan.clip, reading, "a.dcm")

    table: Any = json.loads(json.dumps(as_table([entry]), allow_nan=False))
    jsonschema.validate(table, SCHEMA, jsonschema.Draft202012Validator)
    assert set(OPTIONAL) <= set(table[0])


def test_a_report_on_clips_with_and_without_answers_is_whole(tmp_path: Path) -> None:
    entries = [ClipEntry(scan.clip, reading) for scan, reading in (_read(kind, headed=True) for kind in CLIPS)]

    text = text_of(pages_of(build(entries, options()), tmp_path))

    for task in TASKS:
        assert task_title(task.key).lower() in text.lower()


@pytest.mark.parametrize("task", [make() for make in OPTIONAL.values()], ids=lambda task: task.key)
def test_a_task_whose_head_is_missing_says_that_the_model_was_not_trained_for_it(task: Task) -> None:
    answer = task.answer(scan_of(["brain"]), instruments()).answer

    assert isinstance(answer, Abstention) and answer.reason is Reason.NOT_TRAINED


def test_no_answer_judges_anybodys_health() -> None:
    for kind in CLIPS:
        _scan, reading = _read(kind, headed=True)
        said = " ".join(
            f"{line.label} {line.value} {' '.join(line.notes)}"
            for finding in reading.findings
            for line in answer_lines(finding.task_key, finding.answer)
        ).lower()
        assert "normal" not in said and "diagnos" not in said

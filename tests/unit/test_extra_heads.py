"""Heads that a model may have besides the common ones: the engine asks them, and says that they are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeBackbone, make_clip
from label_tools import FACTS as LABEL
from label_tools import FakeLabeller
from structure_tools import FACTS as MASKS
from structure_tools import FakeSegmenter
from test_engine import make_engine

from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.inference.extra_heads import find
from fetalclip_app.inference.head_places import HeadPlaces
from fetalclip_app.inference.worker_side import _info
from fetalclip_app.model import clip_labels, heads
from fetalclip_app.progress import CancelToken, silent
from fetalclip_app.tasks.catalog import OPTIONAL, all_tasks
from fetalclip_app.tasks.keys import CLIP_LABELS, STRUCTURES, clip_label_key
from fetalclip_app.tasks.view_sets import BRAIN_PLANES_FILE, PLANES_FILE, bundled
from fetalclip_app.wording import left_out


def test_what_has_a_head_is_asked_and_its_head_is_named_with_its_licence(backbone: FakeBackbone) -> None:
    plain = make_engine(backbone)
    tools = replace(plain.instruments, segmenter=FakeSegmenter(), labellers=(FakeLabeller(),))
    tasks = all_tasks(bundled(PLANES_FILE), bundled(BRAIN_PLANES_FILE), heads=(STRUCTURES, CLIP_LABELS))
    engine = replace(plain, instruments=tools, tasks=tasks)

    reading = engine.read(make_clip(6), CancelToken(), silent)

    assert [finding.task_key for finding in reading.findings][-3:-1] == [STRUCTURES, CLIP_LABELS]
    made, label = reading.provenance, clip_label_key("CHD")
    assert (made.heads[STRUCTURES], made.head_licences[STRUCTURES]) == ((MASKS.name, MASKS.sha256), MASKS.licence)
    assert (made.heads[label], made.head_licences[label]) == ((LABEL.name, LABEL.sha256), LABEL.licence)
    assert engine.headed == {STRUCTURES: MASKS.structures, CLIP_LABELS: ("CHD",)}
    assert _info(engine)[-1] == engine.headed


def test_a_model_without_them_is_asked_nothing_more(backbone: FakeBackbone) -> None:
    engine = make_engine(backbone)

    assert engine.headed == {}
    assert not {finding.task_key for finding in engine.read(make_clip(), CancelToken(), silent).findings} & set(
        OPTIONAL
    )


def test_a_second_head_of_one_label_is_told_and_the_first_by_place_and_name_answers(
    backbone: FakeBackbone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = {
        "a": replace(LABEL, name="a"),
        "b": replace(LABEL, name="b", sha256="cd" * 32),
        "copy": replace(LABEL, name="copy"),
        "other": replace(LABEL, name="other", label="VSD"),
    }
    for name in facts:
        (tmp_path / f"{name}.json").write_text("{}", encoding="utf-8")

    def of_files(files: Sequence[Path], *_: object) -> clip_labels.Found:
        return clip_labels.Found(tuple(FakeLabeller(facts=facts[path.stem]) for path in files), ())  # type: ignore[misc]

    monkeypatch.setattr(clip_labels, "of_files", of_files)
    monkeypatch.setattr(heads, "find_structures", lambda *_: None)

    found = find(HeadPlaces((tmp_path,)), backbone, PreprocessSpec(), 8)  # type: ignore[arg-type]

    assert [(one.facts.label, one.facts.name) for one in found.labellers] == [("CHD", "a"), ("VSD", "other")]
    (trouble,) = found.troubles
    assert left_out(trouble) == (
        "b is a second head of these weights for the label CHD: a gives it. It is left out."
    ), "a copy of the same file is none"

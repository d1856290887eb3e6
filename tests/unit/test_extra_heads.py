"""Heads that a model may have besides the common ones: the engine asks them, and says that they are there."""

from __future__ import annotations

from dataclasses import replace

from fakes import FakeBackbone, make_clip
from label_tools import FACTS as LABEL
from label_tools import FakeLabeller
from structure_tools import FACTS as MASKS
from structure_tools import FakeSegmenter
from test_engine import make_engine

from fetalclip_app.inference.worker_side import _info
from fetalclip_app.progress import CancelToken, silent
from fetalclip_app.tasks.catalog import OPTIONAL, all_tasks
from fetalclip_app.tasks.keys import CLIP_LABELS, STRUCTURES, clip_label_key
from fetalclip_app.tasks.view_sets import BRAIN_PLANES_FILE, PLANES_FILE, bundled


def test_what_has_a_head_is_asked_and_its_head_is_named_with_its_licence(backbone: FakeBackbone) -> None:
    plain = make_engine(backbone)
    tools = replace(plain.instruments, segmenter=FakeSegmenter(), labellers=(FakeLabeller(),))
    tasks = all_tasks(bundled(PLANES_FILE), bundled(BRAIN_PLANES_FILE), heads=(STRUCTURES, CLIP_LABELS))
    engine = replace(plain, instruments=tools, tasks=tasks)

    reading = engine.read(make_clip(6), CancelToken(), silent)

    assert [finding.task_key for finding in reading.findings][-2:] == [STRUCTURES, CLIP_LABELS]
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

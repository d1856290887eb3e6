"""Masks of several structures beside a model's weights: found by its hash, told by its JSON, refused when damaged."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import tiny_models
import torch
from fakes import make_clip
from structure_tools import FakeSegmenter
from task_tools import after_views, instruments, scan_of

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.errors import ModelUnavailable
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.inference import extra_heads
from fetalclip_app.inference.head_places import HeadPlaces
from fetalclip_app.model import heads
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.tasks.keys import STRUCTURES
from fetalclip_app.tasks.structures import StructuresTask

SPEC = PreprocessSpec(size=tiny_models.SIZE)


def write_masks(folder: Path, backbone: TorchBackbone, **changes: Any) -> Path:
    """Write an untrained head of skull, cavum and ventricle for these weights; return its JSON."""
    structures = changes.get("structures", ["skull", "csp", "lateral_ventricle"])
    torch.manual_seed(0)
    decoder, _ = heads.decoder_for(backbone.network, len(structures))
    path = folder / "masks.safetensors"
    safetensors.torch.save_file({key: value.contiguous() for key, value in decoder.state_dict().items()}, path)
    facts = {
        "kind": "masks",
        "structures": structures,
        "boxes": ["csp", "lateral_ventricle"],
        "backbone_sha256": backbone.identity.sha256,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "preprocessing": SPEC.fingerprint(),
        "licence": "CC-BY-4.0",
        "validation": {"skull": {"dice": 0.97, "pictures": 42}, "csp": {"dice": None, "pictures": 0}},
        **changes,
    }
    page = path.with_suffix(".json")
    page.write_text(json.dumps(facts), encoding="utf-8")
    return page


@pytest.fixture(params=[tiny_models.CONVNET, tiny_models.VIT], ids=["convolutional", "transformer"])
def backbone(request: pytest.FixtureRequest) -> TorchBackbone:
    return tiny_models.backbone(request.param)


def test_a_head_draws_every_structure_and_its_first_is_an_outline(backbone: TorchBackbone, tmp_path: Path) -> None:
    write_masks(tmp_path, backbone)

    head = heads.find_structures(tmp_path, backbone, SPEC)
    outline = heads.find(tmp_path, "head_outline", backbone, SPEC)

    assert head is not None and outline is not None
    assert (head.facts.name, head.facts.dice, head.facts.pictures) == ("masks", {"skull": 0.97}, {"skull": 42})
    batch = np.zeros((2, 3, tiny_models.SIZE, tiny_models.SIZE), np.float32)
    masks = head.segment(batch)
    assert masks.shape == (2, 3, tiny_models.SIZE, tiny_models.SIZE)
    np.testing.assert_allclose(outline.outline(batch), masks[:, 0], atol=1e-6)


def test_the_skull_is_the_outline_wherever_it_stands(backbone: TorchBackbone, tmp_path: Path) -> None:
    write_masks(tmp_path, backbone, structures=["csp", "skull"])
    head, outline = heads.find_structures(tmp_path, backbone, SPEC), heads.find(tmp_path, "x", backbone, SPEC)
    batch = np.zeros((1, 3, tiny_models.SIZE, tiny_models.SIZE), np.float32)

    assert head is not None and outline is not None
    np.testing.assert_allclose(outline.outline(batch), head.segment(batch)[:, 1], atol=1e-6)


def test_a_head_without_a_skull_is_no_outline(backbone: TorchBackbone, tmp_path: Path) -> None:
    write_masks(tmp_path, backbone, structures=["cerebellum"])

    assert heads.find(tmp_path, "head_outline", backbone, SPEC) is None
    assert heads.find_structures(tmp_path, backbone, SPEC) is not None


def test_a_head_of_other_weights_is_none_of_ours(backbone: TorchBackbone, tmp_path: Path) -> None:
    write_masks(tmp_path, backbone, backbone_sha256="1" * 64)

    found = extra_heads.find(HeadPlaces((tmp_path,)), backbone, SPEC, 16)

    assert found.segmenter is None and not found.troubles and not found.tasks


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "0" * 64},
        {"structures": []},
        {"structures": ["skull", "csp", "csp"]},
        {"preprocessing": "other"},
        {"licence": None, "validation": {"skull": 3}},
    ],
    ids=["another file", "no structures", "one twice", "prepared otherwise", "no figures"],
)
def test_a_damaged_head_is_told_and_costs_nothing_else(
    changes: dict[str, Any], backbone: TorchBackbone, tmp_path: Path
) -> None:
    page = write_masks(tmp_path, backbone)
    page.write_text(json.dumps({**json.loads(page.read_text("utf-8")), **changes}), encoding="utf-8")

    found = extra_heads.find(HeadPlaces((tmp_path,)), backbone, SPEC, 16)

    assert found.segmenter is None and not found.tasks
    assert [type(trouble) for trouble in found.troubles] == [ModelUnavailable]


def test_a_head_that_is_there_is_asked(backbone: TorchBackbone, tmp_path: Path) -> None:
    write_masks(tmp_path, backbone)
    found = extra_heads.find(HeadPlaces((tmp_path,)), backbone, SPEC, 16)
    tools = replace(instruments(), segmenter=found.segmenter)
    scan = replace(after_views(scan_of(["brain"], make_clip(frames=1)), tools), spec=SPEC)

    assert found.tasks == {STRUCTURES}
    answer = StructuresTask().answer(scan, tools).answer
    assert all(isinstance(one.found, Abstention) for one in answer.structures)  # type: ignore[union-attr]
    assert FakeSegmenter().facts.structures == answer.head.structures  # type: ignore[union-attr]

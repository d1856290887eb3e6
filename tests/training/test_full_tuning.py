"""All layers of a tower are tuned, and the app opens what comes out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny_models
import torch

from fetalclip_app.inference.load import load_engine
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.model import probes
from training.commands.catalog import find_recipe
from training.finetune import full
from training.finetune.epochs import Tower
from training.finetune.features import ModelChoice, open_backbone
from training.finetune.full import FullConfig, rate_groups
from training.recipe import RunContext


@pytest.mark.parametrize("name", ["VIT", "CONVNET", "RESNET", "TIMM_VIT"])
def test_each_block_learns_slower_than_the_next_and_the_new_layer_fastest(name: str) -> None:
    network: Any = tiny_models.network(getattr(tiny_models, name))
    tower = Tower(network.visual, 16, 3)
    config = FullConfig(name="x", rate=1.0, layer_decay=0.5)

    groups: Any = rate_groups(tower, config)
    rates = {id(parameter): group["lr"] for group in groups for parameter in group["params"]}
    by_name = {key: rates[id(parameter)] for key, parameter in tower.named_parameters()}

    assert set(by_name) == {key for key, _ in tower.named_parameters()}
    assert by_name["last.weight"] == 1.0
    blocks = [rate for key, rate in by_name.items() if ".0." in key and full._BLOCK.search(key)]
    stem = [rate for key, rate in by_name.items() if full._STEM.search(key) and not full._BLOCK.search(key)]
    assert stem and max(stem) == min(by_name.values()) < min(blocks)
    assert sorted(set(by_name.values()), reverse=True) == [0.5**n for n in range(len(set(by_name.values())))]
    assert all(p.ndim > 1 for group in groups if group["weight_decay"] for p in group["params"])


def test_a_tuned_tower_is_a_model_that_the_app_opens_with_its_probe(data: Path, tmp_path: Path) -> None:
    path, entry = tiny_models.released(tmp_path, tiny_models.CONVNET)
    choice = ModelChoice(weights=str(path), config=str(entry.config), device="cpu")
    config = replace(find_recipe("finetune_full").smoke(), model=choice)
    folder = tmp_path / "run"

    config.execute(RunContext(data, folder, smoke=True))

    tuned = ModelChoice(weights=str(folder / full.BACKBONE), config=str(folder / full.CONFIG), device="cpu")
    backbone = open_backbone(tuned)
    spec = full.open_network(tuned).spec
    head = probes.find_all(folder, backbone.identity.sha256, spec).probes["views"]
    embeddings = backbone.encode_frames(torch.zeros(2, 3, spec.size, spec.size).numpy())
    assert head.probabilities(embeddings).shape == (2, 6)
    request = EngineRequest(weights=Path(tuned.weights), config=Path(tuned.config), device="cpu")
    assert [probe.name for probe in load_engine(request).probes] == ["custom_probe_views"]
    assert json.loads((folder / "custom_probe_views.json").read_text("utf-8"))["note"] == full.NOTE
    before: Any = tiny_models.network(tiny_models.CONVNET)
    after: Any = full.open_network(tuned).network
    same = [torch.equal(a, b) for a, b in zip(before.visual.parameters(), after.visual.parameters(), strict=True)]
    assert not any(same), "all layers learned"
    assert torch.equal(before.text_projection, after.text_projection)
    assert sum(1 for line in (folder / "log.jsonl").read_text("utf-8").splitlines() if line) == 2
